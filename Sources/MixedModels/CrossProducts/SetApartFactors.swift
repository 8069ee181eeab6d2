// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Which factors of a formula's fixed part can be kept as sparse columns, and which are to be.
struct SetApartFactors {
  /// A factor that is a term by itself, and in others with numbers alone.
  private struct Candidate {
    /// Of the variable, or the interaction, as in coefficients.
    let name: String
    /// Two of an interaction.
    let columns: [String]
    /// Whether its contrasts are for a factor that is set apart alone.
    let isAlone: Bool
    /// Beyond which it is not set apart unasked.
    let mostLevels: Int
    /// Labels of its products with numbers, which are set apart with it.
    var slopes: [String] = []
    /// Labels of an interaction's factors that are terms, which it explains.
    var margins: [String] = []

    /// Of the terms to be set apart.
    var labels: [String] { [name] + slopes }

    func isNamed(_ text: String) -> Bool {
      // R writes the factors of an interaction in the order in which the formula first has them.
      (columns + margins + [name, columns.reversed().joined(separator: ":")]).contains { $0.hasBytes(of: text) }
    }

    /// - Parameter levels: Of a column.
    func isLarge(_ levels: (String) -> Int) -> Bool {
      let count = columnCount(levels)
      guard count <= Double(mostLevels) else { return false }
      return columns.contains { levels($0) >= SparseFixedEffects.fewestLevels }
        || columns.count > 1 && count >= Double(SparseFixedEffects.fewestCells)
    }

    func columnCount(_ levels: (String) -> Int) -> Double { columns.reduce(1) { $0 * Double(levels($1)) } }
  }

  /// So many levels met where fewer were expected.
  struct ManyLevels: Error {
    /// Of the variables to be set apart.
    let names: [String]
  }

  private var candidates: [Candidate] = []
  /// Why a factor of the fixed part is none of them, by its name in coefficients.
  private var reasons: [String: String] = [:]
  /// Of every term of the fixed part, with the columns of its factors.
  private let terms: [(label: String, columns: [String])]
  private let formula: Formula
  /// Why there are no candidates, in words that follow the name of a factor; nil where there may be some.
  private(set) var obstacle: String?

  init(_ formula: Formula, kinds: [String: ColumnKind], _ options: FitOptions) {
    self.formula = formula
    obstacle = Self.obstacle(formula, options)
    let fixed = formula.writtenFixed ?? formula.fixed
    func isFactor(_ variable: Variable) -> Bool {
      switch variable.kind {
      case .column(let name): kinds[name] == .categorical || kinds[name] == .logical
      case .factor, .logical: true
      case .polynomial, .scaled, .spline, .numeric: false
      }
    }
    terms = fixed.terms.map { term in
      let factors = term.map { fixed.variables[$0] }.filter(isFactor)
      return (fixed.label(of: term), factors.compactMap(\.columnAsFactor))
    }
    guard obstacle == nil else { return }
    let columns = fixed.variables.map(\.columnAsFactor)
    let codings = fixed.codings(isFactor: fixed.variables.map(isFactor))
    /// Whether a term with a factor is a slope for every level, and why it is none that can be kept so.
    func problem(_ t: Int, of factor: Int) -> String? {
      let (term, label) = (fixed.terms[t], fixed.label(of: fixed.terms[t]))
      let numbers = term.filter { $0 != factor }
      guard numbers.allSatisfy({ fixed.variables[$0].isSingleNumber && !isFactor(fixed.variables[$0]) }) else {
        return "is in \(label), and of interactions only those with numbers, and between two factors with treatment contrasts that are in no other, are sparse"
      }
      let isDifference = codings[t][term.firstIndex(of: factor)!] == .contrasts
      return !isDifference || fixed.terms.contains(numbers)
        ? nil : "is in \(label) without \(fixed.label(of: numbers)) by itself, and the columns of such interactions are dense"
    }
    for term in fixed.terms where term.count == 1 {
      let variable = fixed.variables[term[0]]
      guard let column = variable.columnAsFactor, isFactor(variable), kinds[column] != .logical else { continue }
      let contrast = options.contrasts[column] ?? options.defaultContrast ?? .treatment
      let products = fixed.terms.indices.filter { fixed.terms[$0].count > 1 && fixed.terms[$0].contains(term[0]) }
      if let problem = products.lazy.compactMap({ problem($0, of: term[0]) }).first {
        reasons[variable.name] = problem
      } else if columns.count(where: { $0 == column }) > 1 {
        reasons[variable.name] = "is there more than once"
      } else if formula.hasRandomIntercept(of: column) {
        reasons[variable.name] = "has a random intercept of its own"
      } else if contrast != .treatment, !fixed.hasIntercept {
        reasons[variable.name] = "has \(contrast.word) contrasts beside no intercept, and their columns are dense"
      } else if !contrast.spansLevels {
        reasons[variable.name] = "has given contrasts that are not one fewer than its levels, and their columns are dense"
      } else {
        candidates.append(
          Candidate(
            name: variable.name, columns: [column], isAlone: contrast != .treatment,
            mostLevels: contrast.mostLevels,
            slopes: products.map { fixed.label(of: fixed.terms[$0]) }))
      }
    }
    addCells(fixed, isFactor: isFactor, kinds, options)
    // Without an intercept the first factor has all its levels' columns.
    if !fixed.hasIntercept {
      let first = fixed.terms.first { $0.contains { isFactor(fixed.variables[$0]) } }
      guard let first, first.count == 1,
        candidates.first?.name == fixed.variables[first[0]].name
      else {
        candidates = []
        obstacle = "stands beside no intercept and is not the first factor"
        return
      }
    }
  }

