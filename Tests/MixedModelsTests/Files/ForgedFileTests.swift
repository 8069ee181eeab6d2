// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

/// Contents that are wrong under right checksums are refused by file and member, or computed again.
@Suite(.serialized) struct `Forged model files` {
  static let sleepstudy = ReferenceFit.named("sleepstudy-max-reml")

  /// A fit whose file `change` has had in its hands.
  static func forged(
    _ formula: String = sleepstudy.formula, _ source: DataSource = sleepstudy.source,
    _ options: FitOptions = FitOptions(), in folder: TemporaryFolder,
    _ change: (inout UnpackedFile) throws -> Void
  ) throws -> String {
    let path = folder.file("fit.lmm")
    _ = try Fit(Formula(formula), data: [source], options: options, savingTo: path)
    var file = try UnpackedFile(path)
    try change(&file)
    try folder.write(file.packed, to: "fit.lmm")
    return path
  }

  static func problem(_ path: String) -> ModelFileError.Problem? {
    do {
      _ = try Fit(contentsOf: path)
      return nil
    } catch let error as ModelFileError {
      return error.file == path ? error.problem : nil
    } catch {
      return nil
    }
  }

  @Test(arguments: ReferenceFit.all)
  func `no fit is refused that was saved as it is`(reference: ReferenceFit) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("fit.lmm")
    _ = try Fit(
      Formula(reference.formula), data: [reference.source], options: reference.options,
      savingTo: path)
    _ = try Fit(contentsOf: path)
  }

  /// A Hessian a hundred times too large makes Satterthwaite's 17 degrees of freedom 163.
  @Test(arguments: [
    ("fit/hessian.npy", 100.0, "the Hessian"), ("fit/hessian.npy", 1.1, "the Hessian"),
    ("fit/covariance_slopes.npy", 0.1, "the slopes of the coefficients' covariance"),
    ("fit/residual_slopes.npy", 3, "the slopes of r²"),
  ])
  func `derivatives of another criterion are refused`(
    member: String, factor: Double, part: String
  ) throws {
    let folder = try TemporaryFolder()
    let path = try Self.forged(in: folder) { file in
      file.change(member) { values in values.map { factor * $0 } }
    }
    #expect(Self.problem(path) == .notOfThisFit(part))
  }

  /// Above 10,000 numbers one combination of the columns is computed again in place of all.
  @Test(arguments: [("fit/hessian.npy", 100.0), ("fit/covariance_slopes.npy", 0.1)])
  func `derivatives of another criterion are refused in larger models`(
    member: String, factor: Double
  ) throws {
    let folder = try TemporaryFolder()
    var text = "y,x,g\n"
    var random = SplitMix64(seed: 8)
    for k in 0..<4_000 {
      let x = random.normal()
      let effect = Double(k / 4 * 7919 % 1_000) / 250 - 2
      text += "\(effect + 0.5 * effect * x + random.normal()),\(x),\(k / 4)\n"
    }
    let table = DataSource.bytes(Array(text.utf8), name: "t")
    let path = try Self.forged("y ~ x + (x | g)", table, in: folder) { _ in }
    #expect(Self.problem(path) == nil)
    let other = try Self.forged("y ~ x + (x | g)", table, in: folder) { file in
      file.change(member) { values in values.map { factor * $0 } }
    }
    guard case .notOfThisFit = Self.problem(other) else {
      Issue.record("\(member) is not refused")
      return
    }
  }

  /// The forger knows the criterion where φ went, and writes it down.
  @Test(arguments: [1.02, 1.5, 0.5])
  func `an optimum that was moved is refused`(factor: Double) throws {
    let folder = try TemporaryFolder()
    let path = try Self.forged(in: folder) { try $0.movePhi(by: factor) }
    guard case .notReproduced(_, let found) = Self.problem(path) else {
      Issue.record("the criterion is not looked at")
      return
    }
    var file = try UnpackedFile(path)
    try file.setOptimum("value", found)
    try folder.write(file.packed, to: "fit.lmm")
    #expect(Self.problem(path) == .notOfThisFit("the gradient"))
  }

  @Test func `an optimum without derivatives is looked at`() throws {
    let folder = try TemporaryFolder()
    func forged(_ factor: Double) throws -> String {
      try Self.forged(in: folder) { file in
        try file.movePhi(by: factor)
        let line = try file.optimumLine("curvature")
        file["fit/optimum.json"] = file["fit/optimum.json"].replacingOccurrences(
          of: line, with: "  \"curvature\": null,")
      }
    }
    #expect(Self.problem(try forged(1)) == nil)
    let path = try forged(1.5)
    guard case .notReproduced(_, let found) = Self.problem(path) else {
      Issue.record("the criterion is not looked at")
      return
    }
    var file = try UnpackedFile(path)
    try file.setOptimum("value", found)
    try folder.write(file.packed, to: "fit.lmm")
    #expect(Self.problem(path) == .notOfThisFit("the optimum"))
  }

  @Test func `an error as large as anything does not make another optimum pass`() throws {
    let folder = try TemporaryFolder()
    let path = try Self.forged(in: folder) { file in
      try file.movePhi(by: 3)
      try file.setOptimum("criterion_std_error", 1e300)
    }
    #expect(Self.problem(path) != nil)
    let slightly = try Self.forged(in: folder) { file in
      try file.movePhi(by: 1.01)
      try file.setOptimum("criterion_std_error", 0.5)
    }
    #expect(Self.problem(slightly) != nil)
    let unmoved = try Self.forged(in: folder) { file in
      try file.setOptimum("criterion_std_error", 0.5)
    }
    // Of the criterion as it is computed now there is no error, and so none is reported.
    #expect(try Fit(contentsOf: unmoved).solver.criterionStandardError == nil)
  }

  @Test(arguments: ["sigma", "criterion"])
  func `estimates for other languages are those of the fit`(name: String) throws {
    let folder = try TemporaryFolder()
    let path = try Self.forged(in: folder) { file in
      let text = file["fit/report.json"]
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("  \"\(name)\": ") })
      file["fit/report.json"] = text.replacingOccurrences(of: line, with: "  \"\(name)\": 12.5,")
    }
    #expect(Self.problem(path) == .notOfThisFit("\(name) in fit/report.json"))
  }

  /// Member, what is replaced there by what, and what the error says.
  static let texts: [(String, String, String, String)] = [
    (
      "lmm-sparse.json", "\"column_sums\": {", "\"column_sums\": {\"Days\": 0, ",
      "lmm-sparse.json is no JSON, or has a name twice in one object"
    ),
    ("lmm-sparse.json", "\"nobs\": 180", "\"nobs\": 179", "sum_weights in lmm-sparse.json"),
    ("lmm-sparse.json", "\"nobs\": 180", "\"nobs\": -180", "nobs in lmm-sparse.json"),
    ("lmm-sparse.json", "\"nobs\": 180", "\"nobs\": 1e400", "nobs in lmm-sparse.json"),
    ("lmm-sparse.json", "\"sum_weights\": 180.0", "\"sum_weights\": 90.0", "sum_weights"),
    ("lmm-sparse.json", "\"na\": \"omit\"", "\"na\": \"keep\"", "na in lmm-sparse.json"),
    ("lmm-sparse.json", "\"version\": 1", "\"version\": 0", "version in lmm-sparse.json"),
    (
      "lmm-sparse.json", "\"levels\": {}", "\"levels\": {\"nobody\": [\"a\"]}",
      "there is no column nobody"
    ),
    ("lmm-sparse.json", "\"Days\": \"numeric\", ", "", "columns in lmm-sparse.json"),
    ("fit/optimum.json", "\"phi\": [", "\"phi\": [1, ", "fit/trace.npy"),
    (
      "fit/optimum.json", "\"optimizer\": \"newton\"", "\"optimizer\": \"\\u001b[31m\"", "optimizer"
    ),
    ("fit/optimum.json", "\"total\": ", "\"total\": -", "seconds.total in fit/optimum.json"),
    ("fit/optimum.json", "\"peak_bytes\": ", "\"peak_bytes\": -", "peak_bytes"),
  ]

  @Test(arguments: texts)
  func `what contradicts itself is refused by name`(
    member: String, text: String, replacement: String, words: String
  ) throws {
    let folder = try TemporaryFolder()
    let path = try Self.forged(in: folder) { file in
      let before = file[member]
      file[member] = before.replacingOccurrences(of: text, with: replacement)
      #expect(file[member] != before)
    }
    let error = #expect(throws: ModelFileError.self) { try Fit(contentsOf: path) }
    #expect("\(error!)".hasPrefix(path))
    #expect("\(error!)".contains(words), "\(error!)")
  }

  /// Member, the place of a value, what is put there, and what the error says.
  @Test(arguments: [
    ("fixed/sums.npy", 1, 7.0, "fixed/sums.npy: it is not symmetric"),
    ("fixed/sums.npy", 4, 181, "sum_weights in lmm-sparse.json"),
    ("fixed/sums.npy", 4, .nan, "fixed/sums.npy: a value is not finite"),
    ("groups/0/blocks.npy", 1, 1e3, "groups/0/blocks.npy: level 0 is no symmetric matrix"),
    ("groups/0/blocks.npy", 0, 11, "groups/0/blocks.npy: its levels do not add up"),
    ("groups/0/blocks.npy", 2, 1e6, "groups/0/blocks.npy: its levels do not add up"),
    ("fit/hessian.npy", 1, 1e9, "fit/hessian.npy: it is not symmetric"),
    ("fit/trace.npy", 0, .infinity, "fit/trace.npy: evaluation 1 is none"),
  ])
  func `sums that are not over the same rows are refused`(
    member: String, place: Int, value: Double, words: String
  ) throws {
    let folder = try TemporaryFolder()
    let path = try Self.forged(in: folder) { file in
      file.change(member) { values in
        var values = values
        values[place] = value
        return values
      }
    }
    let error = #expect(throws: ModelFileError.self) { try Fit(contentsOf: path) }
    #expect("\(error!)".contains(words), "\(error!)")
  }

  @Test(arguments: [
    ("TRUE\0", "YES!\0", "“YES!” is neither TRUE nor FALSE"),
    ("TRUE\0", "FALS\0", "“FALS” is neither TRUE nor FALSE"),
    ("TRUE\0", "T\u{1b}[3\0", "is neither TRUE nor FALSE"),
  ])
  func `a comparison has no other labels than TRUE and FALSE`(
    text: String, replacement: String, words: String
  ) throws {
    let folder = try TemporaryFolder()
    var table = "y,x,g\n"
    for k in 0..<40 { table += "\(k * 37 % 23),\(k % 3),g\(k % 5)\n" }
    let source = DataSource.bytes(Array(table.utf8), name: "t")
    let path = try Self.forged("y ~ I(x > 1) + (1 | g)", source, in: folder) { file in
      file.replace("cells/0/labels.npy", text, replacement)
    }
    let error = #expect(throws: ModelFileError.self) { try CrossProducts(contentsOf: path) }
    #expect(
      "\(error!)".contains("cells/0/labels.npy: ") && "\(error!)".contains(words), "\(error!)")
  }

  @Test func `a label that is there twice or is no UTF-8 is refused`() throws {
    let folder = try TemporaryFolder()
    let twice = try Self.forged(in: folder) { $0.replace("cells/0/labels.npy", "309\0", "308\0") }
    let error = #expect(throws: ModelFileError.self) { try CrossProducts(contentsOf: twice) }
    #expect("\(error!)".contains("“308” is there twice"))
    let other = try Self.forged(in: folder) { file in
      let k = file.members.firstIndex { $0.name == "cells/0/labels.npy" }!
      file.members[k].bytes[file.members[k].bytes.count - 2] = 0xFC
    }
    let wrong = #expect(throws: ModelFileError.self) { try CrossProducts(contentsOf: other) }
    #expect("\(wrong!)".contains("cells/0/labels.npy: a label is no UTF-8"))
  }

  @Test func `a member that is there twice is refused`() throws {
    let folder = try TemporaryFolder()
    let path = try Self.forged(in: folder) { file in
      file.members.append(file.members.first { $0.name == "fixed/sums.npy" }!)
    }
    let error = #expect(throws: ModelFileError.self) { try CrossProducts(contentsOf: path) }
    #expect(error?.problem == .damaged("directory"))
  }
}

