// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames

/// How R codes the levels of a factor that is set apart, or the slopes of its levels.
///
/// Effects d of the levels are m(d), what all have in common, and coefficients of R's columns: the coordinates of d, as
/// many as there are levels.
struct LevelCoding: Sendable {
  enum Kind: Sendable {
    /// All levels have a column, and nothing in common.
    case indicators
    /// m(d) is the first level's effect, and coefficients are dⱼ − m(d).
    case treatment
    /// m(d) is the mean, coefficients are dⱼ − m(d), and the last level has no column.
    case sum
    /// Columns combine levels.
    case combinations(LevelContrasts)
    /// Levels are the cells of two factors.
    case cells(CellCoding)
  }
  let kind: Kind
  let levelCount: Int
  /// The number that the levels have slopes of among the columns beside the factors, if it is one of them.
  let parent: Int?
  /// R's columns in their order, and the coordinates that are their coefficients; nil for one that depends on those
  /// before.
  let columns: [(name: String, coordinate: Int?)]
  /// The terms that these are of, in the written formula, and which are whose.
  let terms: [(term: Int, columns: Range<Int>)]

  /// - Parameters:
  ///   - k: The factor among those that are set apart.
  ///   - contrast: Its columns', where levels have something in common.
  /// - Throws: `FitError` for contrasts that do not span what the levels do, `ContrastError`.
  init(
    _ k: Int, _ written: ModelTerms, _ builder: DesignBuilder, _ levels: FixedLevels, _ contrast: Contrast,
    _ parts: [ReportedLevels.Part]
  ) throws {
    let factor = builder.products.specification.absorbed[k]
    let term = written.terms.first { written.label(of: $0).hasBytes(of: factor.name) }!
    let own = term.firstIndex { written.variables[$0].name.hasBytes(of: factor.grouping[0].name) }!
    let numbers = term.filter { $0 != term[own] }
    var parent: Int?
    for (other, part) in zip(written.terms, written.hasIntercept ? parts.dropFirst() : parts[...])
    where other == numbers {
      if case .columns(let range) = part { parent = range.lowerBound }
    }
    self.parent = parent
    let labels = levels.factors[k].levels
    levelCount = labels.count
    let isWhole = numbers.isEmpty ? !written.hasIntercept && k == 0 : parent == nil
    switch contrast {
    case _ where isWhole: kind = .indicators
    case .treatment: kind = .treatment
    case .sum: kind = .sum
    default: kind = .combinations(try LevelContrasts(contrast, factor.grouping[0].name, levels: labels))
    }
    let names = term.map { written.variables[$0].name }
    let (before, behind) = (names[...own].joined(separator: ":"), names[(own + 1)...].map { ":" + $0 }.joined())
    func named(_ suffixes: [String], _ coordinate: (Int) -> Int?) -> [(String, Int?)] {
      suffixes.enumerated().map { (before + $1 + behind, coordinate($0)) }
    }
    switch kind {
    case .indicators: columns = named(labels) { $0 }
    case .treatment: columns = named(contrast.columnNames(levels: labels)) { $0 + 1 }
    case .sum: columns = named(contrast.columnNames(levels: labels)) { $0 }
    case .combinations(let contrasts): columns = named(contrasts.names) { $0 }
    case .cells: preconditionFailure("they are of two factors")
    }
    terms = [(written.terms.firstIndex(of: term)!, columns.indices)]
  }

  /// Of the cells of two factors.
  ///
  /// - Throws: `FitError` for other contrasts than treatment contrasts, and where most of very many cells are empty.
  init(cells k: Int, _ written: ModelTerms, _ builder: DesignBuilder, _ levels: FixedLevels) throws {
    let factor = builder.products.specification.absorbed[k]
    let term = written.terms.first { written.label(of: $0).hasBytes(of: factor.name) }!
    for variable in factor.grouping {
      let contrast = variable.column.flatMap { builder.options.contrasts[$0] } ?? .treatment
      guard contrast == .treatment else {
        throw FitError.sparseFixed(factor.name, "has \(contrast.word) contrasts of \(variable.name)")
      }
    }
    let own = try factor.grouping.map { try builder.levels(of: $0) }
    let codes = builder.factorCodes(builder.products.basis.groups[factor.group].cellSet)
    let ranks = zip(factor.grouping, own).map { variable, levels in codes[variable.source]!.map { levels.rank[Int($0)] } }
    var cells = levels.factors[k].levels.map { _ in (0, 0) }
    for (cell, level) in levels.factors[k].rank.enumerated() { cells[level] = (ranks[0][cell], ranks[1][cell]) }
    let counts = (own[0].labels.count, own[1].labels.count)
    for (variable, levels) in zip(factor.grouping, own) where levels.labels.count < 2 {
      throw FitError.oneLevelFactor(variable.name)
    }
    guard counts.0 * counts.1 <= SparseFixedEffects.mostCells else {
      throw FitError.sparseFixed(
        factor.name, "has \(counts.0 * counts.1) columns, most of them for levels that do not occur together")
    }
    let margins = written.terms.filter { $0.count == 1 && term.contains($0[0]) }
    let coding = CellCoding(cells, counts, margins: margins.map { term.firstIndex(of: $0[0])! })
    kind = .cells(coding)
    levelCount = cells.count
    parent = nil
    let names = zip(term, own).map { variable, levels in levels.labels.map { written.variables[variable].name + $0 } }
    var columns: [(name: String, coordinate: Int?)] = []
    terms = zip(margins + [term], coding.terms).map { term, own in
      let start = columns.count
      columns += own.map { column in
        let parts = [column.levels.0.map { names[0][$0] }, column.levels.1.map { names[1][$0] }]
        return (parts.compactMap(\.self).joined(separator: ":"), column.coordinate)
      }
      return (written.terms.firstIndex(of: term)!, start..<columns.count)
    }
    self.columns = columns
  }

