// SPDX-License-Identifier: GPL-2.0-or-later

/// The conditional modes of a term `ar1(row):ar1(column)` where they lie.
package struct FieldEffects: Sendable {
  /// Of a field, or of one of several.
  package struct Field: Sendable {
    /// The levels of the factors that tell fields apart, as `north:2025`; empty where there is one field.
    package let name: String
    /// Of the first axis, the second, and the mode, in units of the response.
    package let plots: [(row: Double, column: Double, mode: Double)]
  }
  /// lme4's, of the grouping factor.
  package let group: String
  /// Names of both axes.
  package let axes: (String, String)
  /// In the order of their first level.
  package let fields: [Field]

  /// - Parameter modes: Of the term's levels.
  /// - Returns: nil for a term whose levels have no two axes.
  package init?(_ model: LinearMixedModel, term: Int, modes: [Double]) {
    guard let levels = Self.axes(model, term: term) else { return nil }
    group = model.terms[term].groupName
    axes = (levels.axes[0].name, levels.axes[1].name)
    var plots = [[(row: Double, column: Double, mode: Double)]](repeating: [], count: levels.sizes.count)
    for level in modes.indices {
      plots[Int(levels.pieces[level])].append(
        (levels.positions[0][level], levels.positions[1][level], modes[level]))
    }
    fields = zip(levels.pieceNames, plots).map(Field.init)
  }

  /// Whether the levels of a term lie along two axes.
  package static func exist(_ model: LinearMixedModel, term: Int) -> Bool {
    axes(model, term: term) != nil
  }

  private static func axes(_ model: LinearMixedModel, term: Int) -> LevelAxes? {
    model.levelAxes(ofTerm: term).flatMap { $0.axes.count == 2 ? $0 : nil }
  }
}

extension LinearMixedModel {
  /// The axes that the levels of a term lie along; nil where they do not.
  func levelAxes(ofTerm term: Int) -> LevelAxes? {
    let structure = covariance.blocks[term].structure
    return ((structure as? HeldStructure)?.base ?? structure) as? LevelAxes
  }
}
