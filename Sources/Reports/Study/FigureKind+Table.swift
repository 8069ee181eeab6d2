// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// A figure of a table of results; `parameter` is the one that a study's figure shows.
///
/// - Throws: `DataError`, `FigureError`.
package func figure(
  _ kind: FigureKind, ofTable path: String, parameter: String? = nil
) throws -> any Figure {
  switch kind {
  case .study: try StudyFigure(StudyTable(contentsOf: path).estimates(of: parameter))!
  case .profile: try ProfileFigure(contentsOf: path)
  case .scaling: try ScalingFigure(contentsOf: path)
  default: preconditionFailure("drawn from a model")
  }
}
