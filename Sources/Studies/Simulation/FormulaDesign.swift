// SPDX-License-Identifier: GPL-2.0-or-later

import MixedModels
import ModelFrames

/// What a formula and statements about it say of the columns of a table.
struct FormulaDesign {
  let formula: Formula
  let response: String
  private(set) var factors: [SimulatedFactor] = []
  private(set) var covariates: [SimulatedCovariate] = []
  private(set) var rows = 0
  private let settings: SimulationSettings
  /// Columns that stand after a bar, and of these the ones that stand elsewhere too.
  private let grouping: [String]
  private let used: Set<String>

  init(_ formula: Formula, _ settings: SimulationSettings) throws(SimulationError) {
    (self.formula, self.settings) = (formula, settings)
    do { try formula.requireNoDot() } catch { throw .stated(error.message) }
    guard case .column(let response) = formula.response else {
      throw .stated(
        "the response “\(formula.response.deparsed)” is computed from a column. Simulate its values as a column: y ~ …"
      )
    }
    self.response = response
    var grouping: [String] = []
    for term in formula.randomTerms {
      for variable in term.grouping where !grouping.contains(variable.factorColumn) {
        grouping.append(variable.factorColumn)
      }
    }
    self.grouping = grouping
    used = Set(
      ([formula.fixed] + formula.randomTerms.map(\.terms)).flatMap(\.variables)
        .flatMap(\.expression.columns) + formula.offsets.flatMap(\.columns))
    try bind()
  }

  private mutating func bind() throws(SimulationError) {
    if let factor = formula.absorbedFactors.first {
      throw .stated(
        "rows cannot be drawn for absorbed factors, whose effects nothing says. Write \(factor.name) as a random term, (1 | \(factor.name))."
      )
    }
    guard !grouping.isEmpty else { throw .stated(FitError.noRandomTerm(formula.text).description) }
    let statements = try covariateStatements()
    let columns = formula.columnReferences.map(\.name).filter { $0 != response }
    // Columns that are factors by what the formula does with them, or by their labels.
    let labelled = statements.filter { if case .labels = $0.value.values { true } else { false } }
    let named = columns.filter {
      grouping.contains($0) || labelled[$0] != nil || isMadeFactor($0)
    }
    let counts = labelled.mapValues { statement -> Int in
      if case .labels(let labels, _) = statement.values { labels.count } else { 0 }
    }
    let tree = try FactorTree(
      names: named, nested: nesting, labelled: counts, statements: settings.levels)
    let layout = try FactorLayout(tree, free: Set(labelled.keys), settings)
    rows = layout.rows
    try addFactors(named, tree, layout, labelled)
    let weights = [settings.weights].compactMap(\.self).filter { !columns.contains($0) }
    for name in columns + weights where !named.contains(name) {
      try addCovariate(name, statements[name])
    }
  }

  private func covariateStatements() throws(SimulationError) -> [String: CovariateStatement] {
    var statements: [String: CovariateStatement] = [:]
    let known = formula.columnReferences.map(\.name).filter { $0 != response }
    for text in settings.covariates {
      let statement = try CovariateStatement(
        text, isFactor: { grouping.contains($0) || isMadeFactor($0) })
      let name = statement.name
      guard known.contains(name) || name == settings.weights else {
        let guess = closestName(to: name, among: known).map { " Did you mean \($0)?" } ?? ""
        throw .stated(.covariates, ": the formula has no column '\(name)'.\(guess)")
      }
      if grouping.contains(name), case .number = statement.values {
        throw .stated(
          .covariates,
          " \(name): the formula groups by it, so it has levels: \(Setting.simulation(.levels, "\(name)=N")), or labels such as a|b|c."
        )
      }
      guard statements.updateValue(statement, forKey: name) == nil else {
        throw .stated(.covariates, " for '\(name)' is there twice.")
      }
    }
    return statements
  }

  /// Whether the formula writes `factor(name)`.
  private func isMadeFactor(_ name: String) -> Bool {
    ([formula.fixed] + formula.randomTerms.map(\.terms)).flatMap(\.variables).contains {
      if case .factor(name, _) = $0.kind { true } else { false }
    }
  }

