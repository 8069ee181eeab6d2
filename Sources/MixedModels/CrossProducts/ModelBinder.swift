// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Binds a formula to columns.
struct ModelBinder {
  private let formula: Formula
  let kinds: [String: ColumnKind]
  /// What earlier cross-products hold; terms find their columns there before new ones are made.
  private let known: RawBasis?
  let splines: [String: SplineKnots]
  var atoms: [Atom]
  var factors: [FactorSource]
  private var cellSets: [CellSetSource]
  private var indexOfCellSet: [CellSetSource: Int]
  var columns = ColumnLookup([])

  /// Binds a formula to columns of which only the kinds are known.
  ///
  /// `known` is the basis of cross-products that the formula is to be read in; the result's basis is
  /// an equal one, unless the formula needs what they do not hold.
  static func bind(
    _ formula: Formula, kinds: [String: ColumnKind], options: ModelOptions,
    within known: RawBasis? = nil, weights: Expression? = nil
  ) throws -> ModelSpecification {
    var binder = ModelBinder(
      formula: formula.settingApart(options.setApart), kinds: kinds, known: known, splines: options.splines)
    return try binder.specification(
      options, weights: weights ?? options.weights.map { Expression(weights: $0) })
  }

  private init(
    formula: Formula, kinds: [String: ColumnKind], known: RawBasis?, splines: [String: SplineKnots]
  ) {
    self.formula = formula
    self.splines = splines
    self.kinds = kinds
    self.known = known
    (atoms, factors) = (known?.atoms ?? [], known?.factors ?? [])
    cellSets = known?.cellSets ?? []
    indexOfCellSet = Dictionary(zip(cellSets, 0...), uniquingKeysWith: { first, _ in first })
  }

  private mutating func specification(
    _ options: ModelOptions, weights: Expression?
  ) throws -> ModelSpecification {
    try formula.requireNoDot()
    let serialWord = options.residual?.serialWord(beside: formula)
    if let residual = options.residual {
      guard serialWord != nil || formula.randomTerms.isEmpty else {
        throw FitError.residualBesideRandomTerms(residual.text)
      }
      guard serialWord != nil || formula.absorbedFactors.isEmpty else {
        throw FitError.residualBesideAbsorbed(
          residual.text, formula.absorbedFactors.map(\.name))
      }
      if serialWord != nil { try Self.checkSerial(residual, formula, kinds, options) }
    }
    try request(formula.response)
    var offsets = formula.offsets
    if let offset = options.offset { offsets.append(.column(offset)) }
    for offset in offsets { try request(offset) }
    if let weights { columns.add(weights) }

    var fixedBlocks = known?.fixed ?? [ColumnBlock(cellSet: nil, monomials: [.one])]
    var fixed = try bind(formula.fixed, blocks: &fixedBlocks)
    var groups = known?.groups ?? []
    var randomTerms: [BoundRandomTerm] = []
    for term in formula.randomTerms {
      let grouping = try term.grouping.map { try factorVariable($0) }
      let cellSet = interaction(of: grouping.map(\.source))
      let group =
        groups.firstIndex { $0.cellSet == cellSet && !$0.isFixed } ?? groups.count
      if group == groups.count { groups.append(RawGroup(cellSet: cellSet, blocks: [])) }
      let others = randomTerms.filter { $0.group == group }
      let areAxes = (others.compactMap(\.structure) + [term.structure].compactMap(\.self)).contains { !$0.axes.isEmpty }
      if areAxes, let other = others.first {
        throw FitError.axes(
          term.groupName,
          "has two terms, \(other.label) among them, and levels that are correlated along axes belong to one. Take one of both out; beside one row for each level, residuals are its independent part"
        )
      }
      let terms = try bind(term.terms, blocks: &groups[group].blocks)
      guard terms.hasIntercept || !terms.terms.isEmpty else {
        throw FitError.emptyRandomTerm(term.groupName)
      }
      randomTerms.append(
        BoundRandomTerm(
          groupName: term.groupName, group: group, terms: terms, isDiagonal: term.isDiagonal,
          structure: term.structure, range: term.range, grouping: grouping))
    }
    let absorbed = try bindAbsorbed(&groups)
    // The levels of an absorbed factor add up to the intercept.
    if !absorbed.allSatisfy(\.isSlope) { fixed = BoundTerms(hasIntercept: false, terms: fixed.terms) }
    let strata = try options.residualBy.map { try bindStrata(StrataFormula($0)) }
    if let strata, randomTerms.isEmpty {
      throw FitError.strata(
        strata.name,
        "stands beside no random terms, and without any there is one residual variance. Add one, as (1 | group), or leave it out"
      )
    }
    var clusters: RawClusters?
    if let column = options.clusters { clusters = self.clusters(column, groups) }
    let serial = try serialWord.map { try bind(options.residual!, $0) }
    let residual = serial == nil ? try options.residual.map { try bind($0) } : nil
    var basis = RawBasis(
      response: formula.response, offsets: offsets, weights: weights, atoms: atoms,
      factors: factors, cellSets: cellSets, fixed: fixedBlocks, groups: groups,
      clusters: clusters,
      predictor: Array(repeating: 0, count: fixedBlocks[0].monomials.count),
      strata: strata?.cellSet, serial: serial?.steps)
    if let known {
      (basis.predictor, basis.responseScale) = (known.predictor, known.responseScale)
      basis.wantsExtendedSums = known.wantsExtendedSums
      basis.groupMeans = known.groupMeans
    }
    return ModelSpecification(
      formula: formula, fixed: fixed, randomTerms: randomTerms, absorbed: absorbed, basis: basis,
      columns: columns, columnKinds: kinds, options: options,
      origin: formula, strata: strata, residual: residual, serial: serial?.bound)
  }

