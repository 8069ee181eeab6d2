// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension CrossProducts {
  /// Writes all arrays; `finish` must have been called.
  func writeArrays(to archive: inout ArchiveWriter) throws {
    for (c, set) in cellSets.enumerated() {
      switch set {
      case .factor(let levels):
        try archive.add("cells/\(c)/labels.npy", ArrayHeader(.byte, [levels.labelBytes])) {
          try levels.writeLabels(to: $0)
        }
      case .product(let pairs):
        try archive.add("cells/\(c)/pairs.npy", shape: [pairs.count, 2], pairs.keys.halves)
      }
    }
    for (k, source) in basis.groupMeanSources.enumerated() {
      let known = basis.groupMeans[source] ?? LevelMeans()
      let levels = known.levels
      try archive.add("means/\(k)/labels.npy", ArrayHeader(.byte, [levels.labelBytes])) {
        try levels.writeLabels(to: $0)
      }
      try archive.add("means/\(k)/values.npy", shape: [levels.count], known.means)
    }
    let whole = ProductSums(
      observations: observations, fixed: fixed, groups: groups, pairs: pairs)
    try whole.writeArrays(to: &archive, groupPairs, prefix: "")
    try SavedPatterns.write(self, to: &archive)
    try clusters?.write(to: &archive, folder: "clusters", xCount: 0)
    for (k, part) in parts.enumerated() {
      try part.writeArrays(to: &archive, groupPairs, prefix: partFolder(k))
    }
  }

  /// Where the sums of one of the parts are.
  func partFolder(_ k: Int) -> String {
    let strata = strataPartCount
    if k < strata { return "strata/\(k)/" }
    let (kind, sums) = gaps.parts[k - strata]
    return "steps/\(kind)/\(sums.rawValue)/"
  }
}

extension ProductSums {
  /// - Parameter prefix: Of all names; none for the whole, whose columns are those of all parts.
  fileprivate func writeArrays(
    to archive: inout ArchiveWriter, _ groupPairs: [(Int, Int)], prefix: String
  ) throws {
    let (count, isWhole) = (fixed.directory.count, prefix.isEmpty)
    if isWhole { try archive.add("fixed/columns.npy", fixed.directory) }
    try archive.add(
      "\(prefix)fixed/sums.npy", shape: [count, count], fixed.square(fixed.sums))
    try archive.add(
      "\(prefix)fixed/corrections.npy", shape: [count, count], fixed.square(fixed.corrections))
    for (g, group) in groups.enumerated() {
      let size = group.directory.count
      if isWhole { try archive.add("groups/\(g)/columns.npy", group.directory) }
      try archive.add(
        "\(prefix)groups/\(g)/blocks.npy",
        ArrayHeader(.double, [group.levelCount, size, size + count])
      ) { try group.write(to: $0, xCount: count) }
    }
    for (pair, (g, h)) in groupPairs.enumerated() {
      let (rows, columns) = (groups[g].directory.count, groups[h].directory.count)
      let products = pairs[pair]
      try archive.add(
        "\(prefix)pairs/\(pair)/levels.npy", shape: [products.count, 2], products.keys.halves)
      try archive.add(
        "\(prefix)pairs/\(pair)/blocks.npy", ArrayHeader(.double, [products.count, rows, columns])
      ) { try products.write(to: $0, rows: rows, columns: columns) }
    }
  }
}

extension ArchiveWriter {
  /// A block and a cell for every run of columns; a block without cells has cell 0.
  fileprivate mutating func add(_ name: String, _ directory: ColumnDirectory) throws {
    try add(
      name, shape: [directory.runs.count, 2],
      directory.runs.flatMap { [Int32($0.block), $0.cell] })
  }
}

/// Bytes handed over at once.
private let pieceSize = 1 << 18

extension LevelDictionary {
  /// Every label and the zero behind it, in bytes.
  fileprivate var labelBytes: Int {
    (0..<Int32(count)).reduce(0) { sum, code in sum + withBytes(of: code) { $0.count } + 1 }
  }

  fileprivate func writeLabels(to sink: ByteSink) throws {
    var piece: [UInt8] = []
    for code in 0..<Int32(count) {
      withBytes(of: code) { piece += $0 }
      piece.append(0)
      if piece.count >= pieceSize {
        try sink.write(piece)
        piece.removeAll(keepingCapacity: true)
      }
    }
    try sink.write(piece)
  }
}

extension [UInt64] {
  /// Upper and lower half of every key.
  fileprivate var halves: [Int32] {
    var halves: [Int32] = []
    halves.reserveCapacity(2 * count)
    for key in self {
      halves.append(Int32(truncatingIfNeeded: key >> 32))
      halves.append(Int32(truncatingIfNeeded: key))
    }
    return halves
  }
}

extension FixedProducts {
  /// The full symmetric matrix of one part of the sums.
  fileprivate func square(_ part: [Double]) -> [Double] {
    let count = directory.count
    var square = [Double](repeating: 0, count: count * count)
    for i in 0..<count {
      for j in i..<count {
        square[i * count + j] = part[i * capacity + j]
        square[j * count + i] = part[i * capacity + j]
      }
    }
    return square
  }
}

extension GroupProducts {
  fileprivate func write(
    to archive: inout ArchiveWriter, folder: String, xCount: Int
  ) throws {
    let size = directory.count
    try archive.add("\(folder)/columns.npy", directory)
    try archive.add(
      "\(folder)/blocks.npy", ArrayHeader(.double, [levelCount, size, size + xCount])
    ) { try write(to: $0, xCount: xCount) }
  }

  /// [Z'Z Z'[y X]] of every level, without the room for further columns.
  fileprivate func write(to sink: ByteSink, xCount: Int) throws {
    let size = directory.count
    let width = size + xCount
    let isTight = zCapacity == size && xCapacity == xCount
    var piece: [Double] = []
    for page in 0..<pageCount {
      var whole: UnsafeRawBufferPointer?
      forEachLevel(ofPage: page) { _, block in
        if isTight {
          let start = whole?.baseAddress ?? UnsafeRawPointer(block)
          let count = (whole?.count ?? 0) + stride * MemoryLayout<Double>.stride
          whole = UnsafeRawBufferPointer(start: start, count: count)
          return
        }
        for i in 0..<size {
          let line = block + i * (zCapacity + xCapacity)
          for j in 0..<width { piece.append(j < size ? line[j] : line[zCapacity + j - size]) }
        }
      }
      if let whole { try withExtendedLifetime(self) { try sink.write(whole) } }
      try sink.write(piece)
      piece.removeAll(keepingCapacity: true)
    }
  }
}

extension PairProducts {
  fileprivate func write(to sink: ByteSink, rows: Int, columns: Int) throws {
    for run in runs {
      if rows == rowCapacity, columns == columnCapacity {
        try sink.write(run.blocks)
        continue
      }
      var blocks: [Double] = []
      blocks.reserveCapacity(run.keys.count * rows * columns)
      for pair in run.keys.indices {
        let base = pair * rowCapacity * columnCapacity
        for i in 0..<rows {
          for j in 0..<columns { blocks.append(run.blocks[base + i * columnCapacity + j]) }
        }
      }
      try sink.write(blocks)
    }
  }
}
