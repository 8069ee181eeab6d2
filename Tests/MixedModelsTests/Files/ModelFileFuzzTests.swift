// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// A file that is not as it was written is refused by name; nothing in a file can trap.
@Suite(.serialized) struct `Broken model files` {
  static func fitFile(_ folder: TemporaryFolder) throws -> String {
    let path = folder.file("fit.lmm")
    var options = FitOptions()
    options.weights = "w"
    options.contrasts["f"] = .helmert
    options.levels["f"] = ["b", "a", "c"]
    _ = try Fit(
      Formula("y ~ poly(x, 2) * f + (x | g) + (1 | h:g)"),
      data: [SimulatedTable(rows: 120, seed: 3).source()], options: options, savingTo: path)
    return path
  }

  @Test func `changed bytes and truncations are errors that name the file`() throws {
    let folder = try TemporaryFolder()
    let path = try Self.fitFile(folder)
    let whole = try folder.bytes("fit.lmm")
    var random = SplitMix64(seed: 4)
    var broken: [[UInt8]] = []
    for position in stride(from: 0, to: whole.count, by: whole.count / 1500) {
      var changed = whole
      changed[position] ^= 1 << UInt8(random.next() % 8)
      broken.append(changed)
    }
    for count in stride(from: 0, to: whole.count, by: whole.count / 300) {
      broken.append(Array(whole[..<count]))
    }
    for bytes in broken {
      try folder.write(bytes, to: "fit.lmm")
      let error = #expect(throws: ModelFileError.self) { try Fit(contentsOf: path) }
      #expect(error?.file == path)
    }
    try folder.write(whole, to: "fit.lmm")
    _ = try Fit(contentsOf: path)
  }

  /// Contents that are wrong under right checksums: an error, or a model that can be fitted.
  @Test(arguments: 0..<8)
  func `contradictory contents do not trap`(seed: Int) throws {
    let folder = try TemporaryFolder()
    let path = try Self.fitFile(folder)
    let whole = try UnpackedFile(path)
    var random = SplitMix64(seed: UInt64(seed))
    var refused = 0
    for _ in 0..<150 {
      var file = whole
      let k = Int(random.next() % UInt64(file.members.count))
      file.members[k].bytes = Self.mutated(file.members[k].bytes, &random)
      if random.next() % 20 == 0 { file.members.remove(at: k) }
      try folder.write(file.packed, to: "fit.lmm")
      do {
        let products = try CrossProducts(contentsOf: path)
        var sum = products
        try sum.merge(products)
        var options = FitOptions()
        options.maximumEvaluations = 3
        _ = try? Fit(sum, options: options)
        _ = try Fit(contentsOf: path)
      } catch let error as ModelFileError {
        refused += 1
        #expect(error.file == path)
      }
    }
    #expect(refused > 50)
  }

  /// Text: a character more, less or other.
  ///
  /// Arrays: a header's character or a value of another
  /// size, sign or kind.
  static func mutated(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    let isArray = bytes.first == 0x93
    let position = Int(random.next() % UInt64(bytes.count))
    guard isArray else {
      switch random.next() % 4 {
      case 0: bytes.remove(at: position)
      case 1: bytes.insert(character(&random), at: position)
      default: bytes[position] = character(&random)
      }
      return bytes
    }
    if position < 128 || bytes.count < 200 {
      bytes[position] = UInt8(truncatingIfNeeded: random.next())
      return bytes
    }
    let values: [UInt64] = [
      Double.nan.bitPattern, Double.infinity.bitPattern, (1e300).bitPattern, (-1e9).bitPattern,
      0, .max, random.next(),
    ]
    let value = values[Int(random.next() % UInt64(values.count))]
    let start = min(position & ~7, bytes.count - 8)
    for k in 0..<8 { bytes[start + k] = UInt8(truncatingIfNeeded: value >> UInt64(8 * k)) }
    return bytes
  }

  @Test func `a fit that its cross-products do not give is refused`() throws {
    let folder = try TemporaryFolder()
    let path = try Self.fitFile(folder)
    var file = try UnpackedFile(path)
    let value = try Fit(contentsOf: path).criterion
    let text = file["fit/optimum.json"]
    file["fit/optimum.json"] = text.replacingOccurrences(
      of: "\"value\": \(value)", with: "\"value\": \(value * (1 + 1e-9))")
    #expect(file["fit/optimum.json"] != text)
    try folder.write(file.packed, to: "fit.lmm")
    let error = #expect(throws: ModelFileError.self) { try Fit(contentsOf: path) }
    #expect(error?.problem == .notReproduced(saved: value * (1 + 1e-9), found: value))
  }

  @Test func `a newer version says so`() throws {
    let folder = try TemporaryFolder()
    let path = try Self.fitFile(folder)
    var file = try UnpackedFile(path)
    file["lmm-sparse.json"] = file["lmm-sparse.json"]
      .replacingOccurrences(of: "\"version\": 1", with: "\"version\": 99")
    try folder.write(file.packed, to: "fit.lmm")
    let error = #expect(throws: ModelFileError.self) { try CrossProducts(contentsOf: path) }
    guard case .newer(version: 99, let known) = try #require(error).problem else {
      Issue.record("\(error!)")
      return
    }
    #expect(known < 99)
    #expect("\(error!)".contains("Use a newer lmm-sparse."))
  }

  @Test func `cross-products without a fit are not taken for one`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.lmm")
    try CrossProducts(Formula("y ~ x + (1 | g)"), data: [SimulatedTable().source()]).write(to: path)
    let error = #expect(throws: ModelFileError.self) { try Fit(contentsOf: path) }
    #expect(error?.problem == .noFit)
  }

  @Test(arguments: ["/nowhere/a.lmm", "/", "/dev/null/a.lmm"])
  func `what cannot be written is an error`(path: String) throws {
    let products = try CrossProducts(
      Formula("y ~ x + (1 | g)"), data: [SimulatedTable().source()])
    let error = #expect(throws: ModelFileError.self) { try products.write(to: path) }
    #expect("\(error!)".hasPrefix("cannot write to \(path): "))
  }
}

private func character(_ random: inout SplitMix64) -> UInt8 {
  let all = Array("0123456789-e.,[]{}\"nx".utf8)
  return all[Int(random.next() % UInt64(all.count))]
}
