// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// t tests of linear combinations of coefficients, and the F test that all hypotheses hold.
public struct ContrastTable: Sendable {
  public let formula: String
  public let method: DegreesOfFreedomMethod
  /// Coverage of the confidence intervals.
  public let level: Double
  /// One per hypothesis.
  public let rows: [TTest]
  public let joint: FTest
}

extension FittedModel {
  /// Tests hypotheses about the coefficients, one by one and together.
  ///
  /// - Throws: `InferenceError` where one cannot be estimated because of dropped columns, where two
  ///   contradict each other, or where the method does not fit the model.
  public func contrast(
    _ hypotheses: [CoefficientHypothesis], _ method: DegreesOfFreedomMethod, level: Double = 0.95
  ) throws -> ContrastTable {
    try ValueRange.coverage.check(level, "level")
    if model.fixedLevels?.reported != nil {
      return try setApartContrast(hypotheses, method, level: level)
    }
    let columns = try fixedColumns(.fitted)
    let rows = try hypotheses.map { try estimableRow($0, columns) }
    let ddf = try degreesOfFreedom(method)
    let tests = try zip(hypotheses, rows).map { hypothesis, row in
      try test(hypothesis.text, row: row, value: hypothesis.value, level: level, ddf)
    }
    var L = DenseMatrix(rows: rows.count, columns: model.fixedEffectCount)
    for (i, row) in rows.enumerated() { for j in row.indices { L[i, j] = row[j] } }
    let joint = try LinearHypothesis(rows: L, values: hypotheses.map(\.value))
    return ContrastTable(
      formula: fit.formula, method: actual(method), level: level, rows: tests,
      joint: test("all", joint, ddf))
  }

  /// The hypothesis in working coordinates.
  private func estimableRow(
    _ hypothesis: CoefficientHypothesis, _ columns: FixedColumns
  ) throws -> [Double] {
    let c = hypothesis.coefficients
    let scale = c.reduce(0) { max($0, abs($1)) }
    guard 1e-100...1e100 ~= scale, abs(hypothesis.value) <= 1e100 else {
      throw InferenceError.refused(
        "“\(hypothesis.text)”: numbers beyond 10^±100 leave no correct digits. Change the scale of the hypothesis."
      )
    }
    let (row, aliased) = estimableRow(c, columns)
    if let aliased {
      throw InferenceError.refused(
        "“\(hypothesis.text)” cannot be estimated: the column \(aliased) depends on others and was dropped, so its coefficient and theirs are known in certain combinations only. Test a combination in which the dropped column's share is that of the columns it depends on, or take it out of the formula."
      )
    }
    return row
  }

  /// cᵀβ in working coordinates, c one number for every column of X, and the dropped column because
  /// of which it cannot be estimated, if there is one.
  ///
  /// With Xβ = X_kept β_kept + X_dropped β_dropped and X_dropped = X_kept A, cᵀβ is determined only
  /// if c_dropped = Aᵀc_kept.
  func estimableRow(
    _ c: [Double], _ columns: FixedColumns
  ) -> (row: [Double], aliased: String?) {
    let kept = model.fixed.kept
    let row = model.fixed.workingRow(kept.map { c[$0] })
    let scale = c.reduce(0) { max($0, abs($1)) }
    for column in c.indices where !kept.contains(column) {
      let d = columns.coordinates.column(column)
      // Aᵀc_kept, and what its terms cancel to.
      let implied = dot(d, row)
      let size = zip(d, row).reduce(scale) { $0 + abs($1.0 * $1.1) }
      guard abs(implied - c[column]) <= 1e-7 * size else {
        return (row, model.fixed.names[column])
      }
    }
    return (row, nil)
  }
}
