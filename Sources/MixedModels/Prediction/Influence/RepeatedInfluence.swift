// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension LinearPredictor {
  /// What leaving out one subject would do, Σ held: by XᵀV⁻¹X and XᵀV⁻¹(y − Xβ̂) of every subject.
  ///
  /// - Throws: `InferenceError` for another group, or rows that are not those of the fit; `DataError`, `FitError`.
  func influence(
    ofSubjects group: String, _ repeated: RepeatedFit, _ data: [any TableSource]
  ) throws -> GroupInfluence {
    let subject = repeated.model.term.subject
    guard Label(group) == Label(subject) else {
      throw InferenceError.refused(
        "with \(Setting.residual(repeated.model.term.text)) the influence is that of its subjects. Name \(subject)."
      )
    }
    let (sums, rows) = try fitted.subjectSums(repeated, of: data, for: "the influence of subjects")
    let p = model.fixedEffectCount
    let S = (0..<sums.clusters.count).reduce(DenseMatrix(rows: p, columns: p)) { $0 + sums.information($1) }
    let s = model.fixed.responseScale
    return influence(
      of: group, sums.clusters.labels, S, variance: 1,
      zip(rows.indices, rows).map { g, count in
        (Self.change(S - sums.information(g), sums.response(g), scale: S), count)
      }, unit: s)
  }
}
