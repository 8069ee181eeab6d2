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

  /// The whole random part.
  init(_ terms: [RandomTermSummands]) {
    choices = terms.map {
      Choice(kept: Set($0.summands.indices), isDiagonal: $0.bound.isDiagonal)
    }
  }

  /// Those that one step leads to: correlations of a term left out, or a summand that is part of no
  /// other, or a term of one summand while there is another term.
  func reductions(_ terms: [RandomTermSummands]) -> [RandomPartCandidate] {
    terms.indices.flatMap { t -> [RandomPartCandidate] in
      let (term, choice) = (terms[t], choices[t])
      guard !choice.kept.isEmpty else { return [] }
      var smaller: [Choice] = []
      let columns = choice.kept.reduce(0) { $0 + term.summands[$1].columns.count }
      if columns > 1, !choice.isDiagonal, term.bound.structure == nil {
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
        return candidate
      }
    }
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
