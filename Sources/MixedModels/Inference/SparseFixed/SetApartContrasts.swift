// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FittedModel {
  /// Tests of hypotheses about all columns of R's where factors are set apart, see `contrast`.
  ///
  /// - Throws: as `contrast`.
  func setApartContrast(
    _ hypotheses: [CoefficientHypothesis], _ method: DegreesOfFreedomMethod, level: Double
  ) throws -> ContrastTable {
    let forms = try SetApartForms(self, hypotheses.map { ($0.text, $0.coefficients) })
    let tests = try LevelTests(self, method, functions: forms.functions, areJoint: true)
    let turned = forms.rows.map { tests.turned($0) }
    let rows = try hypotheses.indices.map { k in
      try test(
        hypotheses[k].text, row: turned[k], value: hypotheses[k].value, level: level, tests.ddf,
        estimates: tests.estimates)
    }
    var L = DenseMatrix(rows: hypotheses.count, columns: tests.estimates.count)
    for (i, row) in turned.enumerated() { for j in row.indices { L[i, j] = row[j] } }
    let joint = try LinearHypothesis(rows: L, values: hypotheses.map(\.value))
    return ContrastTable(
      formula: fit.formula, method: actual(method), level: level, rows: rows,
      joint: test("all", joint, tests.ddf, estimates: tests.estimates))
  }
}

/// Linear forms of R's coefficients as rows in (β, ρ), see `LevelTests`: ρ are the reference functions and what
/// the forms have of the levels' effects.
struct SetApartForms {
  /// Of the levels' effects, levels × r.
  let functions: DenseMatrix
  /// p + r numbers for every form.
  let rows: [[Double]]

  /// - Parameters:
  ///   - forms: A text for messages, and a number for every column.
  ///   - checks: Whether to refuse what cannot be estimated.
  /// - Throws: `InferenceError` for a form that dropped columns leave undetermined.
  init(
    _ fitted: FittedModel, _ forms: [(text: String, coefficients: [Double])], checks: Bool = true
  ) throws {
    let model = fitted.model
    let (columns, levels) = (model.reportedColumns!, model.fixedLevels!)
    let reported = levels.reported!
    let (starts, p) = (levels.starts, model.fixedEffectCount)
    let shares = reported.referenceShares
    let r = shares.columns
    let few = fitted.setApartRows(columns, reported)
    let check = SetApartEstimability(model, columns)
    var storage: [Double] = []
    var rows: [[Double]] = []
    for (text, c) in forms {
      if checks, let aliased = check.aliasedColumn(c) {
        throw InferenceError.refused(
          "“\(text)” cannot be estimated: the column \(aliased) depends on others and was dropped, so its coefficient and theirs are known in certain combinations only. Test a combination that does not depend on it, such as a difference of levels that rows connect, or take a term out of the formula."
        )
      }
      var row = [Double](repeating: 0, count: p + r)
      for (column, own) in few where c[column] != 0 {
        for k in own.indices { row[k] += c[column] * own[k] }
      }
      var function = [Double](repeating: 0, count: starts.last!)
      for (column, value) in c.enumerated() where value != 0 {
        guard case .coordinate(let factor, let coordinate) = columns[column].place else { continue }
        let place = starts[factor] + coordinate
        for (level, share) in reported.ownFunction(factor, coordinate) { function[starts[factor] + level] += value * share }
        if place < shares.rows { for k in 0..<r { row[p + k] -= value * shares[place, k] } }
      }
      rows.append(row)
      storage += function
    }
    // Forms of which one follows from others share their functions.
    let own = DenseMatrix(rows: starts.last!, columns: forms.count, storage: storage)
    let norms = (0..<forms.count).map { max(euclideanNorm(own.column($0)), 1e-300) }
    let qr = ColumnOrderedQR(own, tolerance: 1e-10, referenceNorms: norms)
    let parts = qr.q.multipliedByTransposeOnLeft(own)
    functions = DenseMatrix(
      rows: starts.last!, columns: r + qr.rank,
      storage: reported.referenceFunctions.storage + qr.q.storage)
    self.rows = rows.indices.map { rows[$0] + parts.column($0) }
  }
}

/// Which forms of R's coefficients the data determine where columns were dropped.
struct SetApartEstimability {
  private let columns: [ReportedColumn]
  let levels: FixedLevels
  private let reported: ReportedLevels
  private let kept: [Int]

  init(_ model: LinearMixedModel, _ columns: [ReportedColumn]) {
    self.columns = columns
    levels = model.fixedLevels!
    reported = levels.reported!
    kept = model.fixed.kept
  }

