// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Variances of two absorbed factors' effects by Kline, Saggio & Sølvsten (2020).
@Suite struct `Variance decompositions` {
  struct Row {
    var worker: Int
    var firm: Int
    var x: Double
    var y: Double
    var year = 0
  }

  /// 40 workers in 7 firms; a worker and a firm that one row holds to the others, and two on their own.
  private static let panel: [Row] = {
    var rows: [Row] = []
    for w in 0..<40 {
      for t in 0..<2 + w % 3 {
        let f = (w * 7 + t * (w % 4) + t * t) % 7
        let x = Double((w * 31 + t * 17 + f * 5) % 23) / 10
        let e = Double((w * 53 + t * 97 + f * 29) % 41) / 20 - 1
        let own = 2 + 0.3 * Double(w % 5) - 0.2 * Double(f) + 0.4 * x
        let y = (1000 * (own + e * (1 + 0.5 * Double(f % 2)))).rounded(.toNearestOrEven) / 1000
        rows.append(Row(worker: w, firm: f, x: x, y: y, year: t))
      }
    }
    return rows
      + [
        (40, 0, 1.0, 1.5), (41, 7, 0.5, 3.25), (41, 3, 0.7, 2.5), (42, 8, 0.2, 1.0), (42, 8, 0.9, 1.25),
        (42, 8, 0.4, 1.5),
      ].map { Row(worker: $0.0, firm: $0.1, x: $0.2, y: $0.3) }
  }()

  private static func table(_ rows: [Row]) -> [any TableSource] {
    var text = "y,x,worker,firm,year,w,g\n"
    for (k, row) in rows.enumerated() {
      text += "\(row.y),\(row.x),w\(row.worker),f\(row.firm),\(row.year),\(1 + k % 2),\(k % 5)\n"
    }
    return [.bytes(Array(text.utf8), name: "panel.csv")]
  }

  private static func fitted(
    _ formula: String, _ rows: [Row] = panel, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var options = FitOptions()
    options.threads = 1
    change(&options)
    return try FittedModel(Formula(formula), data: table(rows), options: options)
  }

  struct Truth: Sendable {
    let formula: String
    let leverage: Double
    let residual: Double
    /// Plug-in, corrected, standard error of both variances and the covariance.
    let components: [(Double, Double, Double)]
  }

  /// Dense matrices of NumPy: P, B and C of the paper in full, the set by leverages of 1 and brute force.
  static let truths = [
    Truth(
      formula: "y ~ 0 | worker + firm", leverage: 0.53511767029742086, residual: 0.53209883369920352,
      components: [
        (0.47216829389566761, 0.28434363747309566, 0.08903177961929797),
        (0.2034415612573704, 0.16632305155893723, 0.0695267193771039),
        (-0.01453636066943954, -0.0038457950069497662, 0.021341938740252),
      ]),
    Truth(
      formula: "y ~ x | worker + firm", leverage: 0.55392902343994332, residual: 0.46256672532553811,
      components: [
        (0.48696704983156919, 0.31956795929141979, 0.08504790871702045),
        (0.16926719595690126, 0.14015082617710597, 0.058847474041583143),
        (-0.0037903721608590702, 0.0041264720210938089, 0.015189121390865326),
      ]),
  ]

  @Test(arguments: truths)
  func `small panels are those of dense matrices`(truth: Truth) throws {
    let result = try Self.fitted(truth.formula).varianceDecomposition(["worker", "firm"])
    #expect(result.observations == 119 && result.allObservations == 125)
    #expect(result.factors.map(\.levelCount) == [40, 7] && result.factors.map(\.allLevels) == [43, 9])
    #expect(abs(result.largestLeverage - truth.leverage) < 1e-9)
    #expect(abs(result.residualVariance - truth.residual) < 1e-9)
    #expect(abs(result.responseVariance - 0.97060251394675523) < 1e-9)
    #expect(result.vectors == nil)
    for (ours, theirs) in zip(result.components, truth.components) {
      #expect(abs(ours.plugIn - theirs.0) < 1e-9, "\(ours.name)")
      #expect(abs(ours.corrected - theirs.1) < 1e-9, "\(ours.name)")
      #expect(abs(ours.standardError! - theirs.2) < 1e-9, "\(ours.name)")
    }
    let correlation = try #require(result.components.last)
    let v = truth.components.map(\.1)
    #expect(abs(correlation.corrected - v[2] / (v[0] * v[1]).squareRoot()) < 1e-8)
    #expect(result.messages.contains { $0.contains("6 of 125 rows are not in") })
  }

