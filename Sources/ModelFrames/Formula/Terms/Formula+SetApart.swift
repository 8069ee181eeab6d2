// SPDX-License-Identifier: GPL-2.0-or-later

extension Formula {
  /// The same model with some factors of its fixed part among `absorbedFactors`, marked as reported: their
  /// levels are solved for like absorbed ones, and reported as the columns that they are in the formula.
  ///
  /// The factors' terms leave `fixed`, which then has an intercept, so that other factors are coded as
  /// beside one; `writtenFixed` keeps what was written.
  ///
  /// - Parameter names: Of variables that are terms by themselves, as R writes them; others do not count.
  package func settingApart(_ names: [String]) -> Formula {
    guard !names.isEmpty else { return self }
    let places = fixed.terms.indices.filter { t in
      fixed.terms[t].count == 1 && names.contains { $0.hasBytes(of: fixed.label(of: fixed.terms[t])) }
    }
    guard !places.isEmpty else { return self }
    var formula = self
    formula.writtenFixed = writtenFixed ?? fixed
    formula.absorbedFactors += places.map { t in
      let variable = fixed.variables[fixed.terms[t][0]]
      return AbsorbedFactor(variables: [variable], name: variable.name, isReported: true)
    }
    formula.fixed = fixed.without(Set(places)).withIntercept
    return formula
  }
}

extension ModelTerms {
  /// The same without some terms, and without variables that are then in none.
  fileprivate func without(_ places: Set<Int>) -> ModelTerms {
    let kept = terms.indices.filter { !places.contains($0) }.map { terms[$0] }
    let used = Set(kept.joined()).sorted()
    let number = Dictionary(uniqueKeysWithValues: zip(used, 0...))
    return ModelTerms(
      hasIntercept: hasIntercept, variables: used.map { variables[$0] },
      terms: kept.map { $0.map { number[$0]! } })
  }
}
