// SPDX-License-Identifier: GPL-2.0-or-later

/// Which tail of a distribution a probability is of.
package enum Tail: Sendable {
  /// P(X ≤ x).
  case lower
  /// P(X > x), with full relative precision where it is small.
  case upper

  /// The `lower_tail` argument of R's mathematical library.
  var flag: Int32 { self == .lower ? 1 : 0 }
}