  /// Interactions of two factors that are in no other: their levels are the cells that occur.
  private mutating func addCells(
    _ fixed: ModelTerms, isFactor: (Variable) -> Bool, _ kinds: [String: ColumnKind], _ options: FitOptions
  ) {
    guard fixed.hasIntercept else { return }
    for term in fixed.terms where term.count == 2 {
      let variables = term.map { fixed.variables[$0] }
      let columns = variables.compactMap(\.columnAsFactor)
      guard variables.allSatisfy(isFactor), columns.count == 2, columns[0] != columns[1],
        columns.allSatisfy({ kinds[$0] != .logical }),
        columns.allSatisfy({ (options.contrasts[$0] ?? options.defaultContrast ?? .treatment) == .treatment }),
        // Whatever else these factors are in is a part of it.
        fixed.terms.allSatisfy({ other in Set(other).isSubset(of: term) || Set(other).isDisjoint(with: term) }),
        columns.allSatisfy({ column in fixed.variables.count { $0.columnAsFactor == column } == 1 }),
        !formula.randomTerms.contains(where: { random in
          Set(random.grouping.compactMap(\.columnAsFactor)).isSubset(of: columns) && random.terms.hasIntercept
        })
      else { continue }
      let margins = fixed.terms.filter { $0.count == 1 && term.contains($0[0]) }
      candidates.append(
        Candidate(
          name: fixed.label(of: term), columns: columns, isAlone: true, mostLevels: SparseFixedEffects.mostCells,
          margins: margins.map { fixed.label(of: $0) }))
      for name in variables.map(\.name) { reasons[name] = nil }
    }
  }

  /// What no factor can be set apart beside.
  private static func obstacle(_ formula: Formula, _ options: FitOptions) -> String? {
    if !formula.absorbedFactors.allSatisfy(\.isReported) { return "stands beside absorbed factors" }
    if options.residual != nil { return "stands beside covariances between residuals" }
    if options.residualBy != nil { return "stands beside strata of the residual variance" }
    if options.clusters != nil { return "stands beside clusters" }
    return nil
  }

  /// The columns of the candidates.
  var columns: [String] { candidates.flatMap(\.columns) }

  /// Of all factors.
  var hasFactors: Bool { terms.contains { !$0.columns.isEmpty } }

  /// Nobody waits unasked for more dense columns of one term.
  private static let mostDense = 4000.0

  /// - Parameters:
  ///   - names: Of factors that are set apart.
  ///   - levels: Of a column, as far as they were seen.
  /// - Throws: `FitError.manyDenseColumns`.
  func checkDense(besides names: [String], levels: (String) -> Int) throws(FitError) {
    // The interaction that is why a factor is not set apart comes behind it.
    let explained = candidates.filter { names.contains($0.name) }.flatMap(\.margins)
    for term in terms.reversed() where !(names + explained).contains(term.label) {
      let counts = term.columns.map(levels)
      guard let most = counts.max(), most >= SparseFixedEffects.fewestLevels else { continue }
      let count = counts.reduce(1.0) { $0 * Double(max($1, 1)) }
      guard count >= Self.mostDense else { continue }
      throw .manyDenseColumns(
        term: term.label, factor: term.columns[counts.firstIndex(of: most)!], count: Int(min(count, 1e15)))
    }
  }

