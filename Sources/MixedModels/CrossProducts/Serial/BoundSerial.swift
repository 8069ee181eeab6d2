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

extension ModelBinder {
  /// - Throws: `FitError.serial` for what cannot be summed in steps.
  static func checkSerial(
    _ term: ResidualTerm, _ formula: Formula, _ kinds: [String: ColumnKind], _ options: ModelOptions
  ) throws(FitError) {
    if let factor = formula.absorbedFactors.first {
      throw .serial(
        term.text,
        "cannot be told beside absorbed factors. Write “\(factor.name)” as a fixed effect or as a random term, or leave one of both out"
      )
    }
    if options.residualBy != nil {
      throw .serial(
        term.text,
        "is for residuals of one variance: leave \(Setting.residualBy) out, or the correlations"
      )
    }
    if options.clusters != nil {
      throw .serial(
        term.text, "cannot stand beside sums by clusters. Leave \(Setting.clusters()) out")
    }
    if let arm = term.arm {
      throw .serial(
        term.text,
        "has one correlation for all subjects: leave “\(arm)/” out, or fit the arms one by one")
    }
    if kinds[term.visit] == .categorical || kinds[term.visit] == .logical {
      throw .serial(
        term.text,
        "needs times, and \(term.visit) is no column of numbers, or is read as labels. Use one that counts the steps or the days"
      )
    }
  }
}
