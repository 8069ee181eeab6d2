// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A factor as the formula names it; several may share the codes of one column.
package struct FactorVariable: Sendable, Hashable {
  package let name: String
  /// Name of the column, for `--levels` and `--contrasts`; nil for a comparison.
  package let column: String?
  /// Index into the raw basis's factors.
  package let source: Int
  package let reference: String?
  /// A comparison or a column of TRUE and FALSE: its levels are both, seen or not, as in R.
  ///
  /// What a column is its first rows tell, and later ones may tell otherwise.
  package let isLogical: Bool

  /// Texts by their bytes.
  package static func == (a: FactorVariable, b: FactorVariable) -> Bool {
    a.name.hasBytes(of: b.name) && a.source == b.source && a.isLogical == b.isLogical
      && a.reference.map(Label.init) == b.reference.map(Label.init)
  }
}

/// A numeric variable: one column, or the columns of poly().
package struct NumericVariable: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case identity
    case polynomial(degree: Int, raw: Bool)
    /// I(x^k)
    case power(Int)
    case scaled(centers: Bool, scales: Bool)
    /// ns() or bs() of so many columns
    case spline(Int)
  }
  package let name: String
  package let atom: Int
  package let kind: Kind

  package var degree: Int {
    switch kind {
    case .polynomial(let degree, _), .power(let degree), .spline(let degree): degree
    case .identity, .scaled: 1
    }
  }
}
