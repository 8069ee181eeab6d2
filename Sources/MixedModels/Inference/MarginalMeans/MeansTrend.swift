// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A number whose slope is looked at in place of means.
struct MeansTrend {
  let variable: String

  /// - Throws: `InferenceError` for what is no number of the fixed part.
  init(_ name: String, _ grid: ReferenceGrid) throws(InferenceError) {
    let numbers = grid.variables.filter { !$0.isFactor }.map(\.name)
    guard numbers.contains(name) else {
      throw .unknownGridVariable(name, numbers, "the trend's variable, a number,")
    }
    variable = name
  }

  /// ∂/∂x of the row of the model matrix, by a central difference: exact for lines and parabolas.
  func row(_ fitted: FittedModel, at point: GridPoint) throws -> [Double] {
    let h = 1e-4 * size(fitted, at: point)
    let (above, below) = (
      try point.grid.builder.row(fitted.fixedTerms, at: point.moved(variable, by: h)),
      try point.grid.builder.row(fitted.fixedTerms, at: point.moved(variable, by: -h))
    )
    return zip(above, below).map { ($0 - $1) / (2 * h) }
  }

  /// How far values lie from each other, about.
  private func size(_ fitted: FittedModel, at point: GridPoint) -> Double {
    let atom = fitted.products.basis.atoms.first { $0.expression.gridVariables == [variable] }
    if let knots = atom?.spline?.knots { return (knots.upper - knots.lower) / 4 }
    if let scale = atom?.scale, scale > 0 { return scale }
    let value = abs(point[variable].number ?? 0)
    return value > 0 ? value : 1
  }
}
