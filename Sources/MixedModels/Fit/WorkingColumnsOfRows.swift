// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The working columns of X in the rows, less what absorbed factors explain of them or, but for a constant, as they are.
struct WorkingColumnsOfRows: Sendable {
  private let columns: [RawColumns]
  /// Raw column after raw column, p numbers each.
  private let B: [Double]
  private let p: Int
  private let factors: [Factor]

  private struct Factor: Sendable {
    let cellSet: Int
    let rank: [Int]
    /// Level after level, p numbers each.
    let explained: [Double]
  }

  init(_ products: CrossProducts, _ model: LinearMixedModel, lessExplained: Bool = true) {
    columns = RawColumns.all(products.basis.fixed, products.fixed.directory, first: 1)
    p = model.fixedEffectCount
    let B = model.fixedLevels == nil ? model.fixed.B : FixedLevels.withoutConstant(model.fixed.B)
    self.B = B.transposed.storage
    guard lessExplained, let levels = model.fixedLevels else {
      factors = []
      return
    }
    let G = levels.regressionOfColumns(B)
    let p = p
    factors = levels.factors.enumerated().map { k, factor in
      let start = levels.starts[k]
      return Factor(
        cellSet: products.basis.groups[model.groups.count + k].cellSet, rank: factor.rank,
        explained: factor.levels.indices.flatMap { level in
          (0..<p).map { factor.isRedundant[level] ? 0 : levels.unit * G[start + level, $0] }
        })
    }
  }

  /// Rows × p.
  func callAsFunction(_ block: RowBlock, _ codes: [[Int32]]) -> [Double] {
    var x = [Double](repeating: 0, count: block.count * p)
    let terms = RowTerms(count: block.count, polynomials: block.polynomials, cells: codes)
    terms.forEachEntry(columns) { row, raw, value in
      for k in 0..<p { x[row * p + k] += B[raw * p + k] * value }
    }
    for factor in factors {
      for (row, code) in codes[factor.cellSet].enumerated() {
        let level = factor.rank[Int(code)]
        for k in 0..<p { x[row * p + k] -= factor.explained[level * p + k] }
      }
    }
    return x
  }
}
