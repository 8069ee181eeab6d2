// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// What rounding of cross-products costs: a working column, or the working response, is a combination
/// of raw ones, and where these nearly cancel their sums of squares do so twice.
///
/// With d_i the norms of raw columns, a working column Σ B_i (raw column i) of norm 1 has a square that
/// is exact to ε (Σ |B_i| d_i)². That is 1/δ² for a column that others explain but for δ of its size, and
/// grows with a weight that is large beside the others', since its row nearly cancels too.
struct LostDigits: Sendable {
  /// Names of columns, each with its (Σ |B_i| d_i)².
  var columns: [(name: String, factor: Double)] = []
  /// The same of the response, with norms in units of what least squares leaves of it.
  var response = 1.0

  /// What is worth a word.
  private static let notable = 1e-4

  /// (Σ |B_i| d_i)², at least 1.
  static func factor(_ coefficients: [Double], norms: [Double]) -> Double {
    let sum = zip(coefficients, norms).reduce(0) { $0 + abs($1.0) * $1.1 }
    return max(sum * sum, 1)
  }

  /// What a user should know, in words.
  var notes: [String] {
    var notes = columns.filter { Self.isNotable($0.factor) }.map { column in
      "“\(column.name)” is, with these weights and digits, so nearly a linear combination of the columns before it that \(Self.words(column.factor)) of what it alone explains survive rounding: its estimates and standard errors are no better, and the criterion is wrong by up to about \(Self.rounded(column.factor)). Use the difference of such columns as the covariate, or leave one out"
    }
    if Self.isNotable(response) {
      notes.append(
        "\(Self.words(response)) of what the fixed effects leave of the response survive rounding: sums of squares are that much larger than their difference. The residual variance and the criterion are no better"
      )
    }
    return notes
  }

  /// The error of the criterion, and relative ones of variances, that is to be expected.
  static func error(_ factor: Double) -> Double { 2 * Double.ulpOfOne * factor }

  static func isNotable(_ factor: Double) -> Bool { error(factor) > notable }

  static func words(_ factor: Double) -> String {
    let digits = Int(max(0, -log10(error(factor))).rounded(.down))
    return digits == 0 ? "no digits" : digits == 1 ? "one digit" : "\(digits) digits"
  }

  /// The error of the criterion with one significant digit.
  static func rounded(_ factor: Double) -> String {
    let error = Double(scientificNotation(Self.error(factor), decimals: 0))!
    return fixedNotation(error, decimals: Int(max(0, -log10(error).rounded(.down))))
  }
}
