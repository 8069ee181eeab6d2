// SPDX-License-Identifier: GPL-2.0-or-later

extension Formula {
  /// The same model with some factors of its fixed part among `absorbedFactors`, marked as reported: their
  /// levels are solved for like absorbed ones, and reported as the columns that they are in the formula.
  ///
  /// The factors' terms leave `fixed`, which then has an intercept, so that other factors are coded as
  /// beside one; `writtenFixed` keeps what was written.
  ///
  /// - Parameter names: Of terms as R writes them: factors, and products of one of these factors and numbers. Others
  ///   do not count.
  package func settingApart(_ names: [String]) -> Formula {
    guard !names.isEmpty else { return self }
    func isNamed(_ term: [Int]) -> Bool { names.contains { $0.hasBytes(of: fixed.label(of: term)) } }
    /// Of the variables in a term.
    func factor(_ term: [Int]) -> Int? { term.first { v in fixed.terms.contains([v]) && isNamed([v]) } }
    /// Whether a term's levels are the cells of several factors: it is named without any of them.
    func isOfCells(_ term: [Int]) -> Bool { term.count > 1 && isNamed(term) && factor(term) == nil }
    let cells = fixed.terms.filter(isOfCells)
    let places = fixed.terms.indices.filter { isNamed(fixed.terms[$0]) }
    guard !places.isEmpty else { return self }
    var formula = self
    formula.writtenFixed = writtenFixed ?? fixed
    formula.absorbedFactors += places.map { t in
      let term = fixed.terms[t]
      let own = isOfCells(term) ? term : [factor(term)!]
      return AbsorbedFactor(
        variables: own.map { fixed.variables[$0] }, name: fixed.label(of: term), isReported: true,
        columns: fixed.product(of: term.filter { !own.contains($0) }))
    }
    // Cells explain what is part of them.
    let explained = fixed.terms.indices.filter { t in cells.contains { Set($0).isSuperset(of: fixed.terms[t]) } }
    formula.fixed = fixed.without(Set(places + explained)).withIntercept
    return formula
  }
}

extension ModelTerms {
  /// The product of some variables alone; of none the constant.
  fileprivate func product(of own: [Int]) -> ModelTerms {
    ModelTerms(
      hasIntercept: own.isEmpty, variables: own.map { variables[$0] },
      terms: own.isEmpty ? [] : [Array(own.indices)])
  }

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
