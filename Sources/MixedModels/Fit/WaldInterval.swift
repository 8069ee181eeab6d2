// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// The 0.975 quantile of the standard normal distribution.
private let normalQuantile = 1.959963984540054

/// The Wald interval estimate ± z₀.₉₇₅ · standard error, which covers 95 % under normality.
package func waldInterval(_ estimate: Double, _ standardError: Double) -> (
  low: Double, high: Double
) {
  (estimate - normalQuantile * standardError, estimate + normalQuantile * standardError)
}

/// The same on the scale of the logarithm, of an estimate that is positive: estimate · exp(± z₀.₉₇₅ se / estimate).
package func logarithmicWaldInterval(_ estimate: Double, _ standardError: Double) -> (
  low: Double, high: Double
) {
  let margin = normalQuantile * standardError / estimate
  return (estimate * exp(-margin), estimate * exp(margin))
}
