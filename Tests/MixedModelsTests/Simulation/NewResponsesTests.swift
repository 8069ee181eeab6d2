// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies
import Testing

@Suite struct `New responses of a fit` {
  private func drawn(
    _ predictor: LinearPredictor, _ data: any TableSource, count: Int,
    random: NewResponses.RandomEffects = .new, threads: Int = 1
  ) throws -> [[Double]] {
    var options = PredictionOptions()
    options.reading.threads = threads
    options.reading.chunkBytes = 1500
    var bytes: [UInt8] = []
    try NewResponses(
      predictor, count: count, seed: 9, random: random, input: .none, options: options
    ).write([data]) { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",").map { Double($0) ?? .nan }
    }
  }

  private let stated: StatedDesign
  private let data: DataSource
  private let predictor: LinearPredictor

  init() throws {
    stated = try StatedDesign("y ~ x + (x | g) + (1 | h)") {
      $0.coefficients = "5,2"
      $0.deviations = ["g=1,0.5", "h=1"]
      $0.levels = ["g=40", "h=15"]
      $0.rowsPer = "g=10"
      $0.weights = "w"
      $0.covariates = ["w=1|4"]
    }
    data = .bytes(try stated.bytes(), name: "rows")
    var options = FitOptions()
    options.weights = "w"
    predictor = try LinearPredictor(stated.formula, data: [data], options: options)
  }

  /// Var(y_i) = zᵀΣz + σ_h² + σ²/w, and rows of one level of g covary.
  @Test func `moments are those of the fitted model`() throws {
    let count = 4000
    let rows = try drawn(predictor, data, count: count)
    let fit = predictor.fit
    let columns = try stated.columns()
    let (x, w) = (
      try #require(columns["x"]).compactMap(Double.init),
      try #require(columns["w"]).compactMap(Double.init)
    )
    #expect(rows.count == 400 && rows.allSatisfy { $0.count == count })
    let Σ = fit.varianceComponents[0].covariances
    let residual = fit.sigma * fit.sigma
    let item = fit.varianceComponents[1].covariances[0][0]
    let β = fit.fixedEffects.compactMap(\.estimate)
    func moments(_ i: Int, _ j: Int) -> (mean: Double, covariance: Double) {
      let (a, b) = (rows[i].reduce(0, +) / Double(count), rows[j].reduce(0, +) / Double(count))
      let sum = zip(rows[i], rows[j]).reduce(0) { $0 + ($1.0 - a) * ($1.1 - b) }
      return (a, sum / Double(count))
    }
    func random(_ i: Int, _ j: Int) -> Double {
      Σ[0][0] + Σ[0][1] * (x[i] + x[j]) + Σ[1][1] * x[i] * x[j]
    }
    for i in [0, 57, 123, 399] {
      let own = moments(i, i)
      let variance = random(i, i) + item + residual / w[i]
      #expect(abs(own.mean - β[0] - β[1] * x[i]) < 4.5 * (variance / Double(count)).squareRoot())
      #expect(abs(own.covariance / variance - 1) < 4.5 * (2 / Double(count)).squareRoot())
    }
    let h = try #require(columns["h"])
    let j = try #require((1..<10).first { h[$0] != h[0] })
    let both = moments(0, j).covariance
    let bound =
      4.5 * (moments(0, 0).covariance * moments(j, j).covariance / Double(count)).squareRoot()
    #expect(abs(both - random(0, j)) < 2 * bound, "\(both), \(random(0, j))")
  }

  @Test func `kept random effects leave the residuals only`() throws {
    let rows = try drawn(predictor, data, count: 2000, random: .kept)
    var fitted: [Double] = []
    try predictor.predict([data]) { fitted += $0.fitted }
    let columns = try stated.columns()
    let w = try #require(columns["w"]).compactMap(Double.init)
    for i in [0, 200, 399] {
      let mean = rows[i].reduce(0, +) / 2000
      let variance = rows[i].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2000
      let expected = predictor.fit.sigma * predictor.fit.sigma / w[i]
      #expect(abs(mean - fitted[i]) < 4.5 * (expected / 2000).squareRoot())
      #expect(abs(variance / expected - 1) < 4.5 * (2.0 / 2000).squareRoot())
    }
  }

  @Test func `threads change nothing, and more responses begin with the fewer`() throws {
    let once = try drawn(predictor, data, count: 3)
    let threaded = try drawn(predictor, data, count: 3, threads: 3)
    let fewer = try drawn(predictor, data, count: 2)
    #expect(once == threaded)
    #expect(once.map { Array($0.prefix(2)) } == fewer)
  }
}