  /// The dropped column because of which a form cannot be estimated; nil if it can.
  func aliasedColumn(_ c: [Double]) -> String? {
    let dropped = columns.indices.filter { !columns[$0].isKept }
    guard !dropped.isEmpty else { return nil }
    let name = columns[dropped.first { c[$0] != 0 } ?? dropped.last!].name
    let weights = self.weights(c)
    guard hasWhatDependentColumnsHave(c, weights) else { return name }
    let isKnown =
      levels.within.map { isDetermined(weights, within: $0) } ?? (levels.isConnected || isDeterminedInComponents(c))
    guard isKnown else { return name }
    return reported.aliased.columns.indices.allSatisfy { isOrthogonal(c, weights, to: $0) } ? nil : name
  }

  /// What a form has of levels' effects where R's columns give nothing but these, levels of all factors.
  private func weights(_ c: [Double]) -> [Double] {
    let starts = levels.starts
    var coordinates = [Double](repeating: 0, count: starts.last!)
    var (common, sums) = (reported.codings.map { _ in 0.0 }, reported.codings.map { _ in 0.0 })
    var constant = 0.0
    for (column, value) in c.enumerated() where value != 0 {
      switch columns[column].place {
      case .intercept: constant = value
      case .column(let j):
        for k in common.indices where reported.codings[k].parent == j { common[k] = value }
      case .coordinate(let factor, let coordinate):
        coordinates[starts[factor] + coordinate] += value
        sums[factor] += value
      case .dependent: continue
      }
    }
    // Without an intercept the constant is the sum of the first factor's columns.
    if !reported.hasIntercept { constant = sums[0] }
    return reported.codings.enumerated().flatMap { k, coding in
      var own = Array(coordinates[starts[k]..<starts[k + 1]])
      if let base = coding.base { own[base] = levels.factors[k].isSlope ? common[k] : constant }
      return coding.weights(own)
    }
  }

  private func hasWhatDependentColumnsHave(_ c: [Double], _ weights: [Double]) -> Bool {
    var dependent: [[Int: Double]] = reported.codings.map { _ in [:] }
    for (column, value) in zip(columns, c) where value != 0 {
      if case .dependent(let factor, let number) = column.place { dependent[factor][number] = value }
    }
    return reported.codings.indices.allSatisfy { k in
      reported.codings[k].isDetermined(weights[levels.starts[k]..<levels.starts[k + 1]], dependent[k])
    }
  }

  /// Where a number does not vary in a level, effects of the level make up for its slope there.
  private func isDetermined(_ weights: [Double], within: ColumnsWithinLevels) -> Bool {
    let all = DenseMatrix(rows: weights.count, columns: 1, storage: weights)
    let size = weights.reduce(0) { $0 + abs($1) }
    return zip(within.functions(all).storage, within.isRedundant).allSatisfy { !$1 || abs($0) <= 1e-9 * size }
  }

  /// With x = Dg + Xc, what a form has of x must be what it has of the rest.
  private func isOrthogonal(_ c: [Double], _ weights: [Double], to a: Int) -> Bool {
    let aliased = reported.aliased
    var (sum, size) = (0.0, 0.0)
    func add(_ value: Double) {
      sum += value
      size += abs(value)
    }
    for (column, value) in c.enumerated() where value != 0 {
      guard case .column(let j) = columns[column].place else { continue }
      if j == aliased.columns[a] { add(value) }
      if let k = kept.firstIndex(of: j) { add(-value * aliased.shares[k, a]) }
    }
    for (level, weight) in weights.enumerated() where weight != 0 { add(-weight * aliased.directions[level, a]) }
    return abs(sum) <= 1e-7 * (size + c.reduce(0) { $0 + abs($1) })
  }

  /// Of two factors: in every set of levels that rows connect, a form has the same weight of both.
  private func isDeterminedInComponents(_ c: [Double]) -> Bool {
    let first = (levels.pairs.map(\.columnGroup).max() ?? 0) - levels.factors.count + 1
    guard levels.factors.count == 2,
      let pair = levels.pairs.first(where: { $0.rowGroup == first && $0.columnGroup == first + 1 })
    else {
      return !c.indices.contains { column in
        guard c[column] != 0, case .coordinate = columns[column].place else { return false }
        return true
      }
    }
    let starts = levels.starts
    var components = LevelComponents(count: starts[2])
    for (a, b) in zip(pair.rowLevels, pair.columnLevels) {
      components.join(Int(a), starts[1] + Int(b))
    }
    var weights = [Double](repeating: 0, count: starts[2])
    var (sums, constant, size) = ([0.0, 0.0], 0.0, 0.0)
    for (column, value) in c.enumerated() where value != 0 {
      switch columns[column].place {
      case .intercept: constant = value
      case .column, .dependent: continue
      case .coordinate(let factor, let level):
        sums[factor] += value
        weights[components.root(starts[factor] + level)] += factor == 0 ? value : -value
      }
      size += abs(value)
    }
    if reported.hasIntercept {
      weights[components.root(0)] += constant - sums[0]
      weights[components.root(starts[1])] -= constant - sums[1]
    } else {
      weights[components.root(starts[1])] -= sums[0] - sums[1]
    }
    return weights.allSatisfy { abs($0) <= 1e-9 * size }
  }
}
