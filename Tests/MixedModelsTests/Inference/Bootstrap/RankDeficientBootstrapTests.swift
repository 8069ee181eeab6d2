// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import Testing

/// Columns of X that depend on others, and columns of X in the space of Z's.
@Suite struct `The bootstrap of rank-deficient designs` {
  /// x2 repeats x; v is constant within g, so that the space of Z's columns has it.
  private struct Row {
    let g: Int
    let x, w: Double
    var v: Double { Double((g * 5) % 7) }
    var x2: Double { 2 * x + 1 }
  }
  private let rows: [Row] = (0..<84).map { i -> Row in
    let g: Int = i < 78 ? i % 13 : i - 65
    let x: Int = (i * 37) % 29
    return Row(g: g, x: Double(x) / 10 - 1, w: Double(1 + i % 4) / 2)
  }
  private static let formula = "y ~ x + x2 + v + (1 | g)"

  private func source(_ y: [Double]) -> DataSource {
    var text = "y,x,x2,v,w,g\n"
    for (row, y) in zip(rows, y) {
      text += "\(y),\(row.x),\(row.x2),\(row.v),\(row.w),\(row.g)\n"
    }
    return .bytes(Array(text.utf8), name: "deficient.csv")
  }

  private func fitted(_ y: [Double]) throws -> FittedModel {
    var options = FitOptions()
    (options.threads, options.weights) = (1, "w")
    return try FittedModel(Formula(Self.formula), data: [source(y)], options: options)
  }

  private var first: [Double] {
    rows.indices.map { i -> Double in
      let level = Double((rows[i].g * 7) % 11 - 5)
      let noise = Double((i * i * 53 + i * 19) % 31 - 15)
      return 3 + 2 * rows[i].x + 0.3 * rows[i].v + 0.9 * level + 0.4 * noise
    }
  }

  /// y* = Xβ + Zb* + ε* from the fit.
  private func response(_ fit: Fit, _ stream: inout RandomStream) -> [Double] {
    let β = fit.fixedEffects.map { $0.estimate ?? 0 }
    let sd = fit.varianceComponents[0].standardDeviations[0]
    var (b, ε) = (
      [Double](repeating: 0, count: 19), [Double](repeating: 0, count: rows.count)
    )
    stream.fillNormal(&b)
    stream.fillNormal(&ε)
    return rows.indices.map { i in
      let row = rows[i]
      let fixed = β[0] + β[1] * row.x + β[2] * row.x2 + β[3] * row.v
      return fixed + sd * b[row.g] + fit.sigma * ε[i] / row.w.squareRoot()
    }
  }

  @Test func `the rank is that of the columns`() throws {
    let fitted = try fitted(first)
    #expect(fitted.fit.droppedColumns == ["x2"])
    let M = fitted.model.crossProducts
    let values = symmetricEigenvalues(M)
    let rank = values.count { $0 > 1e-9 * values.last! }
    #expect(rank == M.rows - 2)  // the constant and v
    #expect(try ResponseSimulator(fitted).rank == rank)
  }

  /// Mean and covariance of the products, and the mean of the square.
  @Test func `moments of the cross-products`() throws {
    let fitted = try fitted(first)
    let simulator = try ResponseSimulator(fitted)
    let M = fitted.model.crossProducts
    let σ² = simulator.sigma * simulator.sigma
    let sd = fitted.fit.varianceComponents[0].standardDeviations[0] / fitted.fit.sigma
    let unit = fitted.model.crossProducts[0, 0]
    // Z's working column is scaled to unit mean square, which the intercept is.
    let weight = rows.filter { $0.g == 0 }.reduce(0) { $0 + $1.w }
    let γ = sd * sd * σ² * weight / unit
    let levels = Set(rows.map(\.g)).count
    let V = DenseMatrix(diagonal: (0..<M.rows).map { $0 < levels ? γ : 0 })
    let expected = M * (V * M) + σ² * M
    let draws = 5000
    var sums = DenseMatrix(rows: M.rows, columns: M.rows)
    var square = 0.0
    for k in 0..<draws {
      var stream = RandomStream(seed: 61, block: UInt64(k))
      let response = simulator.draw(&stream)
      let r = response.z.flatMap(\.self) + response.x
      for j in r.indices { for i in r.indices { sums[i, j] += r[i] * r[j] / Double(draws) } }
      square += response.square / Double(draws)
    }
    for j in 0..<M.rows {
      for i in j..<M.rows {
        let (a, b, c) = (expected[i, i], expected[j, j], expected[i, j])
        let error = ((a * b + c * c) / Double(draws)).squareRoot()
        #expect(abs(sums[i, j] - c) < 5 * error, "entry (\(i), \(j))")
      }
    }
    let mean = (M * V).diagonal.reduce(0, +) + σ² * Double(rows.count)
    #expect(abs(square / mean - 1) < 0.05)
  }

  @Test func `refits are distributed as refits to simulated rows`() throws {
    let fitted = try fitted(first)
    let count = 500
    var options = BootstrapOptions()
    (options.replicates, options.seed) = (count, 62)
    let bootstrap = try fitted.bootstrap(options)
    #expect(bootstrap.failedCount == 0)
    var refits: [[Double]] = []
    for k in 0..<count {
      var stream = RandomStream(seed: 63, block: UInt64(k))
      let fit = try self.fitted(response(fitted.fit, &stream)).fit
      refits.append(
        fit.fixedEffects.compactMap(\.estimate) + [fit.sigma] + fit.theta.values
          + [fit.criterion])
    }
    let kept =
      bootstrap.parameters.indices.filter {
        [.fixed, .sigma, .theta].contains(bootstrap.parameters[$0].kind)
      } + [bootstrap.parameters.count]
    #expect(kept.count == refits[0].count)
    for (column, k) in kept.enumerated() {
      // Variances of zero are ties; rounding must not order them.
      func tied(_ value: Double) -> Double { abs(value) < 1e-3 ? 0 : value }
      let distance = kolmogorovSmirnov(
        bootstrap.replicates.map { tied($0.values[k]) }, refits.map { tied($0[column]) })
      #expect(distance < 1, "\(bootstrap.names[k])")
    }
  }
}
