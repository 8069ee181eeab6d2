// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import Testing

/// Random probes instead of dense matrices.
@Suite struct `Kenward–Roger by probes` {
  /// Many levels each, so that traces are random; weights, slopes and three factors.
  private static let table: DataSource = {
    var text = "y,x,w,g,h,k\n"
    var noise = [Double](repeating: 0, count: 2000)
    var stream = RandomStream(seed: 77)
    stream.fillNormal(&noise)
    for i in 0..<900 {
      let (g, h, k) = ((i * 7) % 60, (i * i + i / 7) % 45, i % 4)
      let x = Double((i * 37) % 29) / 10
      let y = 2 * x + 1.5 * noise[g] + noise[100 + h] + 0.5 * noise[200 + k] + noise[900 + i]
      text += "\(y + 0.5 * x * noise[300 + g]),\(x),\(1 + i % 3),\(g),\(h),\(k)\n"
    }
    return .bytes(Array(text.utf8), name: "crossed.csv")
  }()

  private func fitted(_ formula: String) throws -> FittedModel {
    var options = FitOptions()
    options.weights = "w"
    return try FittedModel(Formula(formula), data: [Self.table], options: options)
  }

  private func hypotheses(_ p: Int) throws -> [LinearHypothesis] {
    try [
      LinearHypothesis(rows: .identity(p)),
      LinearHypothesis(
        rows: DenseMatrix(rows: 1, columns: p, storage: (0..<p).map { $0 == 0 ? 1 : 0 })),
      LinearHypothesis(
        rows: DenseMatrix(rows: 1, columns: p, storage: (0..<p).map { $0 == 1 ? 1 : 0.2 })),
    ]
  }

  @Test(arguments: [
    "y ~ x + (1 | g) + (1 | h)", "y ~ x + (x | g) + (1 | h)",
    "y ~ x + (1 | g) + (1 | h) + (1 | k)",
  ])
  func `agree with dense matrices within their stated error`(formula: String) throws {
    let fitted = try fitted(formula)
    let exact = try KenwardRoger(fitted)
    let probed = try KenwardRoger(fitted, probes: 40)
    for hypothesis in try hypotheses(fitted.fit.fixedEffectCount) {
      let (a, b) = (probed.denominator(hypothesis), exact.denominator(hypothesis))
      let error = try #require(a.standardError)
      #expect(b.standardError == nil)
      #expect(error > 0 && error < 0.05 * b.degreesOfFreedom!)
      #expect(abs(a.degreesOfFreedom! - b.degreesOfFreedom!) <= 4 * error)
    }
    for k in exact.covariance.storage.indices {
      #expect(
        abs(probed.covariance.storage[k] - exact.covariance.storage[k])
          <= 1e-3 * exact.covariance.diagonal.max()!)
    }
  }

  /// Over seeds, errors are as large as stated: neither hidden nor exaggerated.
  @Test func `the stated error is the spread over seeds`() throws {
    let fitted = try fitted("y ~ x + (1 | g) + (1 | h)")
    let hypothesis = try hypotheses(2)[1]
    let exact = try KenwardRoger(fitted).denominator(hypothesis).degreesOfFreedom!
    let scaled = try (1...40).map { seed -> Double in
      let found = try KenwardRoger(fitted, probes: 24, seed: UInt64(seed)).denominator(hypothesis)
      return (found.degreesOfFreedom! - exact) / found.standardError!
    }
    let square = scaled.reduce(0) { $0 + $1 * $1 } / 40
    #expect(0.5 < square && square < 2, "\(square)")
  }

  /// As many probes as random effects, or more: unit vectors, no chance.
  @Test func `groups of few levels are exact`() throws {
    let fitted = try fitted("y ~ x + (1 | g) + (1 | h) + (1 | k)")
    let exact = try KenwardRoger(fitted)
    let probed = try KenwardRoger(fitted, probes: 60)
    for hypothesis in try hypotheses(2) {
      let (a, b) = (probed.denominator(hypothesis), exact.denominator(hypothesis))
      #expect(abs(a.degreesOfFreedom! - b.degreesOfFreedom!) <= 1e-7 * b.degreesOfFreedom!)
      #expect(a.standardError! <= 1e-7 * b.degreesOfFreedom!)
    }
  }

  /// Where dense matrices are refused, probes take over, and the report says so.
  @Test func `a limit on memory calls them`() throws {
    let fitted = try fitted("y ~ x + (x | g) + (x | h) + (x | k)")
    let exact = try KenwardRoger(fitted)
    let probed = try KenwardRoger(fitted, limit: 1000)
    let hypothesis = try hypotheses(2)[1]
    #expect(exact.denominator(hypothesis).standardError == nil)
    let found = probed.denominator(hypothesis)
    let error = try #require(found.standardError)
    #expect(
      abs(found.degreesOfFreedom! - exact.denominator(hypothesis).degreesOfFreedom!) <= 4 * error)
  }
}
