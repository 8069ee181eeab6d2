// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import Testing

/// The bootstrap by cross-products has the distribution of simulated rows.
@Suite struct `The bootstrap is exact` {
  static let designs: [(formula: String, weighted: Bool)] = [
    ("y ~ x + (1 | g)", false), ("y ~ x + (x | g)", true), ("y ~ 1 + (x || g)", false),
    ("y ~ x + (1 | g) + (1 | h)", true), ("y ~ x + (x | g) + (1 | h)", false),
  ]

  private let table = SimulatedRowsTable()

  private func fitted(
    _ formula: String, _ weighted: Bool, _ source: (any TableSource)? = nil
  ) throws -> FittedModel {
    var options = FitOptions()
    options.threads = 1
    options.weights = weighted ? "w" : nil
    return try FittedModel(Formula(formula), data: [source ?? table.first], options: options)
  }

  /// Cov([Z X]ᵀWy*) = M(V ⊕ 0)M + σ²M for M = [Z X]ᵀW[Z X] and V = Var(b*).
  @Test(arguments: designs)
  func `moments of the cross-products`(formula: String, weighted: Bool) throws {
    let fitted = try fitted(formula, weighted)
    let simulator = try ResponseSimulator(fitted)
    let M = fitted.model.crossProducts
    let σ² = simulator.sigma * simulator.sigma
    let V = covariance(simulator, size: M.rows)
    let expected = M * (V * M) + σ² * M
    let n = Double(fitted.fit.observations)
    let MV = M * V
    let mean = trace(MV) + σ² * n
    let variance = 2 * (trace(MV * MV) + 2 * σ² * trace(MV) + n * σ² * σ²)

    let draws = 6000
    var sums = DenseMatrix(rows: M.rows, columns: M.rows)
    var (means, squares) = ([Double](repeating: 0, count: M.rows), [Double]())
    for k in 0..<draws {
      var stream = RandomStream(seed: 11, block: UInt64(k))
      let response = simulator.draw(&stream)
      let r = response.z.flatMap(\.self) + response.x
      for j in r.indices {
        means[j] += r[j] / Double(draws)
        for i in r.indices { sums[i, j] += r[i] * r[j] / Double(draws) }
      }
      squares.append(response.square)
    }
    let root = Double(draws).squareRoot()
    for j in 0..<M.rows {
      #expect(abs(means[j]) < 5 * expected[j, j].squareRoot() / root)
      for i in j..<M.rows {
        let (a, b, c) = (expected[i, i], expected[j, j], expected[i, j])
        let error = ((a * b + c * c) / Double(draws)).squareRoot()
        #expect(abs(sums[i, j] - c) < 5 * error, "entry (\(i), \(j))")
      }
    }
    let found = moments(squares)
    #expect(abs(found.mean - mean) < 5 * variance.squareRoot() / root)
    #expect(abs(found.variance / variance - 1) < 0.15)
  }

  /// y*ᵀWy* − rᵀM⁺r for r = [Z X]ᵀWy* is what lies outside of the columns' space: σ²χ², with n less
  /// the rank of M degrees of freedom, which the eigenvalues of M tell.
  @Test(arguments: designs)
  func `the rest outside of the columns' space`(formula: String, weighted: Bool) throws {
    let fitted = try fitted(formula, weighted)
    let simulator = try ResponseSimulator(fitted)
    let (values, vectors) = symmetricEigenvectors(fitted.model.crossProducts)
    let rank = values.count { $0 > 1e-9 * values.last! }
    #expect(simulator.rank == rank)
    #expect(rank < values.count)  // all designs here are singular
    let df = Double(fitted.fit.observations - rank)
    var rest: [Double] = []
    for k in 0..<4000 {
      var stream = RandomStream(seed: 12, block: UInt64(k))
      let response = simulator.draw(&stream)
      let r = vectors.multipliedByTransposeOnLeft(response.z.flatMap(\.self) + response.x)
      let inside = zip(r, values).reduce(0) {
        $1.1 > 1e-9 * values.last! ? $0 + $1.0 * $1.0 / $1.1 : $0
      }
      rest.append((response.square - inside) / (simulator.sigma * simulator.sigma))
    }
    #expect(rest.min()! > 0)
    let found = moments(rest)
    #expect(abs(found.mean - df) < 5 * (2 * df / 4000).squareRoot())
    #expect(abs(found.variance / (2 * df) - 1) < 0.15)
    let chiSquared = ChiSquared(degreesOfFreedom: df)
    let uniform = rest.map { chiSquared.cumulative($0, tail: .lower) }
    let even = (0..<4000).map { (Double($0) + 0.5) / 4000 }
    #expect(kolmogorovSmirnov(uniform, even) < 1)
  }

