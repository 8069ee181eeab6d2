// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// −2 log-likelihood where one parameter is held at a value, as a function of coordinates x of all
/// that stays free: a smooth function without bounds.
///
/// One thread at a time: an evaluation overwrites the factorization.
protocol HeldDeviance: AnyObject {
  /// x at the maximum of the likelihood.
  var optimum: [Double] { get }
  /// A guess at the Hessian in x there.
  var hessian: DenseMatrix { get }
  /// A guess at how fast the best x changes with the parameter there; zero where nothing is known.
  var drift: [Double] { get }
  /// Of the deviances of the last gradient.
  var roundingError: Double { get }

  /// x with the variances away from zero that x has there: the deviance does not feel a variance
  /// that is zero, whether or not it is the best one; nil if none is.
  func lifted(_ x: [Double]) -> [Double]?
  /// Other x to search from, where the deviance may have several minima: without a variance or a
  /// direction that x has, where a search stays with the smaller model; with others that x has not.
  func others(_ x: [Double]) -> [[Double]]
  /// The size of a large step in each coordinate.
  func units(_ x: [Double]) -> [Double]
  /// - Throws: `FitError`, `CholmodError`.
  func hold(at value: Double) throws
  /// Whether there is a likelihood at an end of the parameter's range.
  func isAttainable(_ bound: Double) -> Bool
  /// - Throws: `FitError.zeroResidualVariance`, `CholmodError`.
  func deviance(_ x: [Double]) throws -> Double
  /// At the x of the last evaluation, once for each.
  func gradient() throws -> [Double]
  /// The covariance parameters at x.
  func φ(_ x: [Double]) -> [Double]
}

extension HeldDeviance {
  func isAttainable(_ bound: Double) -> Bool { true }
}

extension Criterion {
  /// r² at the φ of the last evaluation.
  var penalizedResidual: Double { equations.penalizedResidualSumOfSquares }

  /// β there, in working coordinates.
  func coefficients() throws -> [Double] { try equations.solution().β }
}

extension DenseMatrix {
  /// JᵀHJ, with a little added where it says nothing, since a search's first step is made of it.
  func pulledBack(by J: DenseMatrix, units: [Double]) -> DenseMatrix {
    var H = J.transposed * (self * J)
    let largest = units.indices.reduce(0) { max($0, H[$1, $1] * units[$1] * units[$1]) }
    for k in units.indices { H[k, k] += 1e-6 * max(largest, 1e-3) / (units[k] * units[k]) }
    return H
  }
}

/// The derivatives of `map` at x by forward differences, which are defined at the kinks of
/// triangular factors, too.
func forwardJacobian(
  at x: [Double], steps: [Double], _ map: ([Double]) -> [Double]
) -> DenseMatrix {
  let here = map(x)
  var J = DenseMatrix(rows: here.count, columns: x.count)
  for k in x.indices {
    var moved = x
    moved[k] += steps[k]
    for (i, value) in map(moved).enumerated() { J[i, k] = (value - here[i]) / steps[k] }
  }
  return J
}

/// −H⁻¹ of a symmetric H times b, along what curves upwards beyond rounding.
func steepestAnswer(_ H: DenseMatrix, _ b: [Double]) -> [Double] {
  let scales = H.diagonal.map { $0 > 0 ? 1 / $0.squareRoot() : 0 }
  var scaled = H
  for j in 0..<H.columns { for i in 0..<H.rows { scaled[i, j] *= scales[i] * scales[j] } }
  let (values, V) = symmetricEigenvectors(scaled)
  let g = V.multipliedByTransposeOnLeft(zip(b, scales).map { $0 * $1 })
  let answer = V * zip(g, values).map { $1 > 1e-5 ? -$0 / $1 : 0 }
  return zip(answer, scales).map { $0 * $1 }
}
