// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Leverages Pᵢᵢ of the rows of a least-squares fit: exact, or by random vectors.
struct Leverages {
  let values: [Double]
  /// 1 / (1 − Pᵢᵢ)
  let inverseRests: [Double]
  /// Sums over random vectors; nil where leverages are exact.
  let sums: Sums?

  init(exact values: [Double]) {
    self.values = values
    inverseRests = values.map { 1 / (1 - $0) }
    sums = nil
  }

  /// With Pr of vectors of signs r, Pᵢᵢ is the mean of (Pr)ᵢ² and Mᵢᵢ = 1 − Pᵢᵢ that of (r − Pr)ᵢ². The ratio of both
  /// is off by less than either, and what its own curvature adds to it is taken off (Kline, Saggio & Sølvsten 2020,
  /// appendix B, take the same off by the normal distribution).
  struct Sums {
    /// Means over the vectors, and variances and the covariance of the means.
    fileprivate(set) var P: [Double]
    fileprivate(set) var M: [Double]
    fileprivate(set) var varianceOfM: [Double]
    fileprivate(set) var covariance: [Double]
    let vectors: Int

    fileprivate init(_ equations: LeaveOutEquations, seed: UInt64, vectors: Int) throws {
      let n = equations.rows.count
      let none = [Double](repeating: 0, count: n)
      var (P, M, MM, PM) = (none, none, none, none)
      try equations.forEachProjection(seed: seed, purpose: Leverages.purpose, blocks: 0..<UInt64(vectors)) { r, q in
        for i in 0..<n {
          let (p, m) = (q[i] * q[i], (r[i] - q[i]) * (r[i] - q[i]))
          P[i] += p
          M[i] += m
          MM[i] += m * m
          PM[i] += p * m
        }
      }
      let m = Double(vectors)
      for i in 0..<n {
        (P[i], M[i]) = (P[i] / m, M[i] / m)
        MM[i] = max(MM[i] / m - M[i] * M[i], 0) / (m - 1)
        PM[i] = (PM[i] / m - P[i] * M[i]) / (m - 1)
      }
      (self.P, self.M, varianceOfM, covariance) = (P, M, MM, PM)
      self.vectors = vectors
    }
  }

  private static let purpose: UInt64 = 31

  /// - Parameter vectors: Random ones, in eights.
  /// - Throws: `FitError`, `CholmodError`.
  init(_ equations: LeaveOutEquations, seed: UInt64, vectors: Int) throws {
    let sums = try Sums(equations, seed: seed, vectors: vectors)
    self.sums = sums
    values = zip(sums.P, sums.M).map { $0 / ($0 + $1) }
    inverseRests = sums.P.indices.map { i in
      let (p, m) = (sums.P[i], sums.M[i])
      return max(1, 1 + p / m + sums.covariance[i] / (m * m) - p * sums.varianceOfM[i] / (m * m * m))
    }
  }

  /// Standard errors, over the random vectors, of sums Σ aᵢ / (1 − Pᵢᵢ), by as many further vectors as show how these
  /// vary; none where leverages are exact.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  func errors(
    of weights: [[Double]], _ equations: LeaveOutEquations, seed: UInt64, further: Int = 32
  ) throws -> [Double]? {
    guard let sums else { return nil }
    var each = weights.map { _ in [Double]() }
    let first = UInt64(sums.vectors)
    try equations.forEachProjection(
      seed: seed, purpose: Self.purpose, blocks: first..<first + UInt64(further)
    ) { r, q in
      for (k, a) in weights.enumerated() {
        var change = 0.0
        for i in a.indices {
          let (p, m) = (q[i] * q[i] - sums.P[i], (r[i] - q[i]) * (r[i] - q[i]) - sums.M[i])
          change += a[i] * (p - sums.P[i] / sums.M[i] * m) / sums.M[i]
        }
        each[k].append(change)
      }
    }
    return each.map { changes in
      let mean = changes.reduce(0, +) / Double(further)
      let variance = changes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(further - 1)
      return (variance / Double(sums.vectors)).squareRoot()
    }
  }
}

extension LeaveOutEquations {
  /// Calls `body` with vectors r of signs over the rows and what least squares fits to them.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  fileprivate func forEachProjection(
    seed: UInt64, purpose: UInt64, blocks: Range<UInt64>, _ body: (_ r: [Double], _ fitted: [Double]) -> Void
  ) throws {
    for first in stride(from: blocks.lowerBound, to: blocks.upperBound, by: 8) {
      let r = (first..<min(first + 8, blocks.upperBound)).map {
        RandomStream.signs(rows.count, seed: seed, purpose: purpose, block: $0)
      }
      let (levels, columns) = transposedTimes(r)
      let answer = try solve(levels, columns)
      for (c, own) in r.enumerated() { body(own, fitted(answer, c)) }
    }
  }
}
