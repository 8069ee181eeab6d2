// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Finds the knots of splines that come from the values of all rows, in a pass over their columns alone.
struct SplineReading {
  private struct Wanted {
    let name: String
    let expression: Expression
    let call: SplineCall
  }
  private let wanted: [Wanted]
  private let means: [GroupMean.Source: LevelMeans]

  /// The splines of a formula whose knots are not known yet; the means by groups that their values are
  /// made of are.
  init(
    _ formula: Formula, known: [String: SplineKnots], means: [GroupMean.Source: LevelMeans] = [:]
  ) {
    self.means = means
    var wanted: [Wanted] = []
    for variable in formula.variables {
      guard case .spline(let expression, let call) = variable.kind, call.needsValues,
        known[variable.name] == nil, !wanted.contains(where: { $0.name == variable.name })
      else { continue }
      wanted.append(Wanted(name: variable.name, expression: expression, call: call))
    }
    self.wanted = wanted
  }

  /// - Throws: `FitError` where the rows can be read once only, or the values are too few for the knots;
  ///   `DataError`.
  func knots(_ reader: TableReader) throws -> [String: SplineKnots] {
    guard let first = wanted.first else { return [:] }
    if let source = reader.onlyOnce {
      throw FitError.spline(
        "the knots of \(first.name) come from all values of its column, and \(source) can be read once only. Write them into the formula, knots = c(…) and Boundary.knots = c(…), or save the table in a file"
      )
    }
    var columns = ColumnLookup([])
    for spline in wanted {
      let text = spline.expression.textColumns
      for name in spline.expression.columns
      where try !text.contains(name) && reader.kind(of: name) == .categorical {
        throw FitError.textUsedAsNumber(column: name, expression: spline.name)
      }
      columns.add(spline.expression)
    }
    var values = [[Double]](repeating: [], count: wanted.count)
    try reader.read(
      columns.requests,
      transform: { [wanted, columns, means] chunk in
        let rows = ChunkColumns(chunk: chunk, lookup: columns, means: means)
        return try wanted.map { try rows.values($0.expression).filter(\.isFinite) }
      },
      consume: { (part: [[Double]]) in
        for k in part.indices { values[k] += part[k] }
        try requireMemory(
          8 * Double(part.reduce(0) { $0 + $1.count }), for: "the values of \(first.name)",
          remedy: "Write the knots into the formula.")
      })
    var found: [String: SplineKnots] = [:]
    for (k, spline) in wanted.enumerated() {
      found[spline.name] = try spline.call.knots(of: &values[k], name: spline.name)
      values[k] = []
    }
    return found
  }
}

extension SplineCall {
  /// Interior knots at R's quantiles (type 7) of the values within the boundary.
  ///
  /// - Throws: `FitError.spline` where knots fall together with the boundary.
  package func knots(of values: inout [Double], name: String) throws(FitError) -> SplineKnots {
    values.sort()
    guard let least = values.first, let largest = values.last, least < largest || boundary != nil
    else {
      throw .spline("\(name) needs two different values at least")
    }
    let (lower, upper) = (boundary?[0] ?? least, boundary?[1] ?? largest)
    let first = values.firstIndex { $0 >= lower } ?? values.count
    let last = values.lastIndex { $0 <= upper } ?? -1
    var interior = knots ?? []
    if knots == nil, quantileCount > 0 {
      guard first <= last else { throw .spline("\(name) has no values between its boundary knots") }
      let step = 1 / Double(quantileCount + 1)
      interior = (1...quantileCount).map { k in
        let index = Double(last - first) * (Double(k) * step)
        let whole = index.rounded(.down)
        let (a, b) = (values[first + Int(whole)], values[min(first + Int(whole) + 1, last)])
        let h = index - whole
        return h > 0 && a != b ? (1 - h) * a + h * b : a
      }
    }
    guard interior.allSatisfy({ lower < $0 && $0 < upper }) else {
      throw .spline(
        knots == nil
          ? "so many values of \(name) are equal that its knots fall together with the boundary. Take a smaller df, or write knots = c(…)"
          : "the knots of \(name) must lie between the boundary knots \(lower) and \(upper)")
    }
    return SplineKnots(interior: interior, lower: lower, upper: upper)
  }

  /// The knots, where the call names them all.
  package var ownKnots: SplineKnots? {
    guard !needsValues, let boundary else { return nil }
    return SplineKnots(interior: knots ?? [], lower: boundary[0], upper: boundary[1])
  }
}

extension Formula {
  /// All variables of all terms.
  var variables: [Variable] {
    ([fixed] + randomTerms.map(\.terms)).flatMap(\.variables)
  }
}
