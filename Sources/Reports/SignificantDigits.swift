// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Runs `body`, in which reports are made and written, with so many significant digits of estimates in
/// tables for people; statistics and p-values have one less. JSON and CSV have all digits whatever is said
/// here.
///
///     let page = withSignificantDigits(3) { fit.report().text(as: .latex) }
///
/// - Parameters:
///   - digits: 1 to 15; nil: 5, and 4 in summaries, as lme4 has them.
///   - body: Lays out what it returns.
public func withSignificantDigits<T>(_ digits: Int?, _ body: () throws -> T) rethrows -> T {
  try TableDigits.with(digits, body)
}