  @Test func `neither the order of rows nor of factors nor units matter`() throws {
    let formula = "y ~ x | worker + firm"
    let result = try Self.fitted(formula).varianceDecomposition(["worker", "firm"])
    let other = try Self.fitted("y ~ x | firm + worker", Self.panel.reversed())
      .varianceDecomposition(["worker", "firm"])
    for (a, b) in zip(result.components, other.components).dropLast() {
      #expect(abs(a.corrected - b.corrected) < 1e-10 && abs(a.standardError! - b.standardError!) < 1e-10)
    }
    // The last x are spread over a billionth of their mean, and multiples of 1/16 there.
    for (scale, far) in [(1e3, 7), (160, 1e9), (160, -1e11)] {
      let scaled = try Self.fitted(formula, Self.panel.map {
        Row(worker: $0.worker, firm: $0.firm, x: (scale * $0.x).rounded() / 16 + far, y: 1e4 + 100 * $0.y)
      }).varianceDecomposition(["worker", "firm"])
      for (a, c) in zip(result.components, scaled.components).dropLast() {
        #expect(abs(1e4 * a.corrected - c.corrected) < 1e-6, "\(a.name)")
        #expect(abs(1e4 * a.standardError! - c.standardError!) < 1e-6, "\(a.name)")
      }
    }
  }

  @Test func `a third factor is what its columns are`() throws {
    let rows = Self.panel.filter { $0.worker < 40 }
    let absorbed = try Self.fitted("y ~ x | worker + firm + year", rows)
      .varianceDecomposition(["worker", "firm"])
    let written = try Self.fitted("y ~ x + factor(year) | worker + firm", rows)
      .varianceDecomposition(["worker", "firm"])
    #expect(abs(absorbed.largestLeverage - written.largestLeverage) < 1e-9)
    for (a, b) in zip(absorbed.components, written.components) {
      #expect(abs(a.plugIn - b.plugIn) < 1e-9 && abs(a.corrected - b.corrected) < 1e-9, "\(a.name)")
    }
    // Year 0 meets all workers, and it is one of the factors like others.
    let years = try Self.fitted("y ~ x | worker + firm + year", rows).varianceDecomposition(["year", "worker"])
    #expect(years.factors.map(\.levelCount) == [4, 40])
  }

  @Test func `random vectors are right within their error`() throws {
    let fitted = try Self.fitted("y ~ x | worker + firm")
    let exact = try fitted.varianceDecomposition(["worker", "firm"])
    let estimated = try fitted.varianceDecomposition(["worker", "firm"], level: 0.9, seed: 3, mostExact: 0)
    #expect(estimated.vectors! >= 48 && estimated.messages.contains { $0.contains("random vectors") })
    for (a, b) in zip(exact.components, estimated.components).dropLast() {
      let error = try #require(b.monteCarloError)
      #expect(error > 0 && error < 0.1 * a.standardError!)
      #expect(abs(a.corrected - b.corrected) < 4 * error, "\(a.name)")
      #expect(a.plugIn == b.plugIn && a.monteCarloError == nil)
      #expect(abs(a.standardError! / b.standardError! - 1) < 0.3, "\(a.name)")
    }
  }

