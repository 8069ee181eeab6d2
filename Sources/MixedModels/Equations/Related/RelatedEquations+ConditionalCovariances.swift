// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension RelatedEquations {
  /// Probes for conditional variances, at least, in so many batches, whose differences tell the error.
  private static let (conditionalProbes, batches) = (64, 8)

  /// Diagonal blocks of M⁻¹: by the recursion of the eliminated levels from S⁻¹ at the entries of S, where
  /// (I + E)⁻¹ is I − E and what probes say of the rest. Their error is in `conditionalErrors`.
  package func conditionalCovariances() throws -> [[Double]] { try inverseBlocks { system.levelBlocks($0) } }

  /// M⁻¹ of levels, and of those that occur together, parallel to the blocks of the model's pairs.
  ///
  /// - Throws: `FitError.slowSpectrum`, `CholmodError`.
  func inverseEntries() throws -> (own: [[Double]], pairs: [[Double]]) {
    let count = system.model.groups.count
    let all = try inverseBlocks { system.levelBlocks($0) + system.pairBlocks($0) }
    return (Array(all[..<count]), Array(all[count...]))
  }

  /// - Parameter blocksOf: Blocks of the groups' levels, and then others, from M⁻¹ on the layout's pattern.
  private func inverseBlocks(_ blocksOf: ([Double]) -> [[Double]]) throws -> [[Double]] {
    conditionalErrors = nil
    guard !estimate.isExact else { return blocksOf(inverse()) }
    let blocks = max(estimate.probeCount, Self.conditionalProbes) / 8
    let batches = min(Self.batches, blocks)
    var sums: [[Double]] = []
    var squares: [[Double]] = []
    for k in 0..<batches {
      try estimate.estimate(
        blocks: k * blocks / batches..<(k + 1) * blocks / batches, tolerance: tolerance,
        limit: accuracy.stepLimit)
      let own = blocksOf(inverse())
      if sums.isEmpty {
        (sums, squares) = (own, own.map { $0.map { $0 * $0 } })
      } else {
        for g in own.indices {
          for x in own[g].indices {
            sums[g][x] += own[g][x]
            squares[g][x] += own[g][x] * own[g][x]
          }
        }
      }
    }
    // What was estimated for the criterion is there again.
    try estimate.update(tolerance: tolerance, limit: accuracy.stepLimit)
    let n = Double(batches)
    conditionalErrors = system.model.groups.indices.map { g in
      let ℓ = system.model.groups[g].size
      var relative = 0.0
      for level in 0..<system.model.groups[g].levelCount {
        for i in 0..<ℓ {
          let x = (level * ℓ + i) * ℓ + i
          let mean = sums[g][x] / n
          let variance = max(squares[g][x] / n - mean * mean, 0) / (n - 1)
          relative += variance / (mean * mean)
        }
      }
      return (relative / Double(max(system.model.groups[g].levelCount * ℓ, 1))).squareRoot()
    }
    return sums.map { $0.map { $0 / n } }
  }

  /// M⁻¹ on the layout's pattern.
  private func inverse() -> [Double] { factor.inverse(remainder.derivative(estimate.slopes.start)) }

  /// H = M⁻¹ΛᵀZᵀWX, for every group level after level ℓ × p by columns.
  func fixedResponses() -> [[Double]] {
    system.model.groups.enumerated().map { g, group in
      var blocks = [Double](repeating: 0, count: group.levelCount * group.size * p)
      for level in 0..<group.levelCount {
        let first = system.start(g, level)
        for i in 0..<group.size {
          for x in 0..<p { blocks[(level * p + x) * group.size + i] = responses[(first + i) * width + x] }
        }
      }
      return blocks
    }
  }

  /// M⁻¹ between levels of two groups, each ℓ_row × ℓ_column by columns, that need not occur together: by conjugate
  /// gradients, eight columns at a time.
  ///
  /// - Throws: `FitError.slowSpectrum`.
  func crossBlocks(
    _ rowGroup: Int, _ columnGroup: Int, _ wanted: [(row: Int32, column: Int32)]
  ) throws -> [Double] {
    let (m, n) = (system.model.groups[rowGroup].size, system.model.groups[columnGroup].size)
    var blocks = [Double](repeating: 0, count: wanted.count * m * n)
    let columns = wanted.indices.flatMap { k in (0..<n).map { (wanted: k, column: $0) } }
    for first in stride(from: 0, to: columns.count, by: 8) {
      let batch = columns[first..<min(first + 8, columns.count)]
      var x = [Double](repeating: 0, count: q * 8)
      for (lane, own) in batch.enumerated() {
        x[(system.start(columnGroup, Int(wanted[own.wanted].column)) + own.column) * 8 + lane] = 1
      }
      try solve(&x)
      for (lane, own) in batch.enumerated() {
        let row = system.start(rowGroup, Int(wanted[own.wanted].row))
        for i in 0..<m { blocks[(own.wanted * n + own.column) * m + i] = x[(row + i) * 8 + lane] }
      }
    }
    return blocks
  }

  /// Overwrites eight columns, by rows, with M⁻¹ times them.
  private func solve(_ x: inout [Double]) throws {
    factor.eliminate(&x, columns: 8)
    let (n, first) = (remainder.size, factor.leading * 8)
    if n > 0 {
      let c = Panel(count: n)
      for i in 0..<n { for lane in 0..<8 { c[i][lane] = x[first + 8 * i + lane] * remainder.scales.start[i] } }
      let w = try remainder.solve(c).w
      for i in 0..<n { for lane in 0..<8 { x[first + 8 * i + lane] = w[i][lane] * remainder.scales.start[i] } }
    }
    factor.substitute(&x, columns: 8)
  }
}