  private mutating func bindAbsorbed(_ groups: inout [RawGroup]) throws -> [BoundAbsorbedFactor] {
    var bound: [BoundAbsorbedFactor] = []
    for factor in formula.absorbedFactors {
      let grouping = try factor.variables.map { try factorVariable($0) }
      let cellSet = interaction(of: grouping.map(\.source))
      var blocks: [ColumnBlock] = []
      let terms = try bind(factor.columns, blocks: &blocks)
      let group =
        groups.firstIndex { $0.cellSet == cellSet && $0.isFixed && $0.blocks == blocks } ?? groups.count
      if group == groups.count { groups.append(RawGroup(cellSet: cellSet, blocks: blocks, isFixed: true)) }
      // a and factor(a) are one.
      if bound.contains(where: { $0.group == group }) { continue }
      bound.append(
        BoundAbsorbedFactor(
          name: factor.name, group: group, grouping: grouping, isReported: factor.isReported, terms: terms))
    }
    return bound
  }

  private mutating func bind(
    _ terms: ModelTerms, blocks: inout [ColumnBlock]
  ) throws -> BoundTerms {
    let isFactor = terms.variables.map(self.isFactor)
    let codings = terms.codings(isFactor: isFactor)
    if terms.hasIntercept { _ = try add([:], to: nil, of: &blocks) }
    var bound: [BoundTerm] = []
    for (t, term) in terms.terms.enumerated() {
      var termFactors: [(variable: FactorVariable, coding: FactorCoding)] = []
      var numbers: [NumericVariable] = []
      for (position, v) in term.enumerated() {
        if isFactor[v] {
          termFactors.append((try factorVariable(terms.variables[v]), codings[t][position]))
        } else {
          numbers.append(try numericVariable(terms.variables[v]))
        }
      }
      var degrees: [Int: Int] = [:]
      for number in numbers { degrees[number.atom, default: 0] += number.degree }
      for (atom, degree) in degrees { atoms[atom].degree = max(atoms[atom].degree, degree) }
      let sources = termFactors.map(\.variable.source)
      let block = try add(
        degrees, to: sources.isEmpty ? nil : interaction(of: sources), of: &blocks)
      bound.append(
        BoundTerm(
          label: terms.label(of: term), factors: termFactors, numbers: numbers,
          isFactor: term.map { isFactor[$0] }, block: block))
    }
    return BoundTerms(hasIntercept: terms.hasIntercept, terms: bound)
  }

  /// Adds all monomials up to the given degrees to the block of a cell set.
  ///
  /// - Returns: the block's index.
  private func add(
    _ degrees: [Int: Int], to cellSet: Int?, of blocks: inout [ColumnBlock]
  ) throws -> Int {
    let index = blocks.firstIndex { $0.cellSet == cellSet } ?? blocks.count
    if index == blocks.count { blocks.append(ColumnBlock(cellSet: cellSet, monomials: [])) }
    var grid = [Monomial.one]
    for (atom, degree) in degrees.sorted(by: { $0.key < $1.key }) {
      grid += grid.flatMap { monomial in
        (1...degree).map { Monomial(powers: monomial.powers + [.init(atom: atom, degree: $0)]) }
      }
      guard grid.count <= 4096 else { throw FitError.tooManyColumns }
    }
    let known = Set(blocks[index].monomials)
    blocks[index].monomials += grid.filter { !known.contains($0) }
    return index
  }

  /// The cell set of an interaction of factors, built pair by pair.
  mutating func interaction(of sources: [Int]) -> Int {
    var distinct: [Int] = []
    for source in sources where !distinct.contains(source) { distinct.append(source) }
    distinct.sort()
    var current = intern(.factor(distinct[0]))
    for source in distinct.dropFirst() {
      let next = intern(.factor(source))
      current = intern(.product(current, next))
    }
    return current
  }

  mutating func intern(_ source: CellSetSource) -> Int {
    if let index = indexOfCellSet[source] { return index }
    indexOfCellSet[source] = cellSets.count
    cellSets.append(source)
    return cellSets.count - 1
  }
}
