// SPDX-License-Identifier: GPL-2.0-or-later
import CPanelKernels

/// ZⱼᵀWZⱼ and ZⱼᵀW[y X] for every level j of one grouping factor, in raw columns.
package struct GroupProducts: Sendable {
  package internal(set) var directory: ColumnDirectory
  package private(set) var levelCount = 0
  /// Rows and columns that a level has room for: ℓ × (ℓ + columns of [y X]).
  package private(set) var zCapacity: Int
  package private(set) var xCapacity: Int
  /// Of every level row-major ℓ × (ℓ + x): entry (i, j) of Z'Z at j < zCapacity, of Z'[y X] behind
  /// it.
  var blocks: LevelBlocks
  /// Rows of a chunk that are in no block yet, see `keep`.
  private var rows: LevelRows?

  /// Rows with their levels.
  private struct LevelRows {
    let level: [Int32]
    let z: SparsePanel
    let x: SparsePanel
    let w: [Double]
  }

  package init(_ columns: [ColumnBlock]) {
    directory = ColumnDirectory(columns)
    zCapacity = directory.count
    xCapacity = 0
    blocks = LevelBlocks(stride: zCapacity * zCapacity)
  }

  /// For [y X]ᵀW[y X] of every level, and nothing behind it.
  init(ofTail columns: [ColumnBlock]) {
    directory = ColumnDirectory(columns, first: 1)
    zCapacity = directory.count
    xCapacity = 0
    blocks = LevelBlocks(stride: zCapacity * zCapacity)
  }

  /// Levels that were summed before, in pages that can grow.
  init(_ directory: ColumnDirectory, xCount: Int, levels: Int, blocks: LevelBlocks) {
    self.directory = directory
    (zCapacity, xCapacity, levelCount) = (directory.count, xCount, levels)
    self.blocks = blocks
  }

  package var stride: Int { zCapacity * (zCapacity + xCapacity) }

  /// Makes room for a chunk's cells and levels, all zero.
  package mutating func allocate(
    _ columns: [ColumnBlock], counts: [Int], levels: Int, xCount: Int
  ) {
    addColumns(columns, counts: counts)
    allocate(levels: levels, xCount: xCount)
  }

  /// The columns of a chunk's cells.
  mutating func addColumns(_ columns: [ColumnBlock], counts: [Int]) {
    for (b, block) in columns.enumerated() {
      guard let cellSet = block.cellSet else { continue }
      for cell in 0..<counts[cellSet] { _ = directory.add(block: b, cell: Int32(cell)) }
    }
    zCapacity = directory.count
  }

  /// Makes room for levels in the columns there are.
  mutating func allocate(levels: Int, xCount: Int) {
    (xCapacity, levelCount) = (xCount, levels)
    blocks = LevelBlocks(stride: stride, levels: levels)
  }

  /// Makes the columns and levels of other sums of the same group, zero, of whose directory this one's is
  /// the beginning.
  mutating func adopt(_ directory: ColumnDirectory, levels: Int, xCount: Int) {
    self.directory = directory
    grow(levels: levels, xCount: xCount)
  }

  private mutating func grow(levels: Int, xCount: Int) {
    if directory.count > zCapacity || xCount > xCapacity {
      // Columns turn up one by one: doubling keeps the copying linear. The first size is exact.
      let isFirst = levelCount == 0
      let z =
        directory.count > zCapacity ? max(directory.count, isFirst ? 0 : 2 * zCapacity) : zCapacity
      let x = xCount > xCapacity ? max(xCount, isFirst ? 0 : xCapacity * 3 / 2) : xCapacity
      widen(z, x)
    }
    makeUnique()
    blocks.reserve(levels)
    levelCount = max(levelCount, levels)
  }

  private mutating func widen(_ z: Int, _ x: Int) {
    let wider = LevelBlocks(stride: z * (z + x))
    wider.reserve(levelCount)
    let isOurs = isKnownUniquelyReferenced(&blocks)
    let targets = wider.addresses
    for page in 0..<blocks.pageCount {
      forEachLevel(ofPage: page) { level, source in
        let (targetPage, offset) = wider.place(of: level)
        let target = targets[targetPage]! + offset
        for i in 0..<zCapacity {
          let (from, to) = (source + i * (zCapacity + xCapacity), target + i * (z + x))
          for j in 0..<zCapacity { to[j] = from[j] }
          for j in 0..<xCapacity { to[z + j] = from[zCapacity + j] }
        }
      }
      if isOurs { blocks.release(page) }
    }
    (blocks, zCapacity, xCapacity) = (wider, z, x)
  }

  private mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&blocks) { blocks = blocks.copy(levels: levelCount) }
  }

  /// Pages of levels, for going through them in parallel or giving them back one by one.
  package var pageCount: Int { (levelCount + blocks.pageLevels - 1) / blocks.pageLevels }

  /// The levels of a page with their blocks, which are valid during the call.
  package func forEachLevel(
    ofPage page: Int, _ body: (_ level: Int, _ block: UnsafePointer<Double>) -> Void
  ) {
    let first = page * blocks.pageLevels
    let stride = stride
    withExtendedLifetime(blocks) {
      guard let memory = blocks.addresses[page] else { return }
      for level in first..<min(first + blocks.pageLevels, levelCount) {
        body(level, memory + (level - first) * stride)
      }
    }
  }

  /// Gives the memory of a page back if no copy of these products shares it; its levels are gone
  /// then.
  mutating func release(page: Int) {
    if isKnownUniquelyReferenced(&blocks) { blocks.release(page) }
  }

  /// Levels of a chunk for each of its rows from which on blocks of its own are not worth while.
  private static let mostLevels = 0.5

  /// Takes rows that are added to the levels they are merged into, where hardly two of them are of one level, as in a
  /// table in random order: blocks of their own would be written, and read again, for a row each.
  ///
  /// - Returns: false where that does not pay; then they are to be accumulated.
  mutating func keep(
    _ columns: [ColumnBlock], level: [Int32], levels: Int, z: SparsePanel, x: SparsePanel, w: [Double],
    xCount: Int
  ) -> Bool {
    guard columns.allSatisfy({ $0.cellSet == nil }), x.runs.allSatisfy({ $0 == 1 }),
      Double(levels) > Self.mostLevels * Double(level.count)
    else { return false }
    (xCapacity, levelCount) = (xCount, levels)
    rows = LevelRows(level: level, z: z, x: x, w: w)
    return true
  }

  /// Adds rows: `level` per row, Z and [y X] as sparse rows, `w` the prior weights.
  package mutating func accumulate(level: [Int32], z: SparsePanel, x: SparsePanel, w: [Double]) {
    guard let blocks = blocks.addresses.first ?? nil else { return }
    if z.runs.isEmpty, x.runs.allSatisfy({ $0 == 1 }) {
      lmm_rows_add_to_levels(
        Int32(z.width), Int32(x.dense), Int32(x.runs.count), level.count, level, z.values, x.starts,
        x.values, w, zCapacity, xCapacity, blocks)
      return
    }
    let (stride, width, zCapacity) = (stride, zCapacity + xCapacity, zCapacity)
    let (zWidth, xWidth) = (z.width, x.width)
    z.withRows { zTable in
      x.withRows { xTable in
        for row in level.indices {
          let base = blocks + Int(level[row]) * stride
          let (zColumns, zValues) = zTable.row(row)
          let (xColumns, xValues) = xTable.row(row)
          for a in 0..<zWidth {
            let wz = w[row] * zValues[a]
            let line = base + zColumns[a] * width
            for b in 0..<zWidth { line[zColumns[b]] += wz * zValues[b] }  // + (z w zᵀ)_ab
            let tail = line + zCapacity
            for b in 0..<xWidth { tail[xColumns[b]] += wz * xValues[b] }  // + (z w [y x]ᵀ)_ab
          }
        }
      }
    }
  }

  /// Adds rows to the levels' products of Z alone.
  mutating func accumulate(level: [Int32], z: SparsePanel, w: [Double]) {
    guard let blocks = blocks.addresses.first ?? nil else { return }
    let (stride, width, zWidth) = (stride, zCapacity + xCapacity, z.width)
    z.withRows { table in
      for row in level.indices {
        let base = blocks + Int(level[row]) * stride
        let (columns, values) = table.row(row)
        for a in 0..<zWidth {
          let wz = w[row] * values[a]
          let line = base + columns[a] * width
          for b in 0..<zWidth { line[columns[b]] += wz * values[b] }  // + (z w zᵀ)_ab
        }
      }
    }
  }

  /// Adds products of other rows, in the same columns and levels.
  mutating func add(alike other: GroupProducts) {
    let (stride, own, pages) = (stride, blocks, blocks.addresses)
    for page in 0..<other.pageCount {
      other.forEachLevel(ofPage: page) { level, block in
        let (page, offset) = own.place(of: level)
        let base = pages[page]! + offset
        for k in 0..<stride { base[k] += block[k] }
      }
    }
  }

  /// - Returns: the column here of every column there.
  package mutating func merge(
    _ other: GroupProducts, columns: [ColumnBlock], levels: [Int32], levelCount: Int,
    maps: [[Int32]],
    xColumns: [Int], xCount: Int
  ) -> [Int] {
    let zColumns = directory.merge(other.directory, blocks: columns, maps: maps)
    let known = self.levelCount
    grow(levels: levelCount, xCount: xCount)
    if let rows = other.rows {
      add(rows, levels, known: known, xColumns)
      return zColumns
    }
    let (own, their) = (zCapacity + xCapacity, other.zCapacity + other.xCapacity)
    // Where every number of a block goes.
    var (sources, places): ([Int32], [Int32]) = ([], [])
    for i in zColumns.indices {
      for j in zColumns.indices {
        sources.append(Int32(i * their + j))
        places.append(Int32(zColumns[i] * own + zColumns[j]))
      }
      for j in xColumns.indices {
        sources.append(Int32(i * their + other.zCapacity + j))
        places.append(Int32(zColumns[i] * own + zCapacity + xColumns[j]))
      }
    }
    let isAlike = stride == other.stride && sources.count == stride && sources == places
    let pages = blocks.addresses
    for page in 0..<other.pageCount {
      let first = page * other.blocks.pageLevels
      let count = min(other.blocks.pageLevels, other.levelCount - first)
      guard count > 0, let from = other.blocks.addresses[page] else { continue }
      levels.withUnsafeBufferPointer { levels in
        let targets = levels.baseAddress! + first
        if isAlike {
          lmm_levels_add(count, targets, known, from, stride, pages, Int32(blocks.shift))
        } else {
          lmm_levels_add_elsewhere(
            count, targets, known, from, other.stride, sources.count, sources, places, stride, pages,
            Int32(blocks.shift))
        }
      }
    }
    return zColumns
  }

  /// Adds rows that were kept for that.
  ///
  /// - Parameters:
  ///   - levels: The level here of every code.
  ///   - known: Levels from here on are new.
  ///   - xColumns: The column here of every column of [y X] there.
  private func add(_ rows: LevelRows, _ levels: [Int32], known: Int, _ xColumns: [Int]) {
    let pages = blocks.addresses
    for level in known..<max(levelCount, known) {
      let (page, offset) = blocks.place(of: level)
      // Written before it is read, which would cost a second page fault.
      (pages[page]! + offset).update(repeating: 0, count: stride)
    }
    lmm_rows_add_to_paged_levels(
      Int32(rows.z.width), Int32(rows.x.dense), Int32(rows.x.runs.count), rows.level.count, rows.level,
      levels, rows.z.values, rows.x.starts, xColumns.map(Int32.init), rows.x.values, rows.w, zCapacity,
      xCapacity, pages, Int32(blocks.shift))
  }
}
