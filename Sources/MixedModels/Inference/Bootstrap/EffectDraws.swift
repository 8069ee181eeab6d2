// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Draws random effects b* = Fu*: u* are independent, or have the covariance matrix Q⁻¹ of related levels.
struct EffectDraws: Sendable {
  private let levelCounts: [Int]
  /// F for a level of every group: its columns × independent effects u*.
  let spreads: [DenseMatrix]
  /// In units of the scaled response.
  let sigma: Double
  /// What relates the levels of every group; nil for independent ones.
  private let roots: [PrecisionRoot?]

  init(_ model: LinearMixedModel, spreads: [DenseMatrix], sigma: Double) throws {
    roots = try model.groups.map { try $0.precision.root() }
    levelCounts = model.groups.map(\.levelCount)
    (self.spreads, self.sigma) = (spreads, sigma)
  }

  /// b*, for every group level after level.
  func callAsFunction(_ stream: inout RandomStream) -> [[Double]] {
    roots.indices.map { g in
      let F = spreads[g]
      var u = [Double](repeating: 0, count: levelCounts[g] * F.columns)
      stream.fillNormal(&u)
      roots[g]?.relate(&u, size: F.columns)
      var b = [Double](repeating: 0, count: levelCounts[g] * F.rows)
      for level in 0..<levelCounts[g] {
        for j in 0..<F.columns {
          let value = sigma * u[level * F.columns + j]
          for i in 0..<F.rows { b[level * F.rows + i] += F.storage[j * F.rows + i] * value }
        }
      }
      return b
    }
  }
}
