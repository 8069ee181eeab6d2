// SPDX-License-Identifier: GPL-2.0-or-later

/// A sum of coefficients with factors, and a constant: Σ coefficients[j] βⱼ + constant.
struct LinearForm {
  var coefficients: [Int: Double] = [:]
  var constant = 0.0

  var isConstant: Bool { coefficients.isEmpty }

  func scaled(_ factor: Double) -> LinearForm {
    LinearForm(
      coefficients: coefficients.mapValues { $0 * factor }, constant: constant * factor)
  }

  /// self + factor · other.
  func adding(_ other: LinearForm, times factor: Double) -> LinearForm {
    LinearForm(
      coefficients: coefficients.merging(
        other.coefficients.mapValues { $0 * factor }, uniquingKeysWith: +),
      constant: constant + factor * other.constant)
  }
}
