// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// The rows of L whose products with β are marginal means.
struct MeansRows {
  struct Cell {
    let labels: [String]
    /// As emmeans names it in differences.
    let name: String
    /// One number for every column of X, and more where factors are set apart, see `SetApartMeans`.
    let row: [Double]
    /// The level that the mean is of as a factor that is set apart has it, where there are too many for a number each.
    let level: (factor: Int, level: Int)?
  }
  /// Levels of factors that are set apart which have a number each in rows: differences of more are not for anybody to
  /// read.
  static let mostLevels = 300

  let cells: [Cell]
  /// Cells by combinations of the groups.
  let families: [[Cell]]
  /// Factors averaged over.
  let averaged: [String]
  /// The specification's, and what nested factors are nested in.
  let groups: [String]

  /// - Throws: `InferenceError` for unknown variables.
  init(
    _ fitted: FittedModel, _ grid: ReferenceGrid, _ nesting: FactorNesting,
    _ specification: MeansSpecification, _ weights: MeansWeights, trend: MeansTrend? = nil
  ) throws {
    let named = try (specification.variables + specification.groups).map { name in
      try Self.variable(name, grid)
    }
    // A level of a nested factor means something only within its parents'.
    let parents = named.flatMap { nesting.parents[grid.variables[$0].name] ?? [] }
    let added = grid.variables.indices.filter {
      parents.contains(grid.variables[$0].name) && !named.contains($0)
    }
    let shown = named + added
    groups = specification.groups + added.map { grid.variables[$0].name }
    let rest = grid.variables.indices.filter { !shown.contains($0) }
    let averaged = rest.filter {
      grid.variables[$0].isFactor && grid.variables[$0].values.count > 1
    }
    let names = averaged.map { grid.variables[$0].name }
    let known =
      weights == .proportional && !names.isEmpty
      ? try fitted.cellWeights(names, grid.builder) : nil
    let cellCount = shown.reduce(1.0) { $0 * Double(grid.variables[$1].values.count) }
    let apart = shown.filter { grid.variables[$0].apart != nil }
    let apartCount = apart.reduce(0) { $0 + grid.variables[$1].values.count }
    let hasNumbers = apartCount <= Self.mostLevels
    try requireMemory(
      cellCount * Double(16 * (fitted.model.fixed.names.count + (hasNumbers ? apartCount : 0)) + 300),
      for: "\(Int(cellCount)) marginal means", remedy: "Fix some factors by \(Setting.gridValues(of: "FACTOR", "LEVEL")).")
    var sums: [Int: (row: [Double], weight: Double)] = [:]
    for index in 0..<grid.count {
      let point = grid.point(index)
      let key = averaged.map { grid.variables[$0].values[point.choice[$0]].text }
        .joined(separator: "\u{1F}")
      let weight =
        !nesting.occurs(point)
        ? 0 : known.map { $0[Label(key)] ?? 0 } ?? nesting.weight(point, averaged: Set(names))
      guard weight > 0 else { continue }
      var row =
        try trend?.row(fitted, at: point) ?? grid.builder.row(fitted.fixedTerms, at: point)
      // Of the mean over factors that are set apart.
      if fitted.model.fixedLevels != nil { row.append(trend == nil ? 1 : 0) }
      // Of the levels that are looked at.
      for v in apart where hasNumbers {
        row += grid.variables[v].values.indices.map { $0 == point.choice[v] ? 1 : 0 }
      }
      var cell = 0
      for v in shown.reversed() { cell = cell * grid.variables[v].values.count + point.choice[v] }
      var sum = sums[cell] ?? (row.map { _ in 0 }, 0)
      for k in row.indices { sum.row[k] += weight * row[k] }
      sum.weight += weight
      sums[cell] = sum
    }
    let count = shown.reduce(1) { $0 * grid.variables[$1].values.count }
    guard sums.count == count || (known == nil && !sums.isEmpty) else {
      throw InferenceError.refused(
        "none of the cells to average over has rows, so they have no proportional weights. Use \(Setting.cellWeights("equal")), or other levels in \(Setting.gridValues())."
      )
    }
    let cells = (0..<count).map { cell -> Cell? in
      guard let sum = sums[cell] else { return nil }
      var number = cell
      let choice = shown.map { v in
        defer { number /= grid.variables[v].values.count }
        return number % grid.variables[v].values.count
      }
      let labels = zip(shown, choice).map { grid.variables[$0].values[$1].text }
      var level: (factor: Int, level: Int)?
      for (v, k) in zip(shown, choice) where !hasNumbers {
        if let own = grid.variables[v].apart { level = (own.factor, own.levels[k]) }
      }
      let own = zip(shown, labels).prefix(specification.variables.count)
      return Cell(
        labels: labels,
        name: own.map { Self.name($1, of: grid.variables[$0]) }.joined(separator: " "),
        row: sum.row.map { $0 / sum.weight }, level: level)
    }
    let perFamily = shown.prefix(specification.variables.count).reduce(1) {
      $0 * grid.variables[$1].values.count
    }
    families = stride(from: 0, to: count, by: perFamily).map { first in
      cells[first..<first + perFamily].compactMap(\.self)
    }
    (self.cells, self.averaged) = (cells.compactMap(\.self), names)
  }

  /// Numbers alone say little: they get their variable's name.
  private static func name(_ label: String, of variable: ReferenceGrid.Variable) -> String {
    Double(label) == nil ? label : variable.name + label
  }

  private static func variable(_ name: String, _ grid: ReferenceGrid) throws -> Int {
    let found = grid.variables.firstIndex {
      $0.name == name || "factor(\($0.name))" == name
    }
    guard let found else {
      throw InferenceError.unknownGridVariable(
        name, grid.variables.map(\.name), "the marginal means' formula")
    }
    guard grid.variables[found].isFactor || grid.variables[found].isGiven else {
      throw InferenceError.refused(
        "“\(name)” is a number, so it has no levels to give means of. Name values: \(Setting.gridValues(of: name, "1,2")), or read it as a factor when fitting: \(Setting.categoricalColumn(name))."
      )
    }
    return found
  }
}