  @Test(arguments: designs)
  func `refits are distributed as refits to simulated rows`(
    formula: String, weighted: Bool
  ) throws {
    let fitted = try fitted(formula, weighted)
    let count = 500
    var options = BootstrapOptions()
    (options.replicates, options.seed) = (count, 21)
    let bootstrap = try fitted.bootstrap(options)
    #expect(bootstrap.failedCount == 0)
    var rows: [[Double]] = []
    for k in 0..<count {
      var stream = RandomStream(seed: 22, block: UInt64(k))
      let y = table.response(fitted.fit, weighted: weighted, &stream)
      let fit = try self.fitted(formula, weighted, table.source(y)).fit
      rows.append(
        fit.fixedEffects.map { $0.estimate! } + [fit.sigma] + fit.theta.values + [fit.criterion])
    }
    let kept =
      bootstrap.parameters.indices.filter {
        [.fixed, .sigma, .theta].contains(bootstrap.parameters[$0].kind)
      } + [bootstrap.parameters.count]
    for (column, k) in kept.enumerated() {
      // Variances of zero are ties; rounding must not order them.
      func tied(_ value: Double) -> Double { abs(value) < 1e-3 ? 0 : value }
      let distance = kolmogorovSmirnov(
        bootstrap.replicates.map { tied($0.values[k]) }, rows.map { tied($0[column]) })
      #expect(distance < 1, "\(bootstrap.names[k])")
    }
  }

  /// The statistic of a test, with another random part and with another fixed part.
  @Test(arguments: [
    ("y ~ x + (x | g)", "y ~ x + (1 | g)"), ("y ~ x + (1 | g) + (1 | h)", "y ~ 1 + (1 | g)"),
    ("y ~ x + (x | g)", "y ~ x + (x || g)"),
  ])
  func `statistics are distributed as those of simulated rows`(
    larger: String, smaller: String
  ) throws {
    let comparison = try BootstrapComparison(
      ("larger", fitted(larger, true)), ("smaller", fitted(smaller, true)))
    let count = 400
    var options = BootstrapOptions()
    (options.replicates, options.seed) = (count, 31)
    let test = try comparison.test(options)
    #expect(test.failedCount == 0)
    var statistics: [Double] = []
    for k in 0..<count {
      var stream = RandomStream(seed: 32, block: UInt64(k))
      let y = table.source(table.response(comparison.smaller.fit, weighted: true, &stream))
      let table = try ModelComparison([
        ("smaller", fitted(smaller, true, y)), ("larger", fitted(larger, true, y)),
      ])
      statistics.append(table.rows[1].test!.statistic)
    }
    // Statistics of zero are ties; rounding must not order them.
    let found = test.replicates.map { $0.values[2] < 1e-5 ? 0 : $0.values[2] }
    #expect(kolmogorovSmirnov(found, statistics.map { $0 < 1e-5 ? 0 : $0 }) < 1)
  }

  /// Room for a core of order four: enough for X alone.
  @Test func `crossed factors that are too large are refused`() throws {
    let memory = 6 * 8 * 16
    _ = try ResponseSimulator(fitted("y ~ x + (x | g)", false), memory: memory)
    do {
      _ = try ResponseSimulator(fitted("y ~ x + (1 | g) + (1 | h)", false), memory: memory)
      Issue.record("not refused")
    } catch let error as InferenceError {
      #expect(error.description.contains("here that has order 7"))
    }
  }

  private func covariance(_ simulator: ResponseSimulator, size: Int) -> DenseMatrix {
    var V = DenseMatrix(rows: size, columns: size)
    var first = 0
    for (F, levels) in zip(simulator.spreads, simulator.levelCounts) {
      let C = F * F.transposed
      for _ in 0..<levels {
        for j in 0..<F.rows {
          for i in 0..<F.rows {
            V[first + i, first + j] = simulator.sigma * simulator.sigma * C[i, j]
          }
        }
        first += F.rows
      }
    }
    return V
  }

  private func trace(_ A: DenseMatrix) -> Double { A.diagonal.reduce(0, +) }

  private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1))
  }
}
