// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// One value for every variable of a reference grid.
struct GridPoint: DesignPoint {
  let grid: ReferenceGrid
  /// Index into every variable's values.
  let choice: [Int]
  /// A variable that is looked at beside its value, and how far.
  var step: (variable: String, size: Double)?

  subscript(_ name: String) -> ReferenceGrid.Value {
    let v = grid.variables.firstIndex { $0.name == name }!
    let value = grid.variables[v].values[choice[v]]
    guard let step, step.variable == name, let number = value.number else { return value }
    return ReferenceGrid.Value(text: value.text, number: number + step.size)
  }

  /// The same point beside its value of a variable.
  func moved(_ variable: String, by size: Double) -> GridPoint {
    var point = self
    point.step = (variable, size)
    return point
  }

  func label(of factor: FactorVariable) throws -> String {
    switch grid.builder.products.basis.factors[factor.source] {
    case .column(let name): self[name].text
    case .logical(let expression): try value(of: expression) != 0 ? "TRUE" : "FALSE"
    }
  }

  func value(of expression: Expression) throws -> Double {
    let text = expression.textColumns
    let value = try evaluate(expression, count: 1, groupMean: { [self[$0.name].number ?? .nan] }) { name in
      let value = self[name]
      return text.contains(name)
        ? .labels(codes: [0], labels: [value.text]) : .numbers([value.number ?? .nan])
    }[0]
    guard value.isFinite else {
      throw InferenceError.refused(
        "\(expression.deparsed) has no value at \(expression.gridVariables.map { "\($0) = \(self[$0].text)" }.joined(separator: ", ")). Choose other values by \(Setting.gridValues())."
      )
    }
    return value
  }
}

extension ReferenceGrid {
  /// The point with the number `index`; the first variable's values vary fastest.
  func point(_ index: Int) -> GridPoint {
    var rest = index
    return GridPoint(
      grid: self,
      choice: variables.map { variable in
        defer { rest /= variable.values.count }
        return rest % variable.values.count
      })
  }

  var count: Int { variables.reduce(1) { $0 * $1.values.count } }
}
