// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// The structures that a formula can name, beside that of `(… | g)` and `us(… | g)`, where all
/// covariance matrices are allowed, and of `(… || g)` and `diag(… | g)`, which is as many terms as
/// columns.
let covarianceStructures: [any CovarianceStructure.Type] = [
  CompoundSymmetry.self, FirstOrderAutoregressive.self,
]

extension Formula {
  /// Whether all words around random terms are known, before any row is read.
  ///
  /// - Throws: `FormulaError` that points at one that is not.
  package func checkStructures() throws(FormulaError) {
    for term in randomTerms {
      guard let structure = term.structure else { continue }
      _ = try covarianceStructure(structure)
    }
  }

  /// - Throws: `FormulaError` for a word that is none.
  func covarianceStructure(
    _ word: RandomTerm.StructureWord
  ) throws(FormulaError) -> any CovarianceStructure.Type {
    guard let family = covarianceStructures.first(where: { $0.word == word.word }) else {
      throw errorForUnknownStructure(
        word, known: ["us", "diag"] + covarianceStructures.map { $0.word })
    }
    return family
  }
}
