// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Marginal means where factors are set apart. Rows are numbers for the columns beside these factors, one more for the
/// intercept with the mean over the levels of those that are averaged over, and one for every level that is looked at.
struct SetApartMeans {
  let tests: LevelTests
  /// In (β, ρ), see `LevelTests`: of every column beside the factors, zero where it was dropped, of the mean, and of levels.
  private let rows: [[Double]]
  private let columns: [ReportedColumn]
  /// Of R's columns.
  private let mean: [Double]
  /// Levels that have a number each.
  private let shown: [(factor: Int, level: Int)]
  private let functions: DenseMatrix
  private let method: DegreesOfFreedomMethod
  private let check: SetApartEstimability

  /// - Parameter factors: Whose levels are looked at.
  /// - Throws: `InferenceError` where the method does not fit the model; `FitError`, `CholmodError`.
  init(
    _ fitted: FittedModel, _ options: MeansOptions, _ factors: [(factor: Int, levels: [Int])]
  ) throws {
    let model = fitted.model
    let (columns, levels) = (model.reportedColumns!, model.fixedLevels!)
    let mean = Self.mean(columns, levels, options.weights, besides: Set(factors.map(\.factor)))
    let all = factors.flatMap { own in own.levels.map { (factor: own.factor, level: $0) } }
    shown = all.count <= MeansRows.mostLevels ? all : []
    var forms = [("the mean over levels", mean)]
    var places: [Int] = []
    for (k, column) in columns.enumerated() {
      guard case .column(let j) = column.place, column.isKept else { continue }
      var unit = [Double](repeating: 0, count: columns.count)
      unit[k] = 1
      forms.append((column.name, unit))
      places.append(j)
    }
    forms += shown.map { ("a level", Self.form(of: $0, columns, levels)) }
    let own = try SetApartForms(fitted, forms, checks: false)
    tests = try LevelTests(fitted, options.method, functions: own.functions)
    let none = [Double](repeating: 0, count: own.rows[0].count)
    var rows = Array(repeating: none, count: model.fixed.names.count)
    for (j, row) in zip(places, own.rows.dropFirst()) { rows[j] = row }
    self.rows = rows + [own.rows[0]] + own.rows.suffix(shown.count)
    (self.columns, self.mean, functions, method) = (columns, mean, own.functions, options.method)
    check = SetApartEstimability(model, columns)
  }

  /// The row in the coordinates of the tests, and the dropped column because of which it cannot be estimated.
  func row(_ c: [Double]) -> (row: [Double], aliased: String?) {
    (tests.turned(untested(c)), columns.allSatisfy(\.isKept) ? nil : check.aliasedColumn(form(c)))
  }

  private func untested(_ c: [Double]) -> [Double] {
    var row = [Double](repeating: 0, count: rows[0].count)
    for (value, own) in zip(c, rows) where value != 0 {
      for k in own.indices { row[k] += value * own[k] }
    }
    return row
  }

  /// A row as numbers for R's columns.
  private func form(_ c: [Double]) -> [Double] {
    let first = rows.count - shown.count
    let share = c[first - 1]
    var form = columns.indices.map { k -> Double in
      if case .column(let j) = columns[k].place { return c[j] }
      return share * mean[k]
    }
    let levels = check.levels
    for (value, level) in zip(c[first...], shown) where value != 0 {
      for (k, own) in Self.form(of: level, columns, levels).enumerated() where own != 0 { form[k] += value * own }
    }
    return form
  }

  /// What R's columns have of a level beside what all levels have in common.
  private static func form(
    of level: (factor: Int, level: Int), _ columns: [ReportedColumn], _ levels: FixedLevels
  ) -> [Double] {
    var unit = levels.factors[level.factor].levels.map { _ in 0.0 }
    unit[level.level] = 1
    let averages = levels.reported!.codings[level.factor].averages(unit)
    return columns.map { column in
      guard case .coordinate(level.factor, let own) = column.place else { return 0 }
      return averages[own]
    }
  }

  /// The intercept and the mean of every factor's levels: all alike, or as often as they occur.
  ///
  /// - Parameter shown: Factors that have no mean.
  private static func mean(
    _ columns: [ReportedColumn], _ levels: FixedLevels, _ weights: MeansWeights, besides shown: Set<Int>
  ) -> [Double] {
    let averages = zip(levels.reported!.codings, levels.shares(weights)).map { $0.averages($1) }
    return columns.map { column in
      switch column.place {
      case .intercept: return 1
      case .column, .dependent: return 0
      case .coordinate(let factor, let coordinate):
        return shown.contains(factor) ? 0 : averages[factor][coordinate]
      }
    }
  }

