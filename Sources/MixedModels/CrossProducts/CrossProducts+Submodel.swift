// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension CrossProducts {
  /// The same rows for another formula all of whose columns are here: fewer terms or absorbed factors, `||` for `|`,
  /// another order.
  ///
  /// Rows that were left out because of a column that the formula does not use stay out. `name` is
  /// what an error calls these cross-products.
  ///
  /// - Throws: `FormulaError` for an unknown column, `FitError.notInCrossProducts`.
  package func narrowed(to formula: Formula, name: String) throws -> CrossProducts {
    guard formula.text != specification.formula.text else { return self }
    let (narrow, used) = try specification.narrowed(to: formula, name: name)
    var result = self
    result.groups = used.map { groups[$0] }
    result.pairs = zip(groupPairs, pairs).filter { used.contains($0.0.0) && used.contains($0.0.1) }
      .map(\.1)
    for k in parts.indices {
      result.parts[k].groups = used.map { parts[k].groups[$0] }
      result.parts[k].pairs = zip(groupPairs, parts[k].pairs)
        .filter { used.contains($0.0.0) && used.contains($0.0.1) }.map(\.1)
    }
    result.specification = narrow
    return result
  }
}

extension ModelSpecification {
  /// - Returns: the specification, and which groups are left.
  func narrowed(
    to formula: Formula, name: String
  ) throws -> (specification: ModelSpecification, groups: [Int]) {
    for (column, _) in formula.columnReferences where columnKinds[column] == nil {
      throw formula.errorForUnknownColumn(column, available: columnKinds.keys.sorted(), in: name)
    }
    let narrow = try ModelBinder.bind(
      formula, kinds: columnKinds, options: options, within: basis)
    guard narrow.basis == basis else {
      throw FitError.notInCrossProducts(
        name: name, held: self.formula.text, lacking: narrow.basis.surplus(over: basis))
    }
    let used = basis.groups.indices.filter { g in
      narrow.randomTerms.contains { $0.group == g } || narrow.absorbed.contains { $0.group == g }
    }
    var kept = basis
    kept.groups = used.map { basis.groups[$0] }
    kept.clusters?.nestings = used.map { basis.clusters!.nestings[$0] }
    let randomTerms = narrow.randomTerms.map { term in
      BoundRandomTerm(
        groupName: term.groupName, group: used.firstIndex(of: term.group)!, terms: term.terms,
        isDiagonal: term.isDiagonal, structure: term.structure, range: term.range,
        grouping: term.grouping)
    }
    let absorbed = narrow.absorbed.map { factor in
      BoundAbsorbedFactor(
        name: factor.name, group: used.firstIndex(of: factor.group)!, grouping: factor.grouping,
        isReported: factor.isReported, terms: factor.terms)
    }
    return (
      ModelSpecification(
        formula: narrow.formula, fixed: narrow.fixed, randomTerms: randomTerms, absorbed: absorbed,
        basis: kept, columns: narrow.columns, columnKinds: columnKinds, options: options,
        origin: origin, strata: narrow.strata, residual: narrow.residual, serial: narrow.serial), used
    )
  }
}

extension RawBasis {
  /// What this basis has and the other has not, in words.
  fileprivate func surplus(over other: RawBasis) -> String {
    if response != other.response {
      return "the response \(response.deparsed) (theirs is \(other.response.deparsed))"
    }
    if offsets != other.offsets { return "its offset" }
    if let atom = atoms.first(where: { atom in
      !other.atoms.contains {
        $0.expression == atom.expression && $0.spline == atom.spline && $0.degree >= atom.degree
          && ($0.needsMoments || !atom.needsMoments)
      }
    }) {
      return "\(atom.expression.deparsed) to the degree \(atom.degree)"
    }
    if groups.count > other.groups.count { return "one of its grouping factors" }
    return "a product of its terms"
  }
}