  @Test func `leverages by random vectors leave the error that is stated`() throws {
    let fitted = try Self.fitted("y ~ x | worker + firm")
    let exact = try fitted.varianceDecomposition(["worker", "firm"])
    #expect(exact.leverageVectors == nil && exact.residualVarianceError == nil)
    var (squares, count) = (0.0, 0)
    for seed: UInt64 in 1...12 {
      let estimated = try fitted.varianceDecomposition(
        ["worker", "firm"], level: 0.95, seed: seed, mostExact: .max, mostExactLevels: 0)
      #expect(estimated.leverageVectors == 200 && estimated.vectors == nil)
      #expect(abs(estimated.largestLeverage - exact.largestLeverage) < 0.15)
      var pairs = zip(exact.components, estimated.components).dropLast().map {
        ($0.corrected, $1.corrected, $1.monteCarloError)
      }
      pairs.append((exact.residualVariance, estimated.residualVariance, estimated.residualVarianceError))
      for (a, b, error) in pairs {
        let z = (b - a) / (try #require(error))
        #expect(abs(z) < 4)
        squares += z * z
        count += 1
      }
      for (a, b) in zip(exact.components, estimated.components).dropLast() {
        #expect(abs(a.plugIn - b.plugIn) < 1e-9 && b.monteCarloError! < 0.2 * a.standardError!, "\(a.name)")
      }
    }
    // Errors are neither hidden nor exaggerated: 48 of them, of four quantities that hang together.
    #expect((0.6...1.5).contains((squares / Double(count)).squareRoot()))
  }

  /// Two sets of firms that twelve workers' moves connect, three rows a worker.
  private static func bottleneck(_ random: inout SplitMix64) -> [(row: Row, worker: Double, firm: Double)] {
    var rows: [(row: Row, worker: Double, firm: Double)] = []
    for w in 0..<90 {
      for t in 0..<3 {
        let side = w < 12 ? t % 2 : w % 2
        let f = 6 * side + (w / 2 + (t < 2 ? 0 : 1 + (w / 12) % 4)) % 6
        let (own, other) = (Double(w % 9) * 0.15, Double(f % 6) * 0.4)
        let e = random.normal() * (f % 2 == 0 ? 1.2 : 0.6)
        rows.append((Row(worker: w, firm: f, x: 0, y: own + other + e), own, other))
      }
    }
    return rows
  }

  /// 60 panels. Of 100 by NumPy intervals of firms cover 93, of 150 those of workers 92 in a hundred.
  @Test func `corrected variances cover the truth where plug-in ones do not`() throws {
    var random = SplitMix64(seed: 77)
    var (plugIn, corrected, covered) = ([[Double](), []], [[Double](), []], [0, 0])
    var truth = [0.0, 0.0]
    let count = 60
    func variance(_ v: [Double]) -> Double {
      let m = v.reduce(0, +) / Double(v.count)
      return v.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Double(v.count)
    }
    for _ in 0..<count {
      let rows = Self.bottleneck(&random)
      let result = try Self.fitted("y ~ 0 | worker + firm", rows.map(\.row))
        .varianceDecomposition(["worker", "firm"])
      #expect(result.observations == rows.count)
      truth = [variance(rows.map(\.worker)), variance(rows.map(\.firm))]
      for k in 0..<2 {
        let component = result.components[k]
        plugIn[k].append(component.plugIn)
        corrected[k].append(component.corrected)
        if let (low, high) = component.interval, low <= truth[k], truth[k] <= high { covered[k] += 1 }
      }
    }
    for k in 0..<2 {
      func mean(_ v: [Double]) -> Double { v.reduce(0, +) / Double(count) }
      let spread = variance(corrected[k]).squareRoot()
      #expect(abs(mean(corrected[k]) - truth[k]) < 3 * spread / Double(count).squareRoot())
      #expect(mean(plugIn[k]) - truth[k] > 3 * spread / Double(count).squareRoot())
      #expect(covered[k] >= count * 8 / 10, "\(covered)")
    }
    // Three rows a worker: all plug-in variances of workers are too large by more than a standard error.
    let spread = variance(corrected[0]).squareRoot()
    #expect(plugIn[0].allSatisfy { $0 > truth[0] + spread })
  }

  @Test func `what it is not for is refused by name`() throws {
    func refusal(
      _ formula: String, _ names: [String], _ change: (inout FitOptions) -> Void = { _ in }
    ) throws -> String {
      let model = try Self.fitted(formula, Self.panel, change)
      let error = #expect(throws: InferenceError.self) { try model.varianceDecomposition(names) }
      return error.map { "\($0)" } ?? ""
    }
    #expect(try refusal("y ~ x | worker + firm", ["worker"]).contains("two factors"))
    #expect(try refusal("y ~ x | worker + firm", ["worker", "plant"]).contains("“plant” is no absorbed factor"))
    #expect(try refusal("y ~ x + (1 | g)", ["worker", "firm"]).contains("y ~ x | worker + firm"))
    #expect(try refusal("y ~ (1 | g) | worker + firm", ["worker", "firm"]).contains("random"))
    #expect(
      try refusal("y ~ x | worker + firm", ["worker", "firm"]) { $0.weights = "w" }.contains("weights"))
    let apart = (0..<24).map { Row(worker: $0 / 2, firm: $0 / 2, x: Double($0 * $0 % 7), y: Double($0 % 5)) }
    let model = try Self.fitted("y ~ x | worker + firm", apart)
    let error = #expect(throws: InferenceError.self) { try model.varianceDecomposition(["worker", "firm"]) }
    #expect(error.map { "\($0)".contains("stay connected") } == true)
  }
}
