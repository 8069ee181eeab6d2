// SPDX-License-Identifier: GPL-2.0-or-later

import ModelFrames
import NumericalMethods

/// The columns of a model matrix by R's names, each as something that can be computed row by row.
struct ModelColumns {
  /// The factors of the design, and their indices.
  let factors: [SimulatedFactor]
  let numbers: Set<String>
  let contrasts: [String: Contrast]

  typealias Column = (name: String, column: SimulatedColumn)

  /// - Throws: `SimulationError` for a variable that needs the whole table first.
  func columns(of terms: ModelTerms) throws(SimulationError) -> [Column] {
    let isFactor = terms.variables.map(isFactor)
    let codings = terms.codings(isFactor: isFactor)
    var all: [Column] = terms.hasIntercept ? [("(Intercept)", .intercept)] : []
    for (term, codings) in zip(terms.terms, codings) {
      let count = zip(term, codings).reduce(1.0) {
        $0 * Double(columnCount(of: terms.variables[$1.0], $1.1))
      }
      guard Double(all.count) + count <= Double(Self.maximumColumns) else {
        throw .stated(
          "the formula makes more than \(Self.maximumColumns) columns. Take interactions out, or state fewer levels."
        )
      }
      var product: [Column] = [("", .intercept)]
      for (variable, coding) in zip(term, codings) {
        let own = try columns(of: terms.variables[variable], coding)
        // The first variable's columns vary fastest.
        product = own.flatMap { second in
          product.map { first in
            (
              first.name.isEmpty ? second.name : first.name + ":" + second.name,
              first.column * second.column
            )
          }
        }
      }
      all += product
    }
    return all
  }

  private static let maximumColumns = 10_000

  /// The number of columns that `columns(of:_:)` gives, or one too many.
  private func columnCount(of variable: Variable, _ coding: FactorCoding) -> Int {
    switch variable.kind {
    case .column(let name), .factor(let name, _):
      index(name).map { factors[$0].labels?.count ?? 1 } ?? 1
    case .polynomial(_, let degree, raw: true): degree
    case .logical: coding == .contrasts ? 1 : 2
    case .numeric, .polynomial, .scaled, .spline: 1
    }
  }

  private func index(_ name: String) -> Int? { factors.firstIndex { $0.name == name } }

  private func isFactor(_ variable: Variable) -> Bool {
    switch variable.kind {
    case .column(let name): index(name) != nil
    case .factor, .logical: true
    case .polynomial, .scaled, .spline, .numeric: false
    }
  }

  private func columns(
    of variable: Variable, _ coding: FactorCoding
  ) throws(SimulationError) -> [Column] {
    switch variable.kind {
    case .column(let name):
      guard let factor = index(name) else {
        return [(variable.name, expression(variable.expression))]
      }
      return try factorColumns(factor, variable, coding, reference: nil)
    case .factor(let name, let reference):
      guard let factor = index(name) else { throw .stated("\(variable.name): no factor \(name).") }
      return try factorColumns(factor, variable, coding, reference: reference)
    case .logical(let condition):
      try check(condition)
      let isTrue = (variable.name + "TRUE", expression(condition))
      let isFalse = expression(.binary(.minus, .number(1), .parenthesized(condition)))
      return coding == .contrasts ? [isTrue] : [(variable.name + "FALSE", isFalse), isTrue]
    case .numeric(let value):
      try check(value)
      return [(variable.name, expression(value))]
    case .polynomial(let base, let degree, raw: true):
      try check(base)
      return (1...degree).map { k in
        let power = Expression.binary(.power, .parenthesized(base), .number(Double(k)))
        return (variable.name + (degree == 1 ? "" : "\(k)"), expression(power))
      }
    case .polynomial, .scaled, .spline:
      throw .stated(
        "\(variable.name) depends on all rows of a table, which is drawn row by row. State the covariate on the scale that is meant, or write poly(…, raw = TRUE)."
      )
    }
  }

  private func expression(_ value: Expression) -> SimulatedColumn {
    SimulatedColumn(expressions: [value])
  }

  private func factorColumns(
    _ factor: Int, _ variable: Variable, _ coding: FactorCoding, reference: String?
  ) throws(SimulationError) -> [Column] {
    var labels = factors[factor].labels ?? []
    var order = Array(labels.indices)
    if let reference {
      guard let base = labels.firstIndex(of: reference) else {
        throw .stated("\(variable.name): there is no level \(reference).")
      }
      order.insert(order.remove(at: base), at: 0)
      labels = order.map { labels[$0] }
    }
    do throws(MemoryShortage) {
      try requireMemory(
        16 * Double(labels.count) * Double(labels.count),
        for: "the columns of \(labels.count) levels of \(factors[factor].name)",
        remedy: "State fewer levels.")
    } catch { throw .stated(error.description) }
    guard coding == .contrasts else {
      return labels.indices.map { k in
        (variable.name + labels[k], column(factor, order) { $0 == k ? 1 : 0 })
      }
    }
    do throws(ContrastError) {
      let contrast = contrasts[factors[factor].name] ?? .treatment
      let (names, values) = try contrast.columns(levels: labels)
      return names.indices.map { k in
        (variable.name + names[k], column(factor, order) { values[$0][k] })
      }
    } catch {
      throw .stated("\(variable.name): \(error)")
    }
  }

  /// `order`: the code that stands at every place among the levels.
  private func column(
    _ factor: Int, _ order: [Int], _ value: (Int) -> Double
  ) -> SimulatedColumn {
    var values = [Double](repeating: 0, count: order.count)
    for (place, code) in order.enumerated() { values[code] = value(place) }
    return SimulatedColumn(levelValues: [(factor, values)])
  }

  /// - Throws: `SimulationError` if labels are used as numbers.
  func check(_ expression: Expression) throws(SimulationError) {
    if let mean = expression.groupMeans.first {
      throw .stated(
        "\(mean.name) depends on all rows of a group, which are drawn one by one. State the mean as a covariate of its own, and x about it as another."
      )
    }
    let texts = expression.textColumns
    for name in expression.columns {
      if numbers.contains(name) != texts.contains(name) { continue }
      throw .stated(
        numbers.contains(name)
          ? "“\(expression.deparsed)” compares \(name) with text, but its values are numbers."
          : "“\(expression.deparsed)” needs numbers, but the values of \(name) are labels.")
    }
  }
}

extension SimulatedColumn {
  fileprivate static func * (a: SimulatedColumn, b: SimulatedColumn) -> SimulatedColumn {
    SimulatedColumn(
      numbers: a.numbers + b.numbers, indicator: a.indicator ?? b.indicator,
      expressions: a.expressions + b.expressions, levelValues: a.levelValues + b.levelValues)
  }
}
