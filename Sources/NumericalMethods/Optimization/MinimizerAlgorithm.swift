// SPDX-License-Identifier: GPL-2.0-or-later

/// Derivative-free local minimizers within bounds.
package enum MinimizerAlgorithm: String, CaseIterable, Sendable {
  /// Quadratic interpolation in a trust region (Powell 2009).
  case bobyqa
  /// The simplex method (Nelder & Mead 1965; bounds after Box 1965).
  case neldermead
  /// Linear interpolation in a trust region (Powell 1994).
  case cobyla
  /// The simplex method on subspaces (Rowan 1990).
  case sbplx
  /// Quadratic interpolation (Powell 2004), its steps kept within bounds.
  case newuoa_bound
  /// Principal axes (Brent 1973); outside the bounds it is shown a very large value.
  case praxis

  /// The algorithm of a name as users write it: ours, NLopt's or lme4's.
  ///
  /// `bobyqa`, `NLOPT_LN_BOBYQA`, `LN_BOBYQA`, `nloptwrap` (whose default it is), `Nelder_Mead`,
  /// `subplex`; case, `-` and `_` do not matter. Nil for any other.
  package init?(name: String) {
    var key = name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
    for prefix in ["nloptln", "ln"] where key.hasPrefix(prefix) {
      key.removeFirst(prefix.count)
      break
    }
    switch key {
    case "nloptwrap": self = .bobyqa
    case "subplex": self = .sbplx
    default:
      let match = Self.allCases.first { $0.rawValue.filter { $0 != "_" } == key }
      guard let match else { return nil }
      self = match
    }
  }

  /// The algorithm used in its place for `dimension` free coordinates.
  ///
  /// With one, NLopt refuses NEWUOA and PRAXIS does not end, so they become BOBYQA.
  func effective(dimension: Int) -> MinimizerAlgorithm {
    dimension == 1 && (self == .newuoa_bound || self == .praxis) ? .bobyqa : self
  }
}
