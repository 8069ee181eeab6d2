// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
package import NumericalMethods

/// From working coefficients back to R's.
package struct FixedCoordinates: Sendable {
  /// R's names of all columns, the dropped ones included.
  package let names: [String]
  package let kept: [Int]
  /// X_reported = X_working · R, p × p.
  package let R: DenseMatrix
  /// Raw × p.
  let B: DenseMatrix
  /// The least-squares fit that was taken off the response: working coefficients, in units of the
  /// scaled response.
  package let leastSquares: [Double]
  /// The same for what was taken off while reading, in units of the response, without its level.
  package let predictor: [Double]
  /// What was taken off the response in all rows alike, and belongs to the intercept.
  package let level: Double
  /// That predictor in raw columns; zero if it had to be put back.
  let rawPredictor: [Double]
  /// Units of the response per unit of the scaled response.
  package let responseScale: Double
  /// Root mean square of the response.
  let responseSize: Double

  /// log |RᵀR|: from the working columns' XᵀV⁻¹X to the reported columns'.
  var logDeterminantShift: Double { (0..<R.rows).reduce(0) { $0 + 2 * log(abs(R[$1, $1])) } }

  /// R⁻¹ a.
  package func solveR(_ a: DenseMatrix) -> DenseMatrix {
    var x = a
    DenseCholesky.solveUpper(R, &x)
    return x
  }
}
