// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// A scale on which ζ of a parameter is nearly a straight line: where limits are looked for.
enum ProfileScale {
  case identity
  /// Of a standard deviation.
  case logarithm
  /// Fisher's z of a correlation.
  case fisher

  func transformed(_ value: Double) -> Double {
    switch self {
    case .identity: value
    case .logarithm: log(value)
    case .fisher: atanh(value)
    }
  }

  func value(_ t: Double) -> Double {
    switch self {
    case .identity: t
    case .logarithm: exp(t)
    case .fisher: tanh(t)
    }
  }

  /// The derivative of `transformed`.
  func slope(_ value: Double) -> Double {
    switch self {
    case .identity: 1
    case .logarithm: 1 / value
    case .fisher: 1 / (1 - value * value)
    }
  }
}

extension ModelParameter.Kind {
  /// Where a parameter's sampling distribution is nearest to normal.
  var scale: ProfileScale {
    switch self {
    case .standardDeviation, .sigma: .logarithm
    case .correlation: .fisher
    case .fixed, .theta: .identity
    }
  }
}
