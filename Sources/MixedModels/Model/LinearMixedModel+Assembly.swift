// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames
import NumericalMethods

extension CrossProducts {
  /// - Throws: `FitError.outOfRange` where sums of weights or of squares have overflown or vanished.
  fileprivate func checkRange() throws(FitError) {
    let mean = sumOfWeights / Double(observations)
    guard sumOfWeights.hasNormalRange else {
      throw .outOfRange("the mean weight", size: mean, changes: nil)
    }
  }
}

extension Double {
  /// Neither infinite nor so small that digits are lost.
  var hasNormalRange: Bool { isFinite && abs(self) >= .leastNormalMagnitude }
}

extension LinearMixedModel {
  /// Reads the data in one pass and maps what it gave to working coordinates.
  ///
  /// - Throws: `FormulaError`, `DataError` or `FitError`.
  package init(_ formula: Formula, data: [any TableSource], options: FitOptions) throws {
    try self.init(CrossProducts(formula, data: data, options: options), options: options)
  }

  /// Maps cross-products from raw to working coordinates.
  ///
  /// - Throws: `FitError` where the data cannot carry the model: the checks of lme4, in our words.
  init(_ products: CrossProducts, options: FitOptions) throws {
    var products = products
    try self.init(releasing: &products, options: options)
  }

  /// The same, with the raw blocks of levels and pairs given back as they are mapped: `products`
  /// keeps counts, levels and the fixed part only.
  package init(releasing products: inout CrossProducts, options: FitOptions) throws {
    let specification = products.specification
    guard products.observations > 0 else {
      throw FitError.noRows(
        omitted: products.omittedObservations, empty: products.emptyColumns)
    }
    try MemoryWatch().checkAssembly(products)
    try products.checkRange()
    try products.checkAssembly()
    let absorbed = specification.absorbed
    let grouping = products.basis.groups.indices.map { g in
      specification.randomTerms.first { $0.group == g }?.grouping
        ?? absorbed.first { $0.group == g }!.grouping
    }
    let levels = try grouping.indices.map { g in
      try GroupLevels(
        grouping[g], cellSet: products.basis.groups[g].cellSet,
        builder: DesignBuilder(products: products, options: options))
    }
    let absorption =
      absorbed.isEmpty
      ? nil : try FixedLevelsAssembly(releasing: &products, absorbed, levels, options)
    let (x, z) = try Self.designs(
      DesignBuilder(products: products, options: options), absorption)

    let random = products.groups.indices.dropLast(absorbed.count)
    let members = random.map { g in z.filter { $0.bound.group == g } }
    try Self.checkMemory(products, x, members)
    let independent = random.map { g in
      RandomEffectsGroup(
        releasing: &products.groups[g], levels: levels[g], B: .joined(members[g].map(\.B)),
        fixed: x, threads: options.threads)
    }
    var groups = try Self.related(independent, members, options)
    let fixedLevels = try absorption?.fixedLevels(
      releasing: &products, &groups, x, z, DesignBuilder(products: products, options: options))
    (self.groups, self.fixedLevels) = (groups, fixedLevels)
    // Levels of one group are paired by steps in time between them alone.
    let met = products.groupPairs.enumerated().filter { pair, indices in
      indices.1 < groups.count && (indices.0 < indices.1 || !products.pairs[pair].isEmpty)
    }
    pairs = met.map { [groups] pair, indices in
      CoOccurrence(
        releasing: &products.pairs[pair], rowGroup: indices.0, columnGroup: indices.1,
        groups: groups)
    }
    let coordinates = WorkingCoordinates(
      fixed: x, absorption: absorption.map { ($0, fixedLevels!) }, levels: levels,
      B: members.map { .joined($0.map(\.B)) }, pairs: met.map(\.offset), rawPairs: products.groupPairs,
      threads: options.threads)
    func related(_ groups: [RandomEffectsGroup]) throws -> [RandomEffectsGroup] {
      try Self.related(groups, members, options)
    }
    let strata = try Self.strata(
      releasing: &products, coordinates, options: options, whole: (groups, pairs), related: related)
    let steps = try Self.steps(
      releasing: &products, coordinates, options: options, whole: (groups, pairs), tail: x.tail,
      strata: strata, related: related)
    (terms, covariance) = Self.reported(z, groups)
    covariance.residual = steps?.structure ?? strata?.structure
    parts = steps?.parts ?? strata?.parts
    observations = products.observations
    sumOfLogWeights = products.sumOfLogWeights
    (tail, fixed) = (x.tail, x.coordinates)
    lostDigits = x.lostDigits
    lostDigits.columns += z.flatMap(\.lostDigits)
    knownVariance = options.knownSigma.map { $0 * $0 }
    if !options.covaryingFactors.isEmpty { try covary(options.covaryingFactors) }
    if !options.held.isEmpty {
      guard options.knownTheta == nil else {
        throw FitError.numerical(
          "all of θ is known, and single parameters are held as well: give \(Setting.knownTheta) or \(Setting.held)."
        )
      }
      covariance = try holding(options.held)
    }
    try check(specification, x)
  }

