// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Fills cross-products, made from their description, with the arrays of an archive.
///
/// Checksums have been held against the bytes when an array is here; what is checked is that the
/// arrays fit each other, so that no code behind can run out of bounds, and that they can be sums
/// over the rows that the description counts.
struct ArrayReading {
  let archive: ArchiveReader
  let file: String

  /// - Throws: `ArchiveError`, `ModelFileError`, `MemoryShortage`.
  func fill(_ products: inout CrossProducts) throws {
    try requireMemory(
      Double(archive.size), for: "the cross-products in \(file)",
      remedy: "Use a machine with more memory, or make them with fewer levels or columns.")
    let basis = products.basis
    for (c, source) in basis.cellSets.enumerated() {
      products.cellSets[c] = try cells(c, source, earlier: products.cellSets)
    }
    for (k, source) in basis.groupMeanSources.enumerated() {
      let levels = try labels("means/\(k)/labels.npy")
      products.specification.basis.groupMeans[source] = LevelMeans(
        levels, try doubles("means/\(k)/values.npy", [levels.count]))
    }
    let counts = products.cellSets.map(\.count)
    for c in products.comparisonCellSets { try checkComparison(c, products.cellSets[c]) }
    let xDirectory = try directory("fixed/columns.npy", basis.fixed, counts, first: 1)
    let zDirectories = try basis.groups.indices.map { g in
      guard counts[basis.groups[g].cellSet] > 0 || products.observations == 0 else {
        throw inconsistent("groups/\(g)/blocks.npy", "there are rows but no levels")
      }
      return try directory(
        "groups/\(g)/columns.npy", basis.groups[g].blocks, counts, first: 0)
    }
    let shapes = Shapes(
      basis: basis, counts: counts, x: xDirectory, z: zDirectories, pairs: products.groupPairs)
    var whole = ProductSums(
      observations: products.observations, fixed: products.fixed, groups: products.groups,
      pairs: products.pairs)
    try fill(&whole, shapes, prefix: "")
    (products.fixed, products.groups, products.pairs) = (whole.fixed, whole.groups, whole.pairs)
    if let clusters = basis.clusters {
      let (levels, name) = (counts[clusters.cellSet], "clusters/blocks.npy")
      guard levels > 0 || products.observations == 0 else {
        throw inconsistent(name, "there are rows but no clusters")
      }
      let own = try directory("clusters/columns.npy", basis.fixed, counts, first: 1)
      guard own.runs == xDirectory.runs else {
        throw inconsistent("clusters/columns.npy", "they are not those of fixed/columns.npy")
      }
      products.clusters = try group(name, own, levels: levels, xCount: 0)
    }
    let strataParts = products.parts.count - products.gaps.partCount
    if let strata = basis.strata, counts[strata] != strataParts {
      throw inconsistent("cells/\(strata)", "there are sums of \(strataParts) strata")
    }
    for k in products.parts.indices {
      try fill(&products.parts[k], shapes, prefix: products.partFolder(k))
    }
    try products.checkSums(file: file)
    do {
      products.patterns = try SavedPatterns.read(archive, products)
    } catch let error as FitError {
      throw ModelFileError(file, .inconsistent("its visits: \(error)"))
    }
  }

  /// What all sums over rows of one model have in common.
  private struct Shapes {
    let basis: RawBasis
    /// Cells of every cell set.
    let counts: [Int]
    let x: ColumnDirectory
    let z: [ColumnDirectory]
    /// Groups of every pair.
    let pairs: [(Int, Int)]
  }

  private func fill(_ sums: inout ProductSums, _ shapes: Shapes, prefix: String) throws {
    let (basis, isExtended) = (shapes.basis, sums.fixed.isExtended)
    sums.fixed = try fixed(basis.fixed, shapes.x, prefix)
    sums.fixed.isExtended = isExtended
    for (g, group) in basis.groups.enumerated() {
      sums.groups[g] = try self.group(
        "\(prefix)groups/\(g)/blocks.npy", shapes.z[g], levels: shapes.counts[group.cellSet],
        xCount: shapes.x.count)
    }
    for (pair, (g, h)) in shapes.pairs.enumerated() {
      sums.pairs[pair] = try self.pair(
        "\(prefix)pairs/\(pair)/", sums.groups[g], sums.groups[h])
    }
  }

