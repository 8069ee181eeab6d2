// SPDX-License-Identifier: GPL-2.0-or-later

/// How the covariance of the coefficients is estimated, by its names in the literature.
///
/// With M = (XᵀV⁻¹X)⁻¹ and a cluster's share s = XᵀV⁻¹(y − Xβ̂) and G = XᵀV⁻¹X of the sums over rows,
/// cluster-robust ones are M (Σ s̃s̃ᵀ) M with
///
///     CR0  s̃ = s                   CR1  s̃ = √(m/(m − 1)) s for m clusters
///     CR2  s̃ = (I − GM)^−½ s       CR3  s̃ = (I − GM)⁻¹ s
///
/// (Liang & Zeger 1986; Bell & McCaffrey 2002, Survey Methodology 28, 169–181; Pustejovsky & Tipton 2018,
/// Journal of Business & Economic Statistics 36, 672–683).
public enum CoefficientCovariance: String, Sendable, CaseIterable {
  /// σ²M: right where the model's V is.
  case model
  case cr0 = "CR0"
  case cr1 = "CR1"
  case cr2 = "CR2"
  case cr3 = "CR3"
  /// Robust against unequal variances of the rows, of least squares; see `HeteroscedasticityRobust`.
  case hc0 = "HC0"
  case hc1 = "HC1"
  case hc2 = "HC2"
  case hc3 = "HC3"

  /// Whether it takes rows, and no clusters.
  var isOfRows: Bool {
    switch self {
    case .hc0, .hc1, .hc2, .hc3: true
    case .model, .cr0, .cr1, .cr2, .cr3: false
    }
  }
}