  /// The groups with their relationships.
  ///
  /// - Throws: `RelationshipError`
  private static func related(
    _ groups: [RandomEffectsGroup], _ members: [[RandomTermAssembly]], _ options: FitOptions
  ) throws(RelationshipError) -> [RandomEffectsGroup] {
    let names = members.map { $0[0].bound.groupName }
    for name in options.relationships.keys.sorted() where !names.containsLabel(name) {
      throw .noSuchFactor(name, known: names)
    }
    var related = groups
    for (g, name) in names.enumerated() {
      if let grid = members[g][0].grid {
        guard options.relationships[name] == nil else { throw RelationshipError.ofAxes(name) }
        let axes = grid.axes
        related[g] = groups[g].with(
          grid.missing, .sparse(axes.precision(axes.values(axes.start[...]))!))
        continue
      }
      guard let relationship = options.relationship(of: name) else { continue }
      related[g] = try groups[g].related(by: relationship, factor: name)
    }
    return related
  }

  /// Whether the levels' products can be had in working columns, and the derivatives by as many
  /// parameters as these make.
  ///
  /// - Throws: `FitError.memoryShortage`
  private static func checkMemory(
    _ products: CrossProducts, _ x: FixedAssembly, _ members: [[RandomTermAssembly]]
  ) throws(FitError) {
    var (bytes, parameters) = (0.0, 0.0)
    for (group, terms) in zip(products.groups, members) {
      let ℓ = terms.reduce(0) { $0 + Double($1.B.columns) }
      bytes += 8 * Double(group.levelCount) * ℓ * (ℓ + Double(x.tail.rows))
      parameters += terms.reduce(0) { $0 + $1.parameterCount }
    }
    bytes *= Double(1 + products.parts.count)
    bytes = max(bytes - Double(products.groupBytes), 0) + 32 * parameters * parameters
    do throws(MemoryShortage) {
      try requireMemory(
        bytes, for: "\(members.joined().count) random-effects terms (\(Int(parameters)) parameters)",
        remedy: "Take out terms or some of their columns.")
    } catch { throw .memoryShortage(error.description) }
  }

  private static func designs(
    _ builder: DesignBuilder, _ absorption: FixedLevelsAssembly?
  ) throws -> (FixedAssembly, [RandomTermAssembly]) {
    let specification = builder.products.specification
    return (
      try FixedAssembly(specification, builder, absorption),
      try specification.randomTerms.map { try RandomTermAssembly($0, builder) }
    )
  }

