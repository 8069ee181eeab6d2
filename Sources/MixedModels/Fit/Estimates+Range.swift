// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension Estimates {
  /// - Throws: `FitError.outOfRange` where a variance is beyond what a double holds, because a covariate
  ///   is in a unit that is.
  func checkRange(_ model: LinearMixedModel, _ Φ: DenseMatrix) throws(FitError) {
    guard sigma > 0 else { return }  // that is another fault
    let fixed = model.fixed
    for i in fixed.kept.indices where !vcov[i, i].hasNormalRange {
      let inverse = fixed.solveR(.identity(fixed.R.rows))
      let error = (0..<inverse.columns).reduce(0) {
        max($0, sigma * abs(inverse[i, $1]) * Φ[$1, $1].squareRoot())
      }
      throw .outOfRange(
        "the coefficient of \(fixed.names[fixed.kept[i]])", size: error, changes: "its covariate")
    }
    for (term, (block, λ)) in zip(model.terms, zip(model.covariance.blocks, λ)) {
      for i in term.columns.indices {
        // Relative to σ: where the column has its own size, and in its unit.
        let deviation = (0..<λ.columns).reduce(0) { max($0, abs(λ[i, $1])) }
        let column = (0..<block.size).reduce(0) { max($0, abs(block.R[$1, i])) }
        let size = sigma * deviation
        guard deviation * column > 1e-4, !(size * size).hasNormalRange else { continue }
        throw .outOfRange(
          "the standard deviation of \(term.columns[i]) over \(term.groupName)", size: size,
          changes: "its covariate")
      }
    }
  }
}