extension UnpackedFile {
  /// The numbers of an array of doubles behind its header, changed.
  fileprivate mutating func change(_ name: String, _ change: ([Double]) -> [Double]) {
    let k = members.firstIndex { $0.name == name }!
    let bytes = members[k].bytes
    let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
    let values = stride(from: start, to: bytes.count, by: 8).map { position in
      Double(
        bitPattern: (0..<8).reduce(UInt64(0)) {
          $0 | UInt64(bytes[position + $1]) << UInt64(8 * $1)
        })
    }
    members[k].bytes =
      Array(bytes[..<start])
      + change(values).flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
  }

  /// A piece of a member's bytes by another of the same length.
  fileprivate mutating func replace(_ name: String, _ text: String, _ replacement: String) {
    let k = members.firstIndex { $0.name == name }!
    let (old, new) = (Array(text.utf8), Array(replacement.utf8))
    precondition(old.count == new.count)
    let bytes = members[k].bytes
    let start = bytes.indices.last { bytes[$0...].starts(with: old) }!
    members[k].bytes.replaceSubrange(start..<start + old.count, with: new)
  }

  fileprivate mutating func movePhi(by factor: Double) throws {
    let line = try optimumLine("phi")
    let numbers = line.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }.split(separator: ",")
    let moved = numbers.map { "\(factor * Double($0.drop { $0 == " " })!)" }
    self["fit/optimum.json"] = self["fit/optimum.json"].replacingOccurrences(
      of: line, with: "  \"phi\": [\(moved.joined(separator: ", "))],")
  }

  fileprivate mutating func setOptimum(_ name: String, _ value: Double) throws {
    self["fit/optimum.json"] = self["fit/optimum.json"].replacingOccurrences(
      of: try optimumLine(name), with: "  \"\(name)\": \(value),")
  }

  fileprivate func optimumLine(_ name: String) throws -> String {
    String(
      try #require(
        self["fit/optimum.json"].split(separator: "\n").first { $0.hasPrefix("  \"\(name)\": ") }))
  }
}
