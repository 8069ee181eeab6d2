// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// How the residuals of a subject are correlated in time, beside random effects.
package enum SerialWord: String, Sendable, CaseIterable {
  /// ρ to the power of the number of steps between two rows, whose times are whole numbers.
  case ar1
  /// ρ > 0 to the power of the time between two rows.
  case car1
}

extension ResidualTerm {
  /// Whether it is a structure of rows in time beside the random effects of a formula.
  package func isSerial(beside formula: Formula) -> Bool { serialWord(beside: formula) != nil }

  /// The word where the structure is one of rows in time beside random effects; nil where it is one of
  /// visits, of a model without random effects.
  func serialWord(beside formula: Formula) -> SerialWord? {
    formula.randomTerms.isEmpty ? nil : SerialWord(rawValue: word)
  }
}

/// Serial correlation bound to the table.
package struct BoundSerial: Sendable {
  package let term: ResidualTerm
  package let word: SerialWord
  package let subject: FactorVariable
  /// Of the subjects, in the raw basis.
  package let cellSet: Int
}
