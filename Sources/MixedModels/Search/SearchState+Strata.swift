// SPDX-License-Identifier: GPL-2.0-or-later

extension SearchState {
  /// Puts residual variances of strata to zero where the criterion does not tell them from it: it goes to its limit
  /// there by less and less, and a search ends somewhere on the way.
  ///
  /// - Returns: whether there was one.
  mutating func clearStrata() throws -> Bool {
    var isThere = false
    while try clearStratum() { isThere = true }
    return isThere
  }

  private mutating func clearStratum() throws -> Bool {
    for (φ, noise) in search.covariance.vanishingStrata(best)
    where try isAsGood(φ, within: noise * indifference) { return true }
    return false
  }

  /// Of the criterion; no parameter moves by a thousandth of its standard error for that, and rounding can be as much.
  private var indifference: Double { max(1e-6, 1e-8 * search.rows) }
}