  /// Of the candidates whose columns have many levels, the names of those to be set apart.
  ///
  /// - Parameter levels: Of a column, as far as they were seen.
  func names(levels: (String) -> Int) -> [String] {
    let many = candidates.filter { $0.isLarge(levels) }
    // An interaction stands alone: the most columns count.
    let largest = many.max { $0.columnCount(levels) < $1.columnCount(levels) }
    if let largest, largest.columns.count > 1 { return largest.labels }
    return compatible(many.filter { $0.columns.count == 1 }).flatMap(\.labels)
  }

  /// Rows can be read again with sparse columns where a factor turns out to have many levels.
  ///
  /// - Throws: `ManyLevels`
  func check(_ cellSets: [CellSet], _ basis: RawBasis) throws {
    let many = names(levels: { column in
      let source = basis.factors.firstIndex(of: .column(column))
      let set = source.flatMap { basis.cellSets.firstIndex(of: .factor($0)) }
      return set.map { cellSets[$0].count } ?? 0
    })
    if !many.isEmpty { throw ManyLevels(names: many) }
  }

  /// Slopes, and other contrasts than treatment contrasts, are for one factor alone; without an intercept the first must be among them.
  private func compatible(_ chosen: [Candidate]) -> [Candidate] {
    let own = chosen.first { !$0.slopes.isEmpty }
    let kept = own.map { [$0] } ?? (chosen.count == 1 ? chosen : chosen.filter { !$0.isAlone })
    let hasIntercept = (formula.writtenFixed ?? formula.fixed).hasIntercept
    return hasIntercept || kept.first?.name == candidates.first?.name ? kept : []
  }

  /// The names of those that were asked for.
  ///
  /// - Throws: `FitError.sparseFixed` for a factor that cannot be set apart.
  func names(_ wanted: [String]) throws(FitError) -> [String] {
    let factors = wanted.filter { name in
      // Slopes come with their factor.
      !candidates.contains { own in
        own.slopes.contains { $0.hasBytes(of: name) } && wanted.contains { own.isNamed($0) }
      }
    }
    let found = factors.map { name in candidates.first { $0.isNamed(name) } }
    for (name, candidate) in zip(factors, found) where candidate == nil {
      throw .sparseFixed(
        name,
        obstacle ?? reasons[name] ?? reasons["factor(\(name))"]
          ?? "is no factor that stands by itself in the fixed part"
      )
    }
    let chosen = candidates.filter { own in found.contains { $0?.name == own.name } }
    guard compatible(chosen).count == chosen.count else {
      throw .sparseFixed(
        wanted.joined(separator: ", "),
        "cannot be had together: slopes of levels, interactions, and contrasts other than treatment are for one factor alone, and without an intercept the formula's first factor must be among them"
      )
    }
    return chosen.flatMap(\.labels)
  }
}

extension Variable {
  /// The column that is taken as a factor; nil for others.
  fileprivate var columnAsFactor: String? {
    switch kind {
    case .column(let name), .factor(let name, _): name
    default: nil
    }
  }

  /// Whether it is one column, if it is no factor.
  fileprivate var isSingleNumber: Bool {
    switch kind {
    case .column, .numeric, .scaled: true
    case .factor, .logical, .polynomial, .spline: false
    }
  }
}

extension Contrast {
  /// Of sparse columns that nobody asked for.
  fileprivate var mostLevels: Int {
    switch self {
    case .treatment, .sum: .max
    case .helmert, .deviation, .successiveDifferences: SparseFixedEffects.mostCombined
    case .matrix: SparseFixedEffects.largestMatrix
    // More than a hundred have no polynomials.
    case .polynomial: 0
    }
  }

  /// Whether columns and the constant are as many as levels.
  fileprivate var spansLevels: Bool {
    guard case .matrix(let levels, let names, _) = self else { return true }
    return names.count == levels.count - 1
  }
}

extension Formula {
  /// Whether there is (1 | column): nothing but the same levels' fixed effects tells its variance.
  fileprivate func hasRandomIntercept(of column: String) -> Bool {
    randomTerms.contains { term in
      term.grouping.count == 1 && term.grouping[0].columnAsFactor == column && term.terms.hasIntercept
    }
  }
}