  /// Inner and outer factors of `a/b`, which stand in two terms of one place.
  private var nesting: [(inner: String, outer: String)] {
    formula.randomTerms.flatMap { inner in
      formula.randomTerms.compactMap { outer in
        guard inner.range == outer.range, inner.grouping.count > 1,
          Array(inner.grouping.dropFirst()) == outer.grouping
        else { return nil }
        return (inner.grouping[0].factorColumn, outer.grouping[0].factorColumn)
      }
    }
  }

  private mutating func addFactors(
    _ names: [String], _ tree: FactorTree, _ layout: FactorLayout,
    _ labelled: [String: CovariateStatement]
  ) throws(SimulationError) {
    for name in names {
      let levels = tree.counts[name] ?? 1
      var factor = SimulatedFactor(name: name, levels: levels, assignment: .uniform)
      factor.firstNumber = 1
      func index(_ other: String) -> Int { names.firstIndex(of: other) ?? 0 }
      switch layout.assignments[name] {
      case .own(let assignment): factor.assignment = assignment
      case .blocks(let child): factor.assignment = .blocks(child: index(child))
      case .within(let parent): factor.assignment = .within(parent: index(parent))
      case nil: break
      }
      if let statement = labelled[name], case .labels(let labels, let weights) = statement.values {
        factor.labels = labels
        if layout.assignments[name] == nil {
          factor.assignment = statement.isInTurn ? .inTurn : .weighted(weights)
          if let other = statement.within {
            factor.assignment = .constant(
              of: try self.index(other, of: name, among: names),
              weights: statement.isInTurn ? nil : weights)
          }
        }
      } else if used.contains(name) {
        guard levels <= 10_000 else {
          throw .stated(
            "\(name) stands among the terms, and has too many levels for that: \(levels).")
        }
        // Labels that no reader takes for numbers.
        factor.labels = (1...levels).map { "\(name)\($0)" }
          .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      }
      factors.append(factor)
    }
  }

  private mutating func addCovariate(
    _ name: String, _ statement: CovariateStatement?
  ) throws(SimulationError) {
    guard
      case .number(let distribution, let decimals) =
        statement?.values ?? CovariateStatement.standard
    else { return }
    let within: Int? =
      if let other = statement?.within {
        try index(other, of: name, among: factors.map(\.name))
      } else { nil }
    covariates.append(
      SimulatedCovariate(
        name: name, distribution: distribution, decimals: decimals, constantWithin: within))
  }

  private func index(
    _ other: String, of name: String, among names: [String]
  ) throws(SimulationError) -> Int {
    guard other != name, let index = names.firstIndex(of: other) else {
      throw .stated(
        .covariates,
        " \(name): there is no factor '\(other)' to be constant within. There are \(names.filter { $0 != name }.joined(separator: ", "))."
      )
    }
    return index
  }
}

extension Variable {
  /// The column of a grouping factor.
  var factorColumn: String {
    switch kind {
    case .column(let column), .factor(let column, _): column
    default: name
    }
  }
}

extension FormulaDesign {
  /// The index of the factor whose levels are the combinations of some: the innermost one where the
  /// others are its ancestors, else a new one.
  ///
  /// - Throws: `SimulationError` if there would be too many combinations.
  mutating func factor(of names: [String]) throws(SimulationError) -> Int {
    let indices = names.compactMap { name in factors.firstIndex { $0.name == name } }
    if let inner = indices.first(where: { inner in
      indices.allSatisfy { $0 == inner || ancestors(of: inner).contains($0) }
    }) {
      return inner
    }
    let name = names.joined(separator: ":")
    if let known = factors.firstIndex(where: { $0.name == name }) { return known }
    var levels = 1
    for index in indices {
      let (product, overflow) = levels.multipliedReportingOverflow(by: factors[index].levels)
      guard !overflow, product <= SimulationDesign.maximumLevels else {
        throw .levels(name, product)
      }
      levels = product
    }
    var factor = SimulatedFactor(name: name, levels: levels, assignment: .product(indices))
    factor.isWritten = false
    factors.append(factor)
    return factors.count - 1
  }

  /// Factors whose levels follow from those of `factor`.
  private func ancestors(of factor: Int) -> [Int] {
    var found: [Int] = []
    for (index, other) in factors.enumerated() {
      if case .blocks(let child) = other.assignment, child == factor {
        found += [index] + ancestors(of: index)
      }
      if case .within(let parent) = factors[factor].assignment, parent == index {
        found += [index] + ancestors(of: index)
      }
    }
    return found
  }
}
