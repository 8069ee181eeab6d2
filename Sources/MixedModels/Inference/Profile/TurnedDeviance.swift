// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// A held deviance of a model relative to another stratum than the first one of the fit (`TurnedStrata`), with the
/// fit's φ.
final class TurnedDeviance: HeldDeviance {
  private let turned: any HeldDeviance
  private let covariance: RelativeCovariance
  private let stratum: Int

  /// - Parameters:
  ///   - covariance: Of the turned model.
  ///   - stratum: That is exchanged with the first one.
  init(_ turned: any HeldDeviance, _ covariance: RelativeCovariance, _ stratum: Int) {
    (self.turned, self.covariance, self.stratum) = (turned, covariance, stratum)
  }

  var optimum: [Double] { turned.optimum }
  var hessian: DenseMatrix { turned.hessian }
  var drift: [Double] { turned.drift }
  var roundingError: Double { turned.roundingError }

  func lifted(_ x: [Double]) -> [Double]? { turned.lifted(x) }
  func others(_ x: [Double]) -> [[Double]] { turned.others(x) }
  func units(_ x: [Double]) -> [Double] { turned.units(x) }
  func hold(at value: Double) throws { try turned.hold(at: value) }
  func isAttainable(_ bound: Double) -> Bool { turned.isAttainable(bound) }
  func deviance(_ x: [Double]) throws -> Double { try turned.deviance(x) }
  func gradient() throws -> [Double] { try turned.gradient() }
  func φ(_ x: [Double]) -> [Double] { covariance.exchangingFirst(turned.φ(x), with: stratum) }
}
