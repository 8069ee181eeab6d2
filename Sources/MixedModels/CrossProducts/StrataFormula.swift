// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// What tells the rows' residual variances apart, as the user wrote it: a column, or `~ a + b`, whose
/// factors are crossed.
package struct StrataFormula {
  /// Column names with colons between them: `sex:arm`.
  let name: String
  let factors: [Variable]
  private let formula: Formula

  /// - Throws: `FormulaError`; `FitError` for what is no factor.
  package init(_ text: String) throws {
    let rest = text.drop { $0 == " " }
    let terms = rest.hasPrefix("~") ? String(rest) : "~ " + Expression.column(text).deparsed
    formula = try Formula("`.residual` " + terms)
    guard formula.randomTerms.isEmpty, formula.offsets.isEmpty else {
      throw FitError.strata(text, "has a random term or an offset. Name factors")
    }
    factors = formula.fixed.variables
    guard !factors.isEmpty else { throw FitError.strata(text, "names no column. Name factors") }
    for factor in factors {
      switch factor.kind {
      case .column, .factor, .logical: continue
      case .polynomial, .scaled, .spline, .numeric:
        throw FitError.strata(text, "has “\(factor.name)”, which is a number. \(Self.powers)")
      }
    }
    name = factors.map(\.name).joined(separator: ":")
  }

  /// Names of the columns that are used.
  package var columns: [String] { formula.columnReferences.map(\.name).filter { $0 != ".residual" } }

  func errorForUnknownColumn(_ name: String, available: [String], in table: String) -> FormulaError {
    formula.errorForUnknownColumn(name, available: available, in: table)
  }

  /// Why a variance that is a function of a number cannot be had.
  static let powers =
    "A variance that is a power of a covariate or of the mean gives every row a weight of its own that changes during the search, so that sums over rows do not do: cut the covariate into classes, in a column of its own, or give prior weights"
}

/// Strata bound to the table.
package struct BoundStrata: Sendable {
  /// As reports have it.
  package let name: String
  /// Their cells, by place in the raw basis.
  package let cellSet: Int
  /// The factors whose interaction they are, in the order of the name.
  package let grouping: [FactorVariable]

  /// More take too much memory, each as much as the whole, and are seldom meant.
  static let most = 100
}
