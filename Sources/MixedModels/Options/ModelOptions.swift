// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// The choices that belong to a model as much as its formula does.
package struct ModelOptions: Sendable, Equatable {
  package var weights: String?
  package var offset: String?
  package var levels: [String: [String]]
  package var contrasts: [String: Contrast]
  package var omitsMissing: Bool
  package var missingTexts: Set<String>
}

extension FitOptions {
  var model: ModelOptions {
    ModelOptions(
      weights: weights, offset: offset, levels: levels, contrasts: contrasts,
      omitsMissing: omitsMissing, missingTexts: reading.missingTexts)
  }

  /// These options for cross-products that were made with others.
  ///
  /// Rows were read with theirs;
  /// levels and contrasts can still be chosen.
  func adopting(_ specification: ModelSpecification) -> FitOptions {
    let model = specification.options
    var options = self
    options.reading.categoricalColumns.formUnion(
      specification.columnKinds.filter { $0.value == .categorical }.keys)
    (options.weights, options.offset) = (model.weights, model.offset)
    options.levels.merge(model.levels) { ours, _ in ours }
    options.contrasts.merge(model.contrasts) { ours, _ in ours }
    options.omitsMissing = model.omitsMissing
    options.reading.missingTexts = model.missingTexts
    return options
  }
}
