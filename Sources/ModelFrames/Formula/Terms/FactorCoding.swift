// SPDX-License-Identifier: GPL-2.0-or-later

/// How a factor in a term becomes columns.
package enum FactorCoding: Sendable, Hashable {
  /// One column for each contrast, one fewer than levels.
  case contrasts
  /// One 0/1 column for each level.
  case indicators
  /// What the contrasts and the constant span: indicators of all levels, unless contrasts are fewer
  /// than levels allow.
  case closure
}

extension ModelTerms {
  /// The coding of each variable of each term; meaningless where the variable is numeric.
  ///
  /// A factor is coded by contrasts if its term without it lies within an earlier term, or is
  /// empty (R's `TermCode`). Without an intercept the first factor of the first term that has
  /// one is coded by indicators (`model.matrix`).
  /// - Parameter isFactor: for each of `variables`, whether it is a factor or logical.
  /// - Returns: for each of `terms`, one coding for each of its variables.
  package func codings(isFactor: [Bool]) -> [[FactorCoding]] {
    precondition(isFactor.count == variables.count, "one flag for each variable")
    let occurrences = termsOfVariables()
    var codings: [[FactorCoding]] = []
    for (number, term) in terms.enumerated() {
      codings.append(
        term.map { variable in
          let rest = term.filter { $0 != variable }
          return isWithinTerm(before: number, rest, occurrences) ? .contrasts : .indicators
        })
    }
    if !hasIntercept, let first = terms.firstIndex(where: { $0.contains { isFactor[$0] } }),
      let place = terms[first].firstIndex(where: { isFactor[$0] })
    {
      codings[first][place] = .indicators
    }
    return codings
  }

  /// For each variable the terms it is in, ascending.
  private func termsOfVariables() -> [[Int]] {
    var occurrences = [[Int]](repeating: [], count: variables.count)
    for (number, term) in terms.enumerated() {
      for variable in term { occurrences[variable].append(number) }
    }
    return occurrences
  }

  private func isWithinTerm(
    before limit: Int, _ part: [Int], _ occurrences: [[Int]]
  ) -> Bool {
    // The rarest variable has the fewest terms to look at.
    guard let rarest = part.min(by: { occurrences[$0].count < occurrences[$1].count }) else {
      return true
    }
    for number in occurrences[rarest] where number < limit {
      if part.allSatisfy({ terms[number].contains($0) }) { return true }
    }
    return false
  }
}
