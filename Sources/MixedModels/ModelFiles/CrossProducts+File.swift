// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
package import NumericalMethods

extension CrossProducts {
  /// Reads what `write(to:)` or a fit saved; see <doc:ModelFiles>.
  ///
  /// The result merges with others and fits exactly like the one that was written.
  ///
  /// - Throws: `ModelFileError`, which names the file.
  public init(contentsOf path: String) throws {
    self = try ModelFile(path).crossProducts()
  }

  /// Writes one self-describing file with checksums, whole or not at all.
  ///
  /// - Throws: `ModelFileError`, which names the file; an existing one is then as it was.
  public func write(to path: String) throws {
    try writeModelFile(path) { try write(to: $0) }
  }

  /// Writes the same bytes anywhere.
  package func write(to sink: ByteSink) throws {
    let writer = ModelFileWriter(sink)
    try writer.add(self)
    try writer.finish()
  }
}

extension CrossProducts {
  /// The formula they were made for.
  public var formula: Formula { specification.formula }

  /// The grouping factors of the random-effects terms, each once, and absorbed ones, and the subjects whose residuals
  /// have a matrix of visits, with how many levels were seen.
  package var factorSizes: [(name: String, count: Int)] {
    let sizes = groups.indices.map { g in
      let term = specification.randomTerms.first { $0.group == g }
      let absorbed = specification.absorbed.first { $0.group == g }
      return (name: term?.groupName ?? absorbed?.name ?? "", count: groups[g].levelCount)
    }
    guard let residual = specification.residual else { return sizes }
    return sizes + [residual.visit, residual.subject].map { factor in
      (name: factor.name, count: cellSets[basis.cellSets.firstIndex(of: .factor(factor.source))!].count)
    }
  }
}

/// A model file, opened: its directory is read, its arrays are not.
package struct ModelFile {
  package let path: String
  let archive: ArchiveReader

  /// - Throws: `ModelFileError`.
  package init(_ path: String) throws {
    self.path = path
    do {
      archive = try ArchiveReader(path: path, first: ModelDescription.member)
    } catch {
      throw ModelFileError(path, error)
    }
  }

  /// The formula of the fit, or of the cross-products.
  ///
  /// - Throws: `ModelFileError`.
  package var formula: Formula { get throws { try description().formula } }

  /// Whether there is a fit with the cross-products.
  package var holdsFit: Bool { archive.entries.contains { $0.name == SavedOptimum.member } }

  /// - Throws: `ModelFileError`.
  package func crossProducts() throws -> CrossProducts {
    try reading {
      var products = try description()
      try ArrayReading(archive: archive, file: path).fill(&products)
      return products
    }
  }

  /// The cross-products without their arrays.
  ///
  /// - Throws: `ModelFileError`.
  func description() throws -> CrossProducts {
    try reading { try ModelDescription.products(archive.text(ModelDescription.member), file: path) }
  }

  /// Checksums of all arrays that the cross-products consist of, by name.
  var arrayChecksums: [String: UInt32] {
    let arrays = archive.entries.filter {
      $0.name != ModelDescription.member && !$0.name.hasPrefix("fit/")
    }
    return Dictionary(uniqueKeysWithValues: arrays.map { ($0.name, $0.checksum) })
  }

  /// Gives errors the file's name.
  func reading<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as ArchiveError {
      throw ModelFileError(path, error)
    } catch let error as MalformedMember {
      throw ModelFileError(path, .inconsistent(error.words()))
    }
  }

  /// Whether a file is meant: the name ends in `.lmm`, or the file begins as ours do.
  package static func isMeant(by argument: String) -> Bool {
    if argument.utf8.suffix(4).elementsEqual(".lmm".utf8) { return true }
    return (try? ArchiveReader(path: argument, first: ModelDescription.member)) != nil
  }
}

/// Writes a model file from its first byte to its last.
///
/// Cross-products come first, so that they can be given up before their model is fitted.
package final class ModelFileWriter {
  private var archive: ArchiveWriter

  package init(_ sink: ByteSink) { archive = ArchiveWriter(sink) }

  func add(_ products: CrossProducts) throws {
    var products = products
    products.finish()
    try archive.add(
      ModelDescription.member, text: ModelDescription.json(products).fileText)
    try products.writeArrays(to: &archive)
  }

  func add(_ optimum: SavedOptimum, report: String) throws {
    try archive.add(SavedOptimum.member, text: optimum.json.fileText)
    try archive.add(SavedOptimum.reportMember, text: report)
    try optimum.writeArrays(to: &archive)
  }

  func finish() throws { try archive.finish() }
}

extension JSONValue {
  /// One line for every member of the outermost object.
  fileprivate var fileText: String {
    var text = ""
    write(to: &text, breakingLines: 1)
    return text + "\n"
  }
}
