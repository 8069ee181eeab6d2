// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

extension FittedModel {
  /// Predictions for all rows of a table, in their order; `LinearPredictor.predict` gives those of large
  /// tables chunk by chunk.
  ///
  /// - Throws: what `LinearPredictor.predict` throws.
  public func predict(
    _ data: [any TableSource], options: PredictionOptions = PredictionOptions()
  ) throws -> PredictedRows {
    var all = PredictedRows(fitted: [], fixed: [], weights: [])
    try LinearPredictor(self).predict(data, options: options) { all.append($0) }
    return all
  }
}

extension PredictedRows {
  fileprivate mutating func append(_ rows: PredictedRows) {
    let first = fitted.count
    fitted += rows.fitted
    fixed += rows.fixed
    relativeVariance += rows.relativeVariance
    degreesOfFreedom += rows.degreesOfFreedom
    inestimable += rows.inestimable.map { (first + $0.row, $0.column) }
    residuals += rows.residuals
    weights += rows.weights
  }
}
