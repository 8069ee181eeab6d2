// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LinearMixedModel {
  /// The model with fewer random effects, with what the data do not determine of the rest taken out, see
  /// `reduction(keeping:)`.
  ///
  /// - Throws: `FitError`.
  func reduction(
    keeping kept: [[Int]], determinedBy kind: CriterionKind
  ) throws -> (model: LinearMixedModel, maps: [DenseMatrix]) {
    try reduction(
      to: kept.indices.filter { !kept[$0].isEmpty }.map { ($0, kept[$0]) }, determinedBy: kind)
  }

  /// - Throws: `FitError`.
  func reduction(
    to pieces: [(term: Int, columns: [Int])], determinedBy kind: CriterionKind
  ) throws -> (model: LinearMixedModel, maps: [DenseMatrix]) {
    let (model, maps) = reduction(to: pieces)
    guard !model.groups.isEmpty else { return (model, maps) }
    let (determined, turns) = try model.determination(by: kind)
    var next = 0
    let turned = maps.map { map in
      guard map.columns > 0 else { return map }
      defer { next += 1 }
      return map * turns[next]
    }
    return (determined, turned)
  }
}
