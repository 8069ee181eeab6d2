// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// The covariance of least-squares coefficients that is right whatever the rows' variances are: White
/// (1980), with MacKinnon & White's (1985) corrections.
///
/// In working columns, where XᵀWX = I, it is Σ wᵢ²eᵢ²f(hᵢ)xᵢxᵢᵀ with the leverage hᵢ = wᵢxᵢᵀxᵢ, and what absorbed
/// factors have of it (`LeveragesOfLevels`), and f = 1 (HC0),
/// n/(n − p) (HC1), 1/(1 − h) (HC2), 1/(1 − h)² (HC3). It needs the rows' residuals, and so the rows a
/// second time. Functions of fixed levels' effects have what rows have of them beside xᵢ (`FunctionsOfRows`).
struct HeteroscedasticityRobust: Sendable {
  /// Of β in working coordinates, p × p, or of (β, ρ).
  let covariance: DenseMatrix
  /// Of every level's effect less its share of (β, ρ); none where they were not wanted, or take too much.
  let levels: [Double]
  let description: RobustDescription

  /// - Throws: `InferenceError` for a model that the kind is not for.
  static func check(_ model: LinearMixedModel, _ kind: CoefficientCovariance) throws(InferenceError) {
    guard model.groups.isEmpty else {
      throw .refused(
        "\(kind.rawValue) is for models without random effects, whose rows are independent. With them take cluster-robust covariances, \(Setting.coefficientCovariance(["CR2"])) and \(Setting.clusters())."
      )
    }
    guard let levels = model.fixedLevels else { return }
    let names = levels.factors.map(\.name).joined(separator: ", ")
    guard !levels.hasSlopes else {
      throw .refused(
        "\(kind.rawValue) is not computed where levels have slopes with sparse columns (\(names)). Fit with \(Setting.sparseFixed("none"))."
      )
    }
    let second = levels.factors.map(\.levels.count).sorted().dropLast().last ?? 0
    guard kind == .hc0 || kind == .hc1 || second <= LeveragesOfLevels.mostLevels else {
      throw .refused(
        "\(kind.rawValue) needs leverages, which are not computed beside more than \(LeveragesOfLevels.mostLevels) levels of two absorbed factors, or of sparse columns (\(names)). Take \(Setting.coefficientCovariance(["HC1"]))."
      )
    }
  }
}