  private func cells(
    _ c: Int, _ source: CellSetSource, earlier: [CellSet]
  ) throws -> CellSet {
    switch source {
    case .factor: return .factor(try labels("cells/\(c)/labels.npy"))
    case .product(let left, let right):
      let name = "cells/\(c)/pairs.npy"
      var pairs = PairDictionary()
      let (lefts, rights) = (earlier[left].count, earlier[right].count)
      for (code, key) in try keys(name, lefts, rights).enumerated() {
        guard pairs.code(key) == code else { throw inconsistent(name, "a pair is there twice") }
      }
      return .product(pairs)
    }
  }

  private func labels(_ name: String) throws -> LevelDictionary {
    let bytes = try archive.bytes(name).values
    var levels = LevelDictionary()
    guard bytes.last ?? 0 == 0, bytes.count < Int(Int32.max) else {
      throw inconsistent(name, "it does not end with a label's end")
    }
    guard isUTF8(bytes) else { throw inconsistent(name, "a label is no UTF-8") }
    try bytes.withUnsafeBytes { bytes in
      var start = 0
      for end in bytes.indices where bytes[end] == 0 {
        let label = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        let code = levels.count
        guard levels.code(for: label) == code else {
          throw inconsistent(name, "“\(String(decoding: label, as: UTF8.self))” is there twice")
        }
        start = end + 1
      }
    }
    guard levels.firstMalformed == nil else {
      throw ModelFileError(
        file,
        .unusable(
          "labels of its levels are not UTF-8 text, and may have been taken for one another. Make it anew from the data, with \(Setting.encoding())."
        ))
    }
    return levels
  }

  /// Comparisons have no other labels than the reader gives them.
  private func checkComparison(_ index: Int, _ cells: CellSet) throws {
    guard case .factor(let levels) = cells else { return }
    for label in (0..<Int32(levels.count)).map(levels.label)
    where label != "FALSE" && label != "TRUE" {
      throw inconsistent(
        "cells/\(index)/labels.npy", "“\(label)” is neither TRUE nor FALSE")
    }
  }

  /// Pairs of codes below the given bounds.
  private func keys(_ name: String, _ left: Int, _ right: Int) throws -> [UInt64] {
    let (shape, codes) = try pairs(name)
    return try (0..<shape).map { k in
      let (a, b) = (codes[2 * k], codes[2 * k + 1])
      guard a >= 0, b >= 0, Int(a) < left, Int(b) < right else {
        throw inconsistent(name, "(\(a), \(b)) is no pair of \(left) and \(right) levels")
      }
      return PairDictionary.key(a, b)
    }
  }

  /// Two integers on every line.
  private func pairs(_ name: String) throws -> (count: Int, values: [Int32]) {
    let (shape, values) = try archive.integers(name)
    guard shape.count == 2, shape[1] == 2 else { throw inconsistent(name, otherShape(shape)) }
    return (shape[0], values)
  }

  private func directory(
    _ name: String, _ blocks: [ColumnBlock], _ counts: [Int], first: Int
  ) throws -> ColumnDirectory {
    let (count, runs) = try pairs(name)
    // Blocks without cells have their columns from the start.
    var directory = ColumnDirectory(blocks, first: first)
    for (k, known) in directory.runs.enumerated() {
      guard k < count, runs[2 * k] == known.block, runs[2 * k + 1] == known.cell else {
        throw inconsistent(name, "line \(k) is not as the formula has it")
      }
    }
    for k in directory.runs.count..<count {
      let (block, cell) = (Int(runs[2 * k]), runs[2 * k + 1])
      guard blocks.indices.contains(block), let set = blocks[block].cellSet, cell >= 0,
        Int(cell) < counts[set]
      else { throw inconsistent(name, "line \(k) is no cell of a block") }
      let before = directory.count
      guard directory.add(block: block, cell: cell) == before, directory.count > before,
        directory.count < Self.mostColumns
      else { throw inconsistent(name, "line \(k) is there twice, or one too many") }
    }
    return directory
  }

  /// So that no product of two such numbers overflows.
  private static let mostColumns = 1 << 30

