// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// The rows of a fit in working coordinates, times the roots of their prior weights: for what sums over rows do
/// not carry where residuals are correlated.
///
/// Rows of a subject follow each other in the order of time where residuals are correlated in time.
package struct RowsOfFit: Sendable {
  let count: Int
  /// Rows × p, by rows.
  let x: [Double]
  /// Of every group: the level of each row, and rows × ℓ, by rows.
  let levels: [[Int32]]
  let z: [[Double]]
  /// Of the residual variance; zeros where there are none.
  let strata: [Int]
  /// The row before of the same subject, and the time between the two; −1 and 0 for a subject's first. Empty where
  /// residuals are independent in time.
  let steps: [(previous: Int, time: Double)]
}

extension FittedModel {
  /// The rows, read a second time, where residuals are correlated in time; nil where they are not.
  ///
  /// - Parameter what: What takes them.
  /// - Throws: `InferenceError` where they cannot be read again, or are others than those of the fit;
  ///   `MemoryShortage`; `DataError`, `FitError`.
  package func rowsOfSteps(for what: String) throws -> RowsOfFit? {
    model.hasSerialResiduals ? try rows(for: what) : nil
  }

  /// The rows, read a second time.
  ///
  /// - Parameter what: What takes them.
  /// - Throws: `InferenceError` where they cannot be read again, or are others than those of the fit;
  ///   `MemoryShortage`; `DataError`, `FitError`.
  func rows(for what: String) throws -> RowsOfFit {
    if let reason = obstacleToReadingAgain {
      throw InferenceError.refused(
        "\(what) needs the rows of the fit beside its sums, and \(reason). Fit again from files of rows.")
    }
    let widths = model.groups.map(\.size)
    try requireMemory(
      16 * Double(model.observations) * Double(model.fixedEffectCount + widths.reduce(3, +)),
      for: "\(model.observations) rows in memory", remedy: "Use Satterthwaite's method and Wald intervals.")
    let reader = ReaderOfFit(products, model)
    var parts = ReaderOfFit.Rows(groupCount: widths.count)
    try residualPass().forEach(with: { reader($0, $1) }) { _, own in parts.append(own) }
    let rows = parts.inOrder(p: model.fixedEffectCount, widths)
    guard rows.areThose(of: model.withIndependentResiduals()) else { throw InferenceError.otherRows(what) }
    return rows
  }
}

/// What a block of rows is in working coordinates.
private struct ReaderOfFit: Sendable {
  private let x: WorkingColumnsOfRows
  private let groups: [Group]
  private let serial: Int?
  private let strata: VarianceStrata?

  private struct Group: Sendable {
    let columns: [RawColumns]
    /// Raw column after raw column, `size` numbers each.
    let B: [Double]
    let size: Int
    let cellSet: Int
    let rank: [Int]
  }

  struct Rows: Sendable {
    var x: [Double] = []
    var levels: [[Int32]]
    var z: [[Double]]
    var strata: [Int] = []
    var subjects: [Int32] = []
    var times: [Double] = []
    var roots: [Double] = []

    init(groupCount: Int) {
      levels = Array(repeating: [], count: groupCount)
      z = Array(repeating: [], count: groupCount)
    }
  }

  init(_ products: CrossProducts, _ model: LinearMixedModel) {
    x = WorkingColumnsOfRows(products, model)
    groups = model.groups.enumerated().map { g, group in
      Group(
        columns: RawColumns.all(products.basis.groups[g].blocks, products.groups[g].directory),
        B: group.B.transposed.storage, size: group.size, cellSet: products.basis.groups[g].cellSet,
        rank: group.rank)
    }
    serial = products.basis.serial?.cellSet
    strata = model.covariance.residual?.strata
  }

  func callAsFunction(_ block: RowBlock, _ codes: [[Int32]]) -> Rows {
    var rows = Rows(groupCount: groups.count)
    rows.x = x(block, codes)
    let terms = RowTerms(count: block.count, polynomials: block.polynomials, cells: codes)
    for (g, group) in groups.enumerated() {
      let ℓ = group.size
      rows.levels[g] = codes[group.cellSet].map { Int32(group.rank[Int($0)]) }
      rows.z[g] = Array(repeating: 0, count: block.count * ℓ)
      terms.forEachEntry(group.columns) { row, raw, value in
        for k in 0..<ℓ { rows.z[g][row * ℓ + k] += group.B[raw * ℓ + k] * value }
      }
    }
    rows.strata =
      strata.map { strata in codes[strata.cellSet].map { strata.cells[Int($0)] } }
      ?? Array(repeating: 0, count: block.count)
    if let serial { (rows.subjects, rows.times) = (codes[serial], block.times) }
    rows.roots = block.weights.map { $0.squareRoot() }
    return rows
  }
}

extension ReaderOfFit.Rows {
  fileprivate mutating func append(_ other: Self) {
    x += other.x
    strata += other.strata
    subjects += other.subjects
    times += other.times
    roots += other.roots
    for g in z.indices {
      levels[g] += other.levels[g]
      z[g] += other.z[g]
    }
  }

  /// - Parameter widths: ℓ of every group.
  fileprivate func inOrder(p: Int, _ widths: [Int]) -> RowsOfFit {
    let order =
      subjects.isEmpty
      ? Array(roots.indices)
      : roots.indices.sorted { (subjects[$0], times[$0], $0) < (subjects[$1], times[$1], $1) }
    func gathered(_ values: [Double], _ width: Int) -> [Double] {
      order.flatMap { row in (0..<width).map { roots[row] * values[row * width + $0] } }
    }
    let steps: [(previous: Int, time: Double)] = subjects.isEmpty
      ? []
      : order.enumerated().map { k, row in
        guard k > 0, subjects[order[k - 1]] == subjects[row] else { return (-1, 0) }
        return (k - 1, SerialSteps.rounded(times[row] - times[order[k - 1]]))
      }
    return RowsOfFit(
      count: order.count, x: gathered(x, p), levels: levels.map { all in order.map { all[$0] } },
      z: zip(z, widths).map { gathered($0, $1) }, strata: order.map { strata[$0] }, steps: steps)
  }
}

extension RowsOfFit {
  /// Whether XᵀWX is that of a model, with residuals of one variance.
  fileprivate func areThose(of model: LinearMixedModel) -> Bool {
    let p = model.fixedEffectCount
    guard count == model.observations else { return false }
    return (0..<p).allSatisfy { k in
      let square = (0..<count).reduce(0.0) { $0 + x[$1 * p + k] * x[$1 * p + k] }
      return abs(square - model.tail[k, k]) <= 1e-6 * model.tail[k, k]
    }
  }
}
