// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Variances of xᵀβ̂ relative to σ² with the degrees of freedom of their estimates, by a method for
/// tests of β: the interval of xᵀβ is that of a contrast with the row's coefficients, by the model's
/// covariance of these.
struct PopulationErrors: Sendable {
  private let method: any DenominatorDegreesOfFreedom
  private let variance: Double

  /// - Throws: `InferenceError` where random effects take part, or the method does not fit the
  ///   model.
  init(
    _ predictor: LinearPredictor, _ method: DegreesOfFreedomMethod, _ random: RandomPart
  ) throws {
    guard random == .none else {
      throw InferenceError.refused(
        "degrees of freedom are defined for Xβ alone, and random effects take part in these predictions. Leave the random effects out, or the method."
      )
    }
    try predictor.model.requireNoAbsorbedFactors("standard errors of predictions are")
    self.method = try predictor.fitted.modelDegreesOfFreedom(method)
    variance = predictor.variance
  }

  /// NaN for rows with missing values, and degrees of freedom where the approximation breaks down.
  func callAsFunction(
    _ columns: WorkingRows.Columns
  ) throws -> (relativeVariance: [Double], degreesOfFreedom: [Double]) {
    let p = method.covariance.rows
    var (variances, df) = ([Double](), [Double]())
    for row in 0..<columns.rows.count {
      guard columns.rows.isComplete[row] else {
        variances.append(.nan)
        df.append(.nan)
        continue
      }
      let x = Array(columns.x[row * p..<(row + 1) * p])
      variances.append(max(dot(x, method.covariance * x), 0) / variance)
      let form = try LinearHypothesis(rows: DenseMatrix(rows: 1, columns: p, storage: x))
      // Where x is zero xᵀβ is known.
      df.append(form.rank == 0 ? .infinity : method.denominator(form).degreesOfFreedom ?? .nan)
    }
    return (variances, df)
  }
}