  private func fixed(
    _ blocks: [ColumnBlock], _ directory: ColumnDirectory, _ prefix: String
  ) throws -> FixedProducts {
    let count = directory.count
    let names = ["\(prefix)fixed/sums.npy", "\(prefix)fixed/corrections.npy"]
    let (sums, corrections) = (
      try doubles(names[0], [count, count]), try doubles(names[1], [count, count])
    )
    for (name, values) in zip(names, [sums, corrections]) {
      let isSymmetric = (0..<count).allSatisfy { i in
        (0..<i).allSatisfy { j in values[i * count + j] == values[j * count + i] }
      }
      guard isSymmetric else { throw inconsistent(name, "it is not symmetric") }
    }
    return FixedProducts(directory, blocks, sums: sums, corrections: corrections)
  }

  private func group(
    _ name: String, _ directory: ColumnDirectory, levels: Int, xCount: Int
  ) throws -> GroupProducts {
    var member = try archive.member(name)
    let header = try member.header()
    let size = directory.count
    guard header == ArrayHeader(.double, [levels, size, size + xCount]) else {
      throw inconsistent(name, otherShape(header.shape))
    }
    let memory = LevelBlocks(stride: size * (size + xCount))
    memory.reserve(levels)
    for (page, address) in memory.addresses.enumerated() {
      let own = min(memory.pageLevels, levels - page * memory.pageLevels)
      let values = UnsafeMutableBufferPointer(start: address, count: own * memory.stride)
      try member.read(into: UnsafeMutableRawBufferPointer(values))
      try check(values, name)
      for level in 0..<own {
        guard isSymmetric(values.baseAddress! + level * memory.stride, size, size + xCount) else {
          throw inconsistent(
            name, "level \(page * memory.pageLevels + level) is no symmetric matrix of squares")
        }
      }
    }
    try member.finish()
    return GroupProducts(directory, xCount: xCount, levels: levels, blocks: memory)
  }

  /// - Parameter folder: With its slash.
  private func pair(_ folder: String, _ rows: GroupProducts, _ columns: GroupProducts) throws
    -> PairProducts
  {
    let name = "\(folder)levels.npy"
    let keys = try keys(name, rows.levelCount, columns.levelCount)
    guard zip(keys, keys.dropFirst()).allSatisfy(<) else {
      throw inconsistent(name, "its pairs are not in order, each once")
    }
    let (r, c) = (rows.zCapacity, columns.zCapacity)
    return PairProducts(
      rowCapacity: r, columnCapacity: c, sorted: keys,
      blocks: try doubles("\(folder)blocks.npy", [keys.count, r, c]))
  }

  private func doubles(_ name: String, _ shape: [Int]) throws -> [Double] {
    let (found, values) = try archive.doubles(name)
    guard found == shape else { throw inconsistent(name, otherShape(found)) }
    try check(values, name)
    return values
  }

  private func check(_ values: some Collection<Double>, _ name: String) throws {
    guard values.allSatisfy(\.isFinite) else {
      throw inconsistent(name, "a value is not finite")
    }
  }

  private func otherShape(_ shape: [Int]) -> String {
    "its shape is \(shape.map(String.init).joined(separator: " × "))"
  }

  private func inconsistent(_ name: String, _ problem: String) -> ModelFileError {
    ModelFileError(file, .inconsistent("\(name): \(problem)"))
  }
}

/// Whether ℓ × ℓ entries at the front of lines of `width` are symmetric with no negative diagonal,
/// but for rounding.
private func isSymmetric(_ block: UnsafePointer<Double>, _ size: Int, _ width: Int) -> Bool {
  var largest = 0.0
  for i in 0..<size { for j in 0..<size { largest = max(largest, abs(block[i * width + j])) } }
  let rounding = 1e-6 * largest
  for i in 0..<size {
    if block[i * width + i] < -rounding { return false }
    for j in 0..<i where abs(block[i * width + j] - block[j * width + i]) > rounding {
      return false
    }
  }
  return true
}

private func isUTF8(_ bytes: [UInt8]) -> Bool {
  do {
    _ = try UTF8Span(validating: bytes.span)
    return true
  } catch {
    return false
  }
}

extension FixedProducts {
  /// Both parts of the sums as full matrices.
  fileprivate init(
    _ directory: ColumnDirectory, _ blocks: [ColumnBlock], sums: [Double], corrections: [Double]
  ) {
    self.init(blocks)
    self.directory = directory
    grow()
    let count = directory.count
    for i in 0..<count {
      for j in i..<count {
        self.sums[i * capacity + j] = sums[i * count + j]
        self.corrections[i * capacity + j] = corrections[i * count + j]
      }
    }
  }
}
