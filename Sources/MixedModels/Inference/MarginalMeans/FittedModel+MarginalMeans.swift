// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FittedModel {
  private static let mostDifferences = 1_000_000

  /// Marginal means of the combinations of some variables of the fixed part, and their comparisons.
  ///
  /// - Throws: `InferenceError` for unknown variables and values, for a scale or an adjustment that does
  ///   not fit, and where the method does not fit the model.
  public func marginalMeans(
    _ specification: MeansSpecification, _ options: MeansOptions = MeansOptions()
  ) throws -> MarginalMeans {
    try ValueRange.coverage.check(options.level, "level")
    let apart = try factorsApart(in: specification, options)
    let adjustment = try adjustment(options)
    let grid = try ReferenceGrid(self, at: options.values, apart: apart)
    try checkApart(grid, options)
    let trend = try options.trend.map { try MeansTrend($0, grid) }
    let scale = try responseScale(options)
    let nesting = try FactorNesting(self, grid)
    let rows = try MeansRows(
      self, grid, nesting, specification, options.weights, trend: trend)
    let specification = MeansSpecification(
      text: specification.text, variables: specification.variables, groups: rows.groups)
    let tests = MeansTests(
      fitted: self, way: try meansWay(options, grid.variables.compactMap(\.apart)), level: options.level)
    let tested = try tests.tested(rows.cells)
    let means = zip(rows.cells, tested).map { cell, own in
      let (test, reason) = own
      return MarginalMeans.Mean(
        labels: cell.labels, test: scale.map { test?.transformed(by: $0) } ?? test, reason: reason)
    }
    let ratio = scale?.logarithmBase.map(ResponseScale.ratio)
    var hasRatios = false
    let differences = try options.comparison.map { comparison in
      try checkCount(comparison, rows)
      return try rows.families.flatMap { family -> [MarginalMeans.Difference] in
        let (compared, areRatios) = try tests.compared(
          family, comparison, adjustment, ratio, groups: rows.groups.count)
        hasRatios = hasRatios || areRatios
        return compared
      }
    }
    return MarginalMeans(
      formula: fit.formula, specification: specification, method: options.method,
      level: options.level, weights: options.weights, scale: options.scale, trend: trend?.variable,
      comparison: options.comparison, adjustment: adjustment, hasRatios: hasRatios,
      fixedValues: grid.variables.filter { !$0.isFactor || $0.isGiven }.map {
        ($0.name, $0.values.map(\.text))
      }, averaged: rows.averaged + (trend == nil ? columnsApart(besides: apart) : []), means: means,
      differences: differences,
      messages: nesting.descriptions.map { "nested factors: \($0)" }
        + scaleNotes(options, hasRatios: hasRatios)
        + interactionNotes(specification, grid, nesting, trend?.variable))
  }

  /// - Parameter shown: Of factors that are set apart those whose levels are looked at.
  private func meansWay(
    _ options: MeansOptions, _ shown: [(factor: Int, levels: [Int])]
  ) throws -> MeansTests.Way {
    guard let levels = model.fixedLevels else {
      return .dense(try degreesOfFreedom(options.method), try fixedColumns(.fitted))
    }
    return levels.reported == nil
      ? .absorbed(try AbsorbedMeans(self, options)) : .apart(try SetApartMeans(self, options, shown))
  }

  /// The columns of factors that are set apart, or absorbed, and averaged over.
  private func columnsApart(besides shown: [Int]) -> [String] {
    (model.fixedLevels?.factors.indices ?? 0..<0).filter { !shown.contains($0) }.map(columnApart)
  }

  /// - Throws: `InferenceError` where an adjustment is for other comparisons.
  private func adjustment(_ options: MeansOptions) throws -> MultiplicityAdjustment {
    guard options.adjustment != .automatic else {
      return options.comparison?.usualAdjustment ?? .none
    }
    switch (options.adjustment, options.comparison) {
    case (.tukey, .pairwise?), (.tukey, nil), (.dunnett, .control?), (.dunnett, nil): break
    case (.tukey, _):
      throw InferenceError.refused(
        "Tukey's adjustment is for all pairwise differences. For other comparisons there is Sidak's, sidak.")
    case (.dunnett, _):
      throw InferenceError.refused(
        "Dunnett's adjustment is for comparisons with one control. For others there is Sidak's, sidak.")
    default: break
    }
    return options.adjustment
  }

  /// nil where nothing is to be transformed.
  private func responseScale(_ options: MeansOptions) throws -> ResponseScale? {
    guard options.scale == .response else { return nil }
    guard options.trend == nil else {
      throw InferenceError.refused(
        "slopes are those of \(formula.response.deparsed); there is no one slope on the scale of the response. Choose the scale of the model."
      )
    }
    guard let scale = ResponseScale(formula.response) else {
      throw InferenceError.refused(
        "there is no way back from \(formula.response.deparsed) to the scale of the response. Choose the scale of the model."
      )
    }
    return scale.isIdentity ? nil : scale
  }

  private func checkCount(_ comparison: MeansComparison, _ rows: MeansRows) throws {
    let count = rows.families.reduce(0) { $0 + comparison.count(of: $1.count) }
    guard count <= Self.mostDifferences else {
      throw InferenceError.refused(
        "there are \(count) comparisons, and \(Self.mostDifferences) is the limit. Fix some factors by \(Setting.gridValues(of: "FACTOR", "LEVEL")), or write some behind |."
      )
    }
  }

  private func scaleNotes(_ options: MeansOptions, hasRatios: Bool) -> [String] {
    var notes: [String] = []
    if case .column = formula.response {
    } else if options.scale == .model {
      notes.append("results are on the scale of \(formula.response.deparsed)")
    } else {
      notes.append(
        "means are transformed back from \(formula.response.deparsed), with standard errors by the delta method; tests are those of \(formula.response.deparsed)"
      )
      if options.comparison != nil, !hasRatios {
        notes.append("comparisons are on the scale of \(formula.response.deparsed)")
      }
    }
    if !products.basis.offsets.isEmpty { notes.append("the offset is taken as zero") }
    return notes
  }

  /// What is compared interacts with something that is averaged over or stands at its mean.
  private func interactionNotes(
    _ specification: MeansSpecification, _ grid: ReferenceGrid, _ nesting: FactorNesting,
    _ trend: String?
  ) -> [String] {
    let compared = specification.variables + [trend].compactMap(\.self)
    let shown = Set(compared + specification.groups)
    var told: Set<String> = []
    return fixedTerms.terms.flatMap { term -> [String] in
      let columns = columns(of: term)
      // A slope differs by what interacts with its own variable only.
      guard columns.contains(where: compared.contains), trend.map(columns.contains) ?? true else {
        return []
      }
      return grid.variables.compactMap { other in
        guard columns.contains(other.name), !shown.contains(other.name), !other.isGiven,
          !other.isFactor || other.values.count > 1,
          !(nesting.parents[other.name] ?? []).contains(where: shown.contains),
          told.insert(other.name).inserted
        else { return nil }
        let place = other.isFactor ? "averaged over" : "at its mean"
        let remedy =
          other.isFactor
          ? "look within its levels, ~ … | \(other.name)"
          : "look at values of it, \(Setting.gridValues(of: other.name, "VALUE,…"))"
        return
          "\(other.name), which is \(place), interacts with what is looked at (\(term.label)), so that results may mislead: \(remedy)"
      }
    }
  }

  /// The columns of the table that a term uses.
  private func columns(of term: BoundTerm) -> Set<String> {
    let basis = products.basis
    return Set(
      term.factors.flatMap { factor -> [String] in
        switch basis.factors[factor.variable.source] {
        case .column(let name): [name]
        case .logical(let expression): expression.gridVariables
        }
      } + term.numbers.flatMap { basis.atoms[$0.atom].expression.gridVariables })
  }
}
