// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// DᵀWD for the levels of absorbed factors, factor after factor: which of them are redundant, and what solves
/// DᵀWD b = r.
protocol FixedLevelsSystem: AnyObject {
  var isRedundant: [Bool] { get }

  /// Overwrites `b`, levels × columns, with (DᵀWD)⁻b, where redundant levels have 0.
  ///
  /// - Throws: `CholmodError`; `FitError.slowSpectrum`.
  func solve(_ b: inout DenseMatrix) throws

  /// bᵀ(DᵀWD)⁻b of the answer F to b.
  func explained(_ b: DenseMatrix, _ F: DenseMatrix) -> DenseMatrix

  /// log |DᵀWD|, redundant levels with twice their squares included; nil where it takes too long.
  var logDeterminant: Double? { get }
}
