// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Binds a formula to a table's columns.
struct ModelBinder {
  private let formula: Formula
  private let kinds: [String: ColumnKind]
  /// What earlier cross-products hold; terms find their columns there before new ones are made.
  private let known: RawBasis?
  private let splines: [String: SplineKnots]
  private var atoms: [Atom]
  var factors: [FactorSource]
  private var cellSets: [CellSetSource]
  private var indexOfCellSet: [CellSetSource: Int]
  var columns = ColumnLookup([])

  /// - Throws: `FormulaError` for a name that is no column; `DataError` for an unreadable one;
  ///   `FitError.weights`.
  static func bind(
    _ formula: Formula, to reader: TableReader, table: String, options: FitOptions
  ) throws -> ModelSpecification {
    var kinds: [String: ColumnKind] = [:]
    for (name, _) in formula.columnReferences {
      guard reader.header.contains(name) else {
        throw formula.errorForUnknownColumn(name, available: reader.header, in: table)
      }
      kinds[name] = try reader.kind(of: name)
    }
    if let residual = options.residual {
      for name in residual.columns {
        guard reader.header.contains(name) else {
          throw residual.errorForUnknownColumn(name, available: reader.header, in: table)
        }
        kinds[name] = try reader.kind(of: name)
      }
    }
    if let strata = try options.residualBy.map(StrataFormula.init) {
      for name in strata.columns {
        guard reader.header.contains(name) else {
          throw strata.errorForUnknownColumn(name, available: reader.header, in: table)
        }
        kinds[name] = try reader.kind(of: name)
      }
    }
    let weights = try options.weights.map { text in
      if reader.header.contains(text) { return Expression.column(text) }
      if let problem = Expression.problem(ofWeights: text) {
        throw FitError.weights(text, problem: problem)
      }
      return Expression(weights: text)
    }
    for name in (weights?.columns ?? []) + [options.offset, options.clusters].compactMap(\.self) {
      _ = try reader.kind(of: name)
    }
    do {
      var specification = try bind(formula, kinds: kinds, options: options.model, weights: weights)
      if let contrast = options.defaultContrast {
        for column in specification.codedFactors where options.contrasts[column] == nil {
          specification.options.contrasts[column] = contrast
        }
      }
      return specification
    } catch FitError.textUsedAsNumber(let column, let expression, _) {
      let first = reader.firstText(in: column).map(FirstText.init)
      throw FitError.textUsedAsNumber(column: column, expression: expression, first: first)
    }
  }

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
    if !absorbed.isEmpty { fixed = BoundTerms(hasIntercept: false, terms: fixed.terms) }
    let strata = try options.residualBy.map { try bindStrata(StrataFormula($0)) }
    if let strata, let factor = absorbed.first {
      throw FitError.strata(
        strata.name,
        "cannot be told beside absorbed factors. Write “\(factor.name)” as a fixed effect or as a random term, or leave one of both out"
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
      let group = groups.firstIndex { $0.cellSet == cellSet && $0.isFixed } ?? groups.count
      if group == groups.count {
        let constant = ColumnBlock(cellSet: nil, monomials: [.one])
        groups.append(RawGroup(cellSet: cellSet, blocks: [constant], isFixed: true))
      }
      // a and factor(a) are one.
      if bound.contains(where: { $0.group == group }) { continue }
      bound.append(
        BoundAbsorbedFactor(
          name: factor.name, group: group, grouping: grouping, isReported: factor.isReported))
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

  private func isFactor(_ variable: Variable) -> Bool {
    switch variable.kind {
    case .column(let name): kinds[name] == .categorical || kinds[name] == .logical
    case .factor, .logical: true
    case .polynomial, .scaled, .spline, .numeric: false
    }
  }

  private func isLogical(_ variable: Variable) -> Bool {
    switch variable.kind {
    case .column(let name): kinds[name] == .logical
    case .logical: true
    default: false
    }
  }

  mutating func factorVariable(_ variable: Variable) throws -> FactorVariable {
    let column: String?
    let source: FactorSource
    var reference: String?
    switch variable.kind {
    case .column(let name): (column, source) = (name, .column(name))
    case .factor(let name, let base): (column, source, reference) = (name, .column(name), base)
    case .logical(let expression): (column, source) = (nil, .logical(expression))
    case .polynomial, .scaled, .spline, .numeric:
      preconditionFailure("\(variable.name) is no factor")
    }
    switch source {
    case .column(let name): columns.add(name, labels: true)
    case .logical(let expression): try request(expression)
    }
    let index = factors.firstIndex(of: source) ?? factors.count
    if index == factors.count { factors.append(source) }
    return FactorVariable(
      name: variable.name, column: column, source: index, reference: reference,
      isLogical: isLogical(variable))
  }

  private mutating func numericVariable(_ variable: Variable) throws -> NumericVariable {
    let expression: Expression
    var kind = NumericVariable.Kind.identity
    var spline: SplineBasis?
    switch variable.kind {
    case .polynomial(let of, let degree, let raw):
      (expression, kind) = (of, .polynomial(degree: degree, raw: raw))
    case .scaled(let of, let centers, let scales):
      (expression, kind) = (of, .scaled(centers: centers, scales: scales))
    case .spline(let of, let call):
      guard let knots = call.ownKnots ?? splines[variable.name] else {
        throw FitError.spline(
          "the knots of \(variable.name) come from the rows, which are not there. Write them into the formula, knots = c(…) and Boundary.knots = c(…)"
        )
      }
      let basis = SplineBasis(call, knots)
      (expression, kind, spline) = (of, .spline(basis.count), basis)
    default:
      // x + I(x^2) as a polynomial of x: the powers of a year are one line but for the twelfth
      // digit.
      let power = variable.expression.integerPower
      expression = power?.base ?? variable.expression
      kind = power.map { .power($0.exponent) } ?? .identity
    }
    try request(expression)
    let atom =
      atoms.firstIndex { $0.expression == expression && $0.spline == spline } ?? atoms.count
    if atom == atoms.count {
      atoms.append(Atom(expression: expression, degree: 1, needsMoments: false, spline: spline))
    }
    switch kind {
    case .polynomial(_, raw: false), .scaled: atoms[atom].needsMoments = true
    case .identity, .power, .polynomial, .spline: break
    }
    let number = NumericVariable(name: variable.name, atom: atom, kind: kind)
    atoms[atom].degree = max(atoms[atom].degree, number.degree)
    return number
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

  mutating func request(_ expression: Expression) throws {
    let text = expression.textColumns
    for name in expression.columns where !text.contains(name) && kinds[name] == .categorical {
      throw FitError.textUsedAsNumber(column: name, expression: expression.deparsed)
    }
    columns.add(expression)
  }
}

extension Expression {
  /// Base and exponent of I(x^k) for k = 2 … 6.
  fileprivate var integerPower: (base: Expression, exponent: Int)? {
    guard case .call("I", let arguments) = self, arguments.count == 1,
      case .binary(.power, let base, .number(let k)) = arguments[0].value,
      k == k.rounded(), 2...6 ~= k
    else { return nil }
    return (base, Int(k))
  }
}