  /// The terms and their blocks of Λ in lme4's order: as written, unless a later term has more
  /// levels; then by decreasing levels, ties reversed.
  private static func reported(
    _ z: [RandomTermAssembly], _ groups: [RandomEffectsGroup]
  ) -> ([ReportedTerm], RelativeCovariance) {
    var offsets = groups.map { _ in 0 }
    var written: [(place: (Int, Int), term: ReportedTerm, block: RelativeCovariance.Block)] = []
    for assembly in z {
      let g = assembly.bound.group
      for (k, piece) in assembly.pieces.enumerated() {
        let block = RelativeCovariance.Block(
          group: g, offset: offsets[g], size: piece.columns.count, R: piece.R,
          structure: assembly.structure)
        offsets[g] += piece.columns.count
        let group = assembly.bound.groupName
        written.append(
          (
            (assembly.bound.range.lowerBound, k),
            ReportedTerm(
              name: group, group: g, groupName: group, columns: piece.columns,
              structure: assembly.structureWord), block
          ))
      }
    }
    // lme4 takes `||` apart before `/`: (x || a/b) is (1 | a/b) + (0 + x | a/b).
    var pieces = written.indices.sorted {
      (written[$0].place.0, written[$0].place.1, $0) < (
        written[$1].place.0, written[$1].place.1, $1
      )
    }.map { written[$0] }
    let counts = pieces.map { groups[$0.term.group].levelCount }
    if zip(counts, counts.dropFirst()).contains(where: { $0 < $1 }) {
      let order = counts.indices.sorted { (counts[$0], $0) < (counts[$1], $1) }
      pieces = order.reversed().map { pieces[$0] }
    }
    var seen: [String: Int] = [:]
    let terms = pieces.map { piece in
      let count = seen[piece.term.groupName, default: 0]
      seen[piece.term.groupName] = count + 1
      var term = piece.term
      if count > 0 { term.name += ".\(count)" }
      return term
    }
    let covariance = RelativeCovariance(
      blocks: pieces.map(\.block), groupSizes: groups.map(\.size))
    return (terms, covariance)
  }

  private func check(_ specification: ModelSpecification, _ x: FixedAssembly) throws {
    let n = observations
    guard !x.responseIsConstant else {
      throw FitError.constantResponse(specification.formula.response.deparsed)
    }
    try checkRange(specification)
    for (term, block) in zip(terms, covariance.blocks) {
      let levels = groups[term.group].levelCount
      if levels < 2 { throw FitError.oneLevel(group: term.groupName) }
      // Related levels, and any levels beside residuals of a known size, are told from residuals.
      guard groups[term.group].precision.isIdentity, knownVariance == nil,
        covariance.knownDeviation == nil
      else { continue }
      if levels >= n {
        throw FitError.asManyLevelsAsRows(group: term.groupName, levels: levels, rows: n)
      }
      // A structure's correlations may be told from residuals even so.
      if levels * term.columns.count >= n, block.structure?.isToldFromResiduals != true {
        throw FitError.tooManyRandomEffects(
          group: term.groupName, effects: levels * term.columns.count, rows: n)
      }
    }
    guard n > fixedRank else { throw FitError.tooFewRows(rows: n, columns: fixedRank) }
    // What D and X leave is known in the digits of what they were taken off.
    let rest = tail[tail.rows - 1, tail.columns - 1] * fixed.responseScale * fixed.responseScale
    if let fixedLevels, rest <= 1e-13 * fixedLevels.squares.total {
      throw FitError.zeroResidualVariance
    }
    if groups.isEmpty, specification.residual == nil,
      explainsExactly((max(rest, 0) / Double(n - fixedRank)).squareRoot())
    {
      throw FitError.zeroResidualVariance
    }
  }

  /// A structured term with as many effects as there are rows, as `ar1(a, b | g)`, and its block; nil where none has.
  var termOfRows: (block: Int, name: String)? {
    zip(terms, covariance.blocks).enumerated().first { _, next in
      let (term, block) = next
      return block.structure != nil && groups[term.group].levelCount * block.size >= observations
    }.map { index, next in
      let term = next.0
      return (index, "\(term.structure ?? "")(\(term.columns.joined(separator: ", ")) | \(term.groupName))")
    }
  }

  /// - Throws: `FitError.outOfRange` where σ² or the response's own variance would overflow or vanish.
  private func checkRange(_ specification: ModelSpecification) throws(FitError) {
    let (name, last) = (specification.formula.response.deparsed, tail.rows - 1)
    let sigma = fixed.responseScale * (max(tail[last, last], 0) / Double(observations)).squareRoot()
    let size = sigma / usualWeight.squareRoot()
    guard sigma != 0 else { return }  // that is another fault
    guard (size * size).hasNormalRange else {
      throw .outOfRange("the response \(name)", size: size, changes: nil)
    }
    guard (sigma * sigma).hasNormalRange else {
      throw .outOfRange(
        "the response \(name) times the roots of its weights", size: sigma, changes: nil)
    }
  }
}
