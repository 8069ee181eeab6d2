// SPDX-License-Identifier: GPL-2.0-or-later

/// Significant digits of numbers that people read, as R's option `digits`.
package enum TableDigits {
  /// Those of estimates, where somebody has chosen them.
  @TaskLocal private static var chosen: Int?

  /// Of most tables.
  static let usual = 5

  /// Runs `body` with so many significant digits of estimates in place of the usual ones; nil: the usual.
  package static func with<T>(_ digits: Int?, _ body: () throws -> T) rethrows -> T {
    try $chosen.withValue(digits ?? chosen, operation: body)
  }

  /// What becomes of so many digits: statistics and p-values keep their distance to estimates.
  ///
  /// - Parameter standard: What estimates have in such a table.
  package static func of(_ digits: Int, standard: Int = usual) -> Int {
    chosen.map { min(max($0 + digits - standard, 1), 15) } ?? digits
  }
}