  /// The coordinates of a term's columns in the written formula, and m(d).
  func coordinates(ofTerm term: Int) -> [Int] {
    [base].compactMap(\.self)
      + terms.filter { $0.term == term }.flatMap { columns[$0.columns].compactMap(\.coordinate) }
  }

  /// The coordinate m(d).
  var base: Int? {
    switch kind {
    case .indicators: nil
    case .treatment: 0
    case .sum, .combinations: levelCount - 1
    case .cells(let cells): cells.base
    }
  }

  /// Whether coordinates but m(d) are their levels' effects less m(d), and not other combinations of effects.
  var isOfSingleLevels: Bool {
    switch kind {
    case .indicators, .treatment, .sum: true
    case .combinations, .cells: false
    }
  }

  /// Whether Σ sⱼdⱼ is what coefficients of R's columns have of it whichever of those that depend on others are dropped,
  /// as far as the coding makes them depend.
  ///
  /// - Parameter c: Of columns that are no coordinates.
  func isDetermined(_ s: ArraySlice<Double>, _ c: [Int: Double]) -> Bool {
    guard case .cells(let cells) = kind else { return true }
    return cells.isDetermined(Array(s), c)
  }

  func coordinates(_ d: ArraySlice<Double>) -> [Double] {
    if case .combinations(let contrasts) = kind { return contrasts.coordinates(d) }
    if case .cells(let cells) = kind { return cells.coordinates(d) }
    guard let base else { return Array(d) }
    let common = base > 0 ? d.reduce(0, +) / Double(d.count) : d[d.startIndex]
    var e = d.map { $0 - common }
    e[base] = common
    return e
  }

  /// A coordinate as a combination of effects.
  func function(_ coordinate: Int) -> [(level: Int, value: Double)] {
    let own = coordinate == base ? [] : [(level: coordinate, value: 1.0)]
    let sign = coordinate == base ? 1.0 : -1.0
    switch kind {
    case .indicators: return own
    case .treatment: return own + [(0, sign)]
    case .sum: return own + (0..<levelCount).map { ($0, sign / Double(levelCount)) }
    case .combinations(let contrasts): return contrasts.function(coordinate)
    case .cells(let cells): return cells.function(coordinate)
    }
  }

  /// The effects' coefficients in a combination of coordinates: Σ cⱼeⱼ(d).
  func weights(_ c: [Double]) -> [Double] {
    if case .cells(let cells) = kind { return cells.weights(c) }
    var weights = [Double](repeating: 0, count: levelCount)
    guard isOfSingleLevels else {
      for (coordinate, value) in c.enumerated() where value != 0 {
        for (level, share) in function(coordinate) { weights[level] += value * share }
      }
      return weights
    }
    guard let base else { return c }
    weights = c
    weights[base] = 0
    let rest = c[base] - weights.reduce(0, +)
    for (level, share) in function(base) { weights[level] += rest * share }
    return weights
  }

  /// The coordinates' coefficients in a combination of effects, Σ sⱼdⱼ.
  func averages(_ s: [Double]) -> [Double] {
    if case .combinations(let contrasts) = kind { return contrasts.averages(s) }
    if case .cells(let cells) = kind { return cells.averages(s) }
    guard let base else { return s }
    var averages = base > 0 ? s.map { $0 - s[base] } : s
    averages[base] = s.reduce(0, +)
    return averages
  }

  /// From log |DᵀV⁻¹D| of the levels' indicators D to that of what they have in common and R's columns.
  var logDeterminant: Double {
    switch kind {
    case .indicators, .treatment, .cells: 0
    case .sum: 2 * log(Double(levelCount))
    case .combinations(let contrasts): contrasts.logDeterminant
    }
  }
}
