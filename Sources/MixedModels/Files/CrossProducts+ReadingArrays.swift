// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Fills cross-products, made from their description, with the arrays of an archive.
///
/// Checksums have been held against the bytes when an array is here; what is checked is that the
/// arrays fit each other, so that no code behind can run out of bounds.
struct ArrayReading {
  let archive: ArchiveReader
  let file: String

  /// - Throws: `ArchiveError`, `ModelFileError`.
  func fill(_ products: inout CrossProducts) throws {
    let basis = products.basis
    for (c, source) in basis.cellSets.enumerated() {
      products.cellSets[c] = try cells(c, source, earlier: products.cellSets)
    }
    let counts = products.cellSets.map(\.count)
    products.fixed = try fixed(basis.fixed, counts)
    let xCount = products.fixed.directory.count
    for (g, group) in basis.groups.enumerated() {
      guard counts[group.cellSet] > 0 || products.observations == 0 else {
        throw inconsistent("rows without levels")
      }
      products.groups[g] = try self.group(
        g, group.blocks, counts, levels: counts[group.cellSet], xCount: xCount)
    }
    for (pair, (g, h)) in products.groupPairs.enumerated() {
      products.pairs[pair] = try self.pair(
        pair, products.groups[g], products.groups[h])
    }
    for values in products.moments.map(\.products) { try check(values, "moments") }
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
        guard pairs.code(key) == code else { throw inconsistent(name) }
      }
      return .product(pairs)
    }
  }

  private func labels(_ name: String) throws -> LevelDictionary {
    let bytes = try archive.bytes(name).values
    var levels = LevelDictionary()
    guard bytes.last ?? 0 == 0, bytes.count < Int(Int32.max) else { throw inconsistent(name) }
    try bytes.withUnsafeBytes { bytes in
      var start = 0
      for end in bytes.indices where bytes[end] == 0 {
        let label = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        let code = levels.count
        guard levels.code(for: label) == code else { throw inconsistent(name) }
        start = end + 1
      }
    }
    guard levels.firstMalformed == nil else {
      throw ModelFileError(
        file,
        .unusable(
          "labels of its levels are not UTF-8 text, and may have been taken for one another. Make it anew from the data, with --encoding."
        ))
    }
    return levels
  }

  /// Pairs of codes below the given bounds.
  private func keys(_ name: String, _ left: Int, _ right: Int) throws -> [UInt64] {
    let (shape, codes) = try archive.integers(name)
    guard shape.count == 2, shape[1] == 2 else { throw inconsistent(name) }
    return try (0..<shape[0]).map { k in
      let (a, b) = (codes[2 * k], codes[2 * k + 1])
      guard a >= 0, b >= 0, Int(a) < left, Int(b) < right else { throw inconsistent(name) }
      return PairDictionary.key(a, b)
    }
  }

  private func directory(
    _ name: String, _ blocks: [ColumnBlock], _ counts: [Int], first: Int
  ) throws -> ColumnDirectory {
    let (shape, runs) = try archive.integers(name)
    guard shape.count == 2, shape[1] == 2 else { throw inconsistent(name) }
    // Blocks without cells have their columns from the start.
    var directory = ColumnDirectory(blocks, first: first)
    for (k, known) in directory.runs.enumerated() {
      guard k < shape[0], runs[2 * k] == known.block, runs[2 * k + 1] == known.cell else {
        throw inconsistent(name)
      }
    }
    for k in directory.runs.count..<shape[0] {
      let (block, cell) = (Int(runs[2 * k]), runs[2 * k + 1])
      guard blocks.indices.contains(block), let set = blocks[block].cellSet, cell >= 0,
        Int(cell) < counts[set]
      else { throw inconsistent(name) }
      let count = directory.count
      guard directory.add(block: block, cell: cell) == count, directory.count > count,
        directory.count < Int(Int32.max)
      else { throw inconsistent(name) }
    }
    return directory
  }

  private func fixed(_ blocks: [ColumnBlock], _ counts: [Int]) throws -> FixedProducts {
    let directory = try directory("fixed/columns.npy", blocks, counts, first: 1)
    let shape = [directory.count, directory.count]
    return FixedProducts(
      directory, blocks, sums: try doubles("fixed/sums.npy", shape),
      corrections: try doubles("fixed/corrections.npy", shape))
  }

  private func group(
    _ g: Int, _ blocks: [ColumnBlock], _ counts: [Int], levels: Int, xCount: Int
  ) throws -> GroupProducts {
    let directory = try directory("groups/\(g)/columns.npy", blocks, counts, first: 0)
    let name = "groups/\(g)/blocks.npy"
    var member = try archive.member(name)
    let header = try member.header()
    let size = directory.count
    guard header == ArrayHeader(.double, [levels, size, size + xCount]) else {
      throw inconsistent(name)
    }
    let memory = LevelBlocks(stride: size * (size + xCount))
    memory.reserve(levels)
    for (page, address) in memory.addresses.enumerated() {
      let own = min(memory.pageLevels, levels - page * memory.pageLevels)
      let values = UnsafeMutableBufferPointer(start: address, count: own * memory.stride)
      try member.read(into: UnsafeMutableRawBufferPointer(values))
      try check(values, name)
    }
    try member.finish()
    return GroupProducts(directory, xCount: xCount, levels: levels, blocks: memory)
  }

  private func pair(_ pair: Int, _ rows: GroupProducts, _ columns: GroupProducts) throws
    -> PairProducts
  {
    let name = "pairs/\(pair)/levels.npy"
    let keys = try keys(name, rows.levelCount, columns.levelCount)
    guard zip(keys, keys.dropFirst()).allSatisfy(<) else { throw inconsistent(name) }
    let (r, c) = (rows.zCapacity, columns.zCapacity)
    return PairProducts(
      rowCapacity: r, columnCapacity: c, sorted: keys,
      blocks: try doubles("pairs/\(pair)/blocks.npy", [keys.count, r, c]))
  }

  private func doubles(_ name: String, _ shape: [Int]) throws -> [Double] {
    let (found, values) = try archive.doubles(name)
    guard found == shape else { throw inconsistent(name) }
    try check(values, name)
    return values
  }

  private func check(_ values: some Collection<Double>, _ name: String) throws {
    guard values.allSatisfy(\.isFinite) else { throw inconsistent(name) }
  }

  private func inconsistent(_ name: String) -> ModelFileError {
    ModelFileError(file, .inconsistent(name))
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
