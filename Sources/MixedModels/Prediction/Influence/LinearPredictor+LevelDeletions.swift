// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods
import Synchronization

extension LinearPredictor {
  /// What leaving out each level's rows does to β̂, in working coordinates: β̂ − β̂₍ⱼ₎ by the equations of
  /// the other rows, at the same θ, for any random effects; nil where these do not determine β.
  ///
  /// It takes one factorization for every level.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  func deletions(_ table: WorkingTable, _ rows: [[Int32]]) throws -> [[Double]?] {
    setBLASThreads(1)
    let removal = RowRemoval(model, table)
    let choice = try EquationsPlan.exact(model, insteadOf: options.solver).choice
    var factors = model.covariance.emptyFactors
    model.covariance.factors(φ, into: &factors)
    let (factorsThere, full) = (factors, coefficients.Φ)
    let threads = threadCount(options.threads)
    let results = Mutex([Int: Result<[Double]?, any Error>]())
    inParallel(rows.count, threads: threads) { j in
      let result = Result {
        try Self.change(removal.removing(rows[j]), choice, factorsThere, full)
      }
      results.withLock { $0[j] = result }
    }
    return try results.withLock { all in try rows.indices.map { try all[$0]!.get() } }
  }

  /// - Parameter full: [K⁻¹] for X with all rows.
  private static func change(
    _ rest: LinearMixedModel, _ choice: EquationsPlan.Choice, _ factors: [[Double]],
    _ full: DenseMatrix
  ) throws -> [Double]? {
    do {
      let equations = try choice.equations(rest, threads: 1)
      try equations.update(factors)
      let Φ = try equations.fixedEffectsCovariance()
      // Rounding leaves a little information where there is none.
      guard Φ.diagonal.indices.allSatisfy({ Φ[$0, $0] > 0 && Φ[$0, $0] < 1e10 * full[$0, $0] })
      else { return nil }
      return try equations.solution().β.map { -$0 }
    } catch CholmodError.notPositiveDefinite {
      return nil
    } catch FitError.zeroResidualVariance {
      return nil
    }
  }
}
