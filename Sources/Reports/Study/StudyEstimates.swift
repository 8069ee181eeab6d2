// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
package import Studies

/// The estimates of one parameter in all designs of a study: what its figure shows, whether the
/// study was just done or comes from a table of its replicates.
package struct StudyEstimates: Sendable {
  struct Design: Sendable {
    /// `school = 30`, as `StudyDesign.label`.
    let label: String
    /// Parallel to `methods`: finite ones of the replicates that converged, in their order.
    var estimates: [[Double]]
  }

  package let parameter: StudyParameter
  /// nil where it is not known.
  let response: String?
  /// Simulated responses of each design.
  let replicates: Int
  let methods: [CriterionKind]
  let designs: [Design]

  var isEmpty: Bool { designs.allSatisfy { $0.estimates.allSatisfy(\.isEmpty) } }
}

extension StudyEstimates {
  package init(_ study: Study, _ parameter: StudyParameter) {
    self.init(
      parameter: parameter, response: study.cells[0].design.formula.response.deparsed,
      replicates: study.settings.replicates, methods: study.settings.methods,
      designs: study.cells.map { cell in
        let k = cell.parameters.firstIndex { $0.name == parameter.name }
        return Design(
          label: cell.design.label,
          estimates: cell.methods.map { method in
            guard let k else { return [] }
            return method.replicates.filter(\.converged).map { $0.estimates[k].estimate }
              .filter(\.isFinite)
          })
      })
  }
}
