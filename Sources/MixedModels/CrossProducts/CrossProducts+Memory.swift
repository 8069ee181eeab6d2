// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension CrossProducts {
  private var size: ProductsSize { ProductsSize(basis, counts: cellSets.map(\.count)) }

  /// Whether the products of a chunk's rows can be had, as many times as there are workers.
  ///
  /// - Throws: `FitError.memoryShortage`
  static func checkMemory(
    _ specification: ModelSpecification, rows: RowBlock, workers: Int
  ) throws(FitError) {
    let size = ProductsSize(specification.basis, counts: rows.cellSets.map(\.count))
    let strata = specification.basis.strata.map { rows.cellSets[$0].count } ?? 0
    try checkStrata(specification, count: strata)
    let steps = specification.basis.serial.map {
      SerialSteps(rows, $0, strata: specification.basis.strata)
    }
    let ofSteps = steps.map { $0.areTooMany ? 0 : $0.kinds.reduce(0) { $0 + $1.sums.count } } ?? 0
    let parts = strata + ofSteps
    try size.checkFixed(copies: 4 * workers * (1 + parts))
    try size.checkLevels(copies: workers * (1 + parts))
  }

  /// Whether these products can be held once their cells are all there, as far as they are not held
  /// yet.
  ///
  /// - Throws: `FitError.memoryShortage`
  func checkGrowth() throws(FitError) {
    let size = size
    let parts = strataPartCount + gaps.partCount
    if fixed.capacity < size.fixedColumns { try size.checkFixed(copies: 4 * (1 + parts)) }
    let isWider =
      groups.indices.contains {
        groups[$0].zCapacity < size.groupColumns[$0] || groups[$0].xCapacity < size.fixedColumns
      } || clusters.map { $0.zCapacity < size.fixedColumns } ?? false
    let held = groupBytes + clusterBytes
    try size.checkLevels(
      held: isWider ? 0 : held, copies: (isWider && held > 0 ? 2 : 1) * (1 + parts))
  }

  /// Whether X can be mapped to working columns: some ten matrices of its order.
  ///
  /// - Throws: `FitError.memoryShortage`
  func checkAssembly() throws(FitError) { try size.checkFixed(copies: 12) }
}

extension CrossProducts {
  /// Bytes of all that grows with the levels, but for their labels.
  var levelBytes: Int {
    pairBytes + groupBytes + clusterBytes
  }

  /// Bytes of the products by level.
  var groupBytes: Int {
    (groups + parts.flatMap(\.groups)).reduce(0) { $0 + $1.levelCount * $1.stride }
      * MemoryLayout<Double>.stride
  }

  /// Bytes of the products by cluster.
  var clusterBytes: Int {
    clusters.map { $0.levelCount * $0.stride * MemoryLayout<Double>.stride } ?? 0
  }

  /// Bytes of the pairs of levels.
  var pairBytes: Int {
    (pairs + parts.flatMap(\.pairs)).reduce(0) { $0 + $1.count * ($1.rowCapacity * $1.columnCapacity + 1) }
      * MemoryLayout<Double>.stride
  }

  /// Such as “user: 60000, item: 3706”.
  var levelCounts: String {
    var counts: [String] = []
    for term in specification.randomTerms {
      let count = "\(term.groupName): \(groups[term.group].levelCount)"
      if !counts.contains(count) { counts.append(count) }
    }
    return counts.joined(separator: ", ")
  }
}
