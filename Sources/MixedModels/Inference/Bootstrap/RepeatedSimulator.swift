// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Draws responses of a model with covariances between a subject's visits by their sums alone, pattern by
/// pattern: as exact as drawing them row by row, and as cheap for a million subjects as for a thousand.
///
/// The n subjects of a pattern have rows X = [X_1 … X_m], n × Q, and residuals E, n × m, whose rows are
/// N(0, Σ_m). With XᵀX = FFᵀ of rank r the sums of a new response are
///
///     XᵀE = F Z Lᵀ,   EᵀE = L (ZᵀZ + W) Lᵀ,   Σ_m = LLᵀ,
///
/// Z r × m standard normal and W Wishart with n − r degrees of freedom (Bartlett 1933).
struct RepeatedSimulator: Sendable {
  private let model: RepeatedModel
  private let patterns: [Pattern]

  private struct Pattern: Sendable {
    /// Q × r
    let F: DenseMatrix
    /// m × m
    let L: DenseMatrix
    /// n − r
    let left: Int
    /// The first of X's columns of every visit, then Q.
    let starts: [Int]
  }

  /// What elimination leaves of a column and is taken for rounding, as a share of it.
  private static let negligible = 1e-10

  /// From the estimates.
  ///
  /// - Throws: `MemoryShortage`
  init(_ fit: RepeatedFit) throws {
    try self.init(
      fit.model,
      fit.optimum.solution.entries.map {
        VisitCovariance.matrix($0.map(\.value), fit.model.visits.count)
      })
  }

  /// - Parameters:
  ///   - model: What responses are drawn of.
  ///   - Σ: Of every arm, in units of the scaled response.
  /// - Throws: `MemoryShortage`; `NotPositiveDefinite`
  init(_ model: RepeatedModel, _ Σ: [DenseMatrix]) throws {
    self.model = model
    let numbers = model.patterns.reduce(0.0) { sum, pattern in
      let Q = pattern.columns.reduce(0) { $0 + $1.count }
      return sum + Double(Q * min(Q, pattern.subjects))
    }
    try requireMemory(
      8 * numbers, for: "the factors of \(model.patterns.count) missingness patterns",
      remedy: "Take \(Setting.intervals("wald")), or fewer columns of X.")
    patterns = try model.patterns.map { pattern in
      var L = pattern.submatrix(Σ[pattern.arm])
      try DenseCholesky.factorize(&L)
      for j in 0..<L.columns { for i in 0..<j { L[i, j] = 0 } }
      var starts = [0]
      for columns in pattern.columns { starts.append(starts.last! + columns.count { $0 != 0 }) }
      var G = DenseMatrix(rows: starts.last!, columns: starts.last!)
      pattern.forEachEntry { s, t, a, b, value in
        guard a.column != 0, b.column != 0 else { return }
        G[starts[s] + a.place, starts[t] + b.place] = value
        G[starts[t] + b.place, starts[s] + a.place] = value
      }
      let F = Self.factor(G)
      return Pattern(F: F, L: L, left: max(pattern.subjects - F.columns, 0), starts: starts)
    }
  }

  /// Pivoted Cholesky of G scaled to a unit diagonal.
  private static func factor(_ G: DenseMatrix) -> DenseMatrix {
    let scales = G.diagonal.map { $0 > 0 ? $0.squareRoot() : 1 }
    var scaled = G
    for j in 0..<G.columns { for i in 0..<G.rows { scaled[i, j] /= scales[i] * scales[j] } }
    var F = DenseCholesky.pivoted(scaled, relativeTolerance: negligible).factor
    for j in 0..<F.columns { for i in 0..<F.rows { F[i, j] *= scales[i] } }
    return F
  }

  /// The model with a response that was drawn, relative to the fitted fixed part.
  func draw(_ stream: inout RandomStream) -> RepeatedModel {
    var drawn: [VisitPattern] = []
    for (pattern, own) in zip(model.patterns, patterns) {
      let m = pattern.visits.count
      var normal = [Double](repeating: 0, count: own.F.columns * m)
      stream.fillNormal(&normal)
      let Z = DenseMatrix(rows: own.F.columns, columns: m, storage: normal)
      let XE = own.F * Z.multipliedByTransposeOnRight(own.L)
      let root = own.L * (Z.gram + Self.wishart(m, own.left, &stream))
      let EE = root.multipliedByTransposeOnRight(own.L)
      drawn.append(
        pattern.replacingEntries { s, t, a, b, value in
          switch (a.column == 0, b.column == 0) {
          case (true, true): EE[s, t]
          case (true, false): XE[own.starts[t] + b.place, s]
          case (false, true): XE[own.starts[s] + a.place, t]
          case (false, false): value
          }
        })
    }
    return model.replacingResponse(drawn)
  }

  /// Wishart with unit scale; a sum of squares where there are few degrees of freedom.
  private static func wishart(_ m: Int, _ ν: Int, _ stream: inout RandomStream) -> DenseMatrix {
    if ν < m {
      var normal = [Double](repeating: 0, count: ν * m)
      stream.fillNormal(&normal)
      return DenseMatrix(rows: ν, columns: m, storage: normal).gram
    }
    var T = DenseMatrix(rows: m, columns: m)
    var normal = [Double](repeating: 0, count: m * (m - 1) / 2)
    stream.fillNormal(&normal)
    var next = 0
    for i in 0..<m {
      for j in 0..<i {
        T[i, j] = normal[next]
        next += 1
      }
      T[i, i] = stream.chiSquared(ν - i).squareRoot()
    }
    return T.multipliedByTransposeOnRight(T)
  }
}

extension VisitPattern {
  /// A column of [y X] at a visit: the raw column, and its place among those of X there.
  typealias Column = (column: Int32, place: Int)

  private func columns(_ s: Int) -> [Column] {
    var place = 0
    return columns[s].map { column in
      defer { if column != 0 { place += 1 } }
      return (column, place)
    }
  }

  /// The entries of A^st for visits s ≤ t, with the columns they are of.
  func forEachEntry(_ body: (_ s: Int, _ t: Int, _ a: Column, _ b: Column, Double) -> Void) {
    _ = replacingEntries { s, t, a, b, value in
      body(s, t, a, b, value)
      return value
    }
  }

  /// The same pattern with other entries.
  func replacingEntries(
    _ entry: (_ s: Int, _ t: Int, _ a: Column, _ b: Column, Double) -> Double
  ) -> VisitPattern {
    let m = visits.count
    let own = (0..<m).map { columns($0) }
    var blocks = blocks
    for s in 0..<m {
      for t in s..<m {
        let k = Self.pair(s, t, of: m)
        var next = 0
        for a in own[s] {
          for b in own[t] {
            blocks[k][next] = entry(s, t, a, b, blocks[k][next])
            next += 1
          }
        }
      }
    }
    return VisitPattern(arm: arm, visits: visits, subjects: subjects, columns: columns, blocks: blocks)
  }
}
