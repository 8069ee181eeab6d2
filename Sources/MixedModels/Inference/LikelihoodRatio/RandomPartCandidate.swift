// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// One random part among those that a larger one contains.
struct RandomPartCandidate: Hashable {
  /// What is left of one term.
  struct Choice: Hashable {
    /// Of the term's summands; none: the term is left out.
    var kept: Set<Int>
    var isDiagonal: Bool
  }
  /// For every term of the model.
  var choices: [Choice]
  /// The two factors of which effects have a covariance; empty: none have.
  var covaryingFactors: [String]

  /// The whole random part.
  init(_ terms: [RandomTermSummands], covaryingFactors: [String]) {
    choices = terms.map {
      Choice(kept: Set($0.summands.indices), isDiagonal: $0.bound.isDiagonal)
    }
    self.covaryingFactors = covaryingFactors
  }

  /// Those that one step leads to: the covariance of two factors left out, or correlations of a term, or a
  /// summand that is part of no other, or a term of one summand while there is another term.
  ///
  /// Correlations within a term stay as long as it has a covariance with another.
  func reductions(_ terms: [RandomTermSummands]) -> [RandomPartCandidate] {
    var uncorrelated = self
    uncorrelated.covaryingFactors = []
    return (covaryingFactors.isEmpty ? [] : [uncorrelated])
      + terms.indices.flatMap { t -> [RandomPartCandidate] in
      let (term, choice) = (terms[t], choices[t])
      guard !choice.kept.isEmpty else { return [] }
      var smaller: [Choice] = []
      let columns = choice.kept.reduce(0) { $0 + term.summands[$1].columns.count }
      let covaries = covaryingFactors.contains(term.bound.groupName)
      if columns > 1, !choice.isDiagonal, term.bound.structure == nil, !covaries {
        smaller.append(Choice(kept: choice.kept, isDiagonal: true))
      }
      for s in choice.kept.sorted() where term.canLeave(s, of: choice.kept) {
        guard term.summands[s].term != nil else { continue }
        smaller.append(Choice(kept: choice.kept.subtracting([s]), isDiagonal: choice.isDiagonal))
      }
      let isAlone = choices.indices.allSatisfy { $0 == t || choices[$0].kept.isEmpty }
      if !isAlone, choice.kept.count == 1 || term.bound.structure != nil {
        smaller.append(Choice(kept: [], isDiagonal: false))
      }
      return smaller.map { changed in
        var candidate = self
        candidate.choices[t] = changed.normalized(term)
        if covaries, changed.kept.isEmpty { candidate.covaryingFactors = [] }
        return candidate
      }
    }
  }

  /// As formulas have them, and what has a covariance.
  func title(_ terms: [RandomTermSummands]) -> String {
    let covarying = covaryingFactors.isEmpty ? "" : "; \(covaryingFactors.joined(separator: " and ")) covary"
    return texts(terms).joined(separator: " + ") + covarying
  }

  /// As formulas have them.
  func texts(_ terms: [RandomTermSummands]) -> [String] {
    zip(terms, choices).filter { !$1.kept.isEmpty }.map { term, choice in
      term.text(keeping: choice.kept, isDiagonal: choice.isDiagonal)
    }
  }
}

extension RandomPartCandidate.Choice {
  /// With one column there is nothing to correlate.
  fileprivate func normalized(_ term: RandomTermSummands) -> Self {
    let columns = kept.reduce(0) { $0 + term.summands[$1].columns.count }
    return Self(kept: kept, isDiagonal: columns > 1 && isDiagonal)
  }
}