  /// Means of many levels: their variances come from the inverse of the equations at once.
  ///
  /// - Parameter cells: With rows that have nothing of the levels.
  /// - Throws: `InferenceError` where the method does not fit the model; `FitError`, `CholmodError`.
  func tested(
    _ cells: [MeansRows.Cell], _ fitted: FittedModel, level: Double
  ) throws -> [(test: TTest?, reason: String?)] {
    let levels = fitted.model.fixedLevels!
    let effects = fitted.optimum.estimates.fixedLevelEffects
    let hasDropped = !columns.allSatisfy(\.isKept)
    var known: [[Double]: (shares: DenseMatrix, tests: LevelTests)] = [:]
    return try cells.map { cell in
      let (k, l) = cell.level!
      if hasDropped {
        var form = self.form(cell.row)
        for (column, value) in Self.form(of: (k, l), columns, levels).enumerated() { form[column] += value }
        if let aliased = check.aliasedColumn(form) { return (nil, MarginalMeans.reason(dropped: aliased)) }
      }
      if known[cell.row] == nil {
        let shares = self.shares(of: k, besides: untested(cell.row), fitted.model)
        known[cell.row] = (shares, try LevelTests(fitted, method, functions: functions, shares: shares))
      }
      let own = known[cell.row]!
      guard !own.tests.levels.isEmpty else {
        return (nil, "\(fitted.robustCovariance?.rawValue ?? "this covariance") of so many levels is not computed beside another sparse factor")
      }
      let place = levels.starts[k] + l
      let row = own.tests.turned((0..<own.shares.columns).map { own.shares[place, $0] })
      let share = dot(row, own.tests.estimates)
      let (variance, df) = own.tests.levels[place]
      return (
        fitted.tTest(
          cell.labels.joined(separator: " "), estimate: effects[k][l] - share, value: 0, level: level,
          variance: variance, df.map { Denominator(degreesOfFreedom: $0) }), nil
      )
    }
  }

  /// Shares of (β, ρ) such that a level's effect less them is its mean: what its coefficient has, and less the row.
  private func shares(of k: Int, besides row: [Double], _ model: LinearMixedModel) -> DenseMatrix {
    let (levels, p) = (model.fixedLevels!, model.fixedEffectCount)
    let reported = levels.reported!
    var shares = DenseMatrix(rows: levels.starts.last!, columns: row.count)
    // What the intercept, and columns that the factor explains, have of the levels' effects.
    let others = reported.effects * reported.transform
    for place in levels.starts[k]..<levels.starts[k + 1] {
      for (c, value) in row.enumerated() { shares[place, c] = -value }
      guard place < reported.referenceShares.rows else { continue }
      for c in 0..<others.columns { shares[place, p + c] += others[place, c] }
    }
    return shares
  }
}

extension FixedLevels {
  /// Of every level in the mean over its factor: all alike, or as often as they occur.
  func shares(_ weights: MeansWeights) -> [[Double]] {
    factors.map { factor in
      let squares = weights == .equal ? factor.squares.map { _ in 1 } : factor.squares
      let total = squares.reduce(0, +)
      return squares.map { $0 / total }
    }
  }
}

extension FittedModel {
  /// The factors set apart that means are of.
  ///
  /// - Throws: `InferenceError` for means of factors that are absorbed, and where levels have slopes.
  func factorsApart(in specification: MeansSpecification, _ options: MeansOptions) throws -> [Int] {
    guard let levels = model.fixedLevels else { return [] }
    if levels.hasSlopes || levels.areCells {
      throw InferenceError.refused(
        "marginal means are not computed where levels have slopes with sparse columns, or are those of an interaction (\(levels.factors.last!.name)): test combinations of coefficients as hypotheses, or fit with \(Setting.sparseFixed("none"))."
      )
    }
    func named(_ k: Int, in wanted: [String]) -> String? {
      let name = levels.factors[k].name
      return wanted.first { $0 == name || $0 == columnApart(k) || "factor(\($0))" == name }
    }
    let shown = specification.variables + specification.groups
    return try levels.factors.indices.filter { k in
      let found = named(k, in: shown)
      guard let wanted = found ?? named(k, in: Array(options.values.keys)) else { return false }
      guard levels.reported != nil else {
        throw InferenceError.refused(
          "“\(wanted)” is absorbed, and its levels have no means. If they are wanted write it among the other terms, y ~ x + \(wanted)."
        )
      }
      guard found != nil else {
        throw InferenceError.refused(
          "\(Setting.gridValues(of: wanted)): levels of “\(wanted)”, whose columns are sparse, are fixed where it is among the variables of the means. Write it there, ~ \(specification.variables.joined(separator: " + ")) | \(wanted)."
        )
      }
      return true
    }
  }

  /// - Throws: `InferenceError` for more differences, and slopes, than levels of factors that are set apart allow.
  func checkApart(_ grid: ReferenceGrid, _ options: MeansOptions) throws {
    let own = grid.variables.filter { $0.apart != nil }
    guard let first = own.first else { return }
    if let trend = options.trend {
      throw InferenceError.refused(
        "slopes of \(trend) do not differ between levels of “\(first.name)”, whose columns are sparse and in no interaction.")
    }
    let count = own.reduce(0) { $0 + $1.values.count }
    guard count > MeansRows.mostLevels else { return }
    guard own.count == 1, options.comparison == nil else {
      throw InferenceError.refused(
        "there are \(count) levels of \(own.map(\.name).joined(separator: ", ")), whose columns are sparse; of more than \(MeansRows.mostLevels) there are means by one factor, and no differences. Name those that matter, \(Setting.gridValues(of: first.name, "LEVEL,…")), or test differences as hypotheses."
      )
    }
  }
}
