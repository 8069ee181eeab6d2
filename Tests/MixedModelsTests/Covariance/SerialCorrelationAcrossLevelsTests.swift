// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

import MixedModels
import ModelFrames

/// Random effects whose levels do not hold whole subjects: steps in time lead from one level to another.
@Suite struct `Serial correlation across levels` {
  private let folder: TemporaryFolder
  private let header: String
  private let lines: [String]

  /// Rows of sleepstudy, some missing, with an item that changes from row to row and its effect.
  init() throws {
    folder = try TemporaryFolder()
    let all = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
    header = all[0] + ",item,w"
    lines = all.dropFirst().enumerated().filter { $0.0 % 7 != 3 }.map { k, line in
      var fields = line.split(separator: ",").map(String.init)
      let item = (k * k + k / 5) % 5
      fields[0] = "\(Double(fields[0])! + 25 * Double(item * item % 7))"
      return (fields + ["i\(item)", "\(1 + k % 3)"]).joined(separator: ",")
    }
  }

  private func table(_ name: String = "t.csv", _ rows: [String]? = nil) throws -> any TableSource {
    try folder.write(([header] + (rows ?? lines)).joined(separator: "\n") + "\n", to: name)
    return .file(folder.file(name))
  }

  private func options(
    _ kind: CriterionKind = .reml, weights: String? = nil, residual: String = "ar1(Days | Subject)"
  ) throws -> FitOptions {
    var options = FitOptions()
    options.residual = try ResidualTerm(residual)
    (options.criterion, options.weights, options.threads) = (kind, weights, 1)
    return options
  }

  /// The criterion by its definition, from V, n × n.
  private func dense(_ θ: [Double], reml: Bool) throws -> Double {
    let rows = lines.map { $0.split(separator: ",").map(String.init) }
    let n = rows.count
    let y = rows.map { Double($0[0])! }
    let days = rows.map { Double($0[1])! }
    let w = rows.map { Double($0[4])! }
    var V = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    for s in 0..<n {
      for t in 0..<n {
        if rows[s][2] == rows[t][2] {
          let (a, b) = (θ[0] + θ[1] * days[s], θ[0] + θ[1] * days[t])
          V[s][t] += a * b + θ[2] * θ[2] * days[s] * days[t]
          V[s][t] += pow(θ[4], abs(days[s] - days[t])) / (w[s] * w[t]).squareRoot()
        }
        if rows[s][3] == rows[t][3] { V[s][t] += θ[3] * θ[3] }
      }
    }
    // Cholesky of V, and of XᵀV⁻¹X bordered by y.
    func factor(_ A: [[Double]]) -> [[Double]] {
      var L = A
      for j in L.indices {
        for k in 0..<j { for i in j..<L.count { L[i][j] -= L[i][k] * L[j][k] } }
        let pivot = L[j][j].squareRoot()
        for i in j..<L.count { L[i][j] /= pivot }
      }
      return L
    }
    let L = factor(V)
    let columns = [days.map { _ in 1.0 }, days, y].map { column -> [Double] in
      var x = column
      for i in 0..<n {
        for k in 0..<i { x[i] -= L[i][k] * x[k] }
        x[i] /= L[i][i]
      }
      return x
    }
    let gram = columns.map { a in columns.map { b in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } } }
    let R = factor(gram)
    let df = Double(reml ? n - 2 : n)
    var value = (0..<n).reduce(0) { $0 + 2 * log(L[$1][$1]) }
    if reml { value += 2 * log(R[0][0] * R[1][1]) }
    return value + df * (1 + log(2 * .pi * R[2][2] * R[2][2] / df))
  }

  private static let formula = "Reaction ~ Days + (Days | Subject) + (1 | item)"

  @Test(arguments: [CriterionKind.reml, .ml])
  func `the criterion is that of its definition, and its derivatives are exact`(
    kind: CriterionKind
  ) throws {
    for order in [false, true] {
      // In the order of subjects and days, and reversed.
      let data = try table("t.csv", order ? lines.reversed() : lines)
      let criterion = try Criterion(
        Formula(Self.formula), data: [data], options: options(kind, weights: "w"))
      #expect(criterion.thetaNames.last == "Residual.rho" && criterion.thetaNames.count == 5)
      for θ in [[0.9, 0.1, 0.25, 0.8, 0.55], [0.4, -0.2, 0.1, 0.3, -0.4], [0, 0, 0, 2, 0.9]] {
        let value = try criterion(θ)
        #expect(abs(value - (try dense(θ, reml: kind == .reml))) < 1e-7)
      }
      let θ = [0.9, 0.1, 0.25, 0.8, 0.55]
      try expectExactGradient(criterion, at: θ)
    }
  }

  /// The fit's numbers are those of R's nlminb over the criterion by its definition. glmmTMB 1.1.5,
  /// Reaction ~ Days + (1 | item) + ar1(0 + d | Subject), dispformula = ~ 0, which leaves a little residual
  /// variance: 1527.0036, ρ 0.776, deviations 40.846 and 49.157, standard errors 21.6329581 and 1.7610367.
  @Test func `one grouping factor may be crossed with the subjects`() throws {
    let formula = try Formula("Reaction ~ Days + (1 | item)")
    let criterion = try Criterion(formula, data: [table()], options: options(weights: "w"))
    for (λ, ρ) in [(0.7, 0.6), (2, -0.3)] {
      #expect(abs(try criterion([λ, ρ]) - dense([0, 0, 0, λ, ρ], reml: true)) < 1e-7)
    }
    let fit = try Fit(formula, data: [table()], options: options())
    #expect(fit.solver.strategy == "cholmod" && fit.convergence.converged)
    #expect(abs(fit.criterion - 1527.007349911) < 1e-6)
    #expect(abs(fit.autocorrelation!.correlation.estimate - 0.77583038) < 1e-5)
    // nlminb's differences leave about four digits of it.
    #expect(abs(fit.theta.values[0] - 0.83052348) < 2e-4)
    #expect(abs(fit.fixedEffects[1].estimate! - 10.85022183) < 1e-4)
    #expect(abs(fit.fixedEffects[1].standardError! - 1.75923434) < 1e-4)
    var absorbing = try options()
    absorbing.solver = "absorb"
    #expect(throws: FitError.self) {
      try Fit(formula, data: [table()], options: absorbing)
    }
  }

  @Test func `chunks, shards, files and predictions`() throws {
    let formula = try Formula("Reaction ~ Days + (1 | Subject) + (1 | item)")
    let whole = try FittedModel(formula, data: [table()], options: options())
    for bytes in [500, 90] {
      var small = try options()
      small.reading.chunkBytes = bytes
      let cut = try Fit(formula, data: [table()], options: small)
      #expect(abs(cut.criterion - whole.fit.criterion) < 1e-8)
    }
    let middle = lines.firstIndex { $0.contains(",335,") }!
    var shards: [CrossProducts] = []
    for (name, rows) in [("b", lines[middle...]), ("a", lines[..<middle])] {
      let products = try CrossProducts(
        formula, data: [table("\(name).csv", Array(rows))], options: options())
      try products.write(to: folder.file("\(name).lmm"))
      shards.append(try CrossProducts(contentsOf: folder.file("\(name).lmm")))
    }
    try shards[0].merge(shards[1])
    let merged = try Fit(shards[0])
    #expect(abs(merged.criterion - whole.fit.criterion) < 1e-8)
    let (a, b) = (merged.autocorrelation!.correlation, whole.fit.autocorrelation!.correlation)
    #expect(abs(a.estimate - b.estimate) < 1e-6)
    // Fitted values with standard errors: those of the equations, in which levels hang together.
    var wanted = PredictionOptions()
    (wanted.wantsStandardErrors, wanted.wantsResiduals) = (true, true)
    let rows = try whole.predict([table()], options: wanted)
    #expect(rows.relativeVariance.allSatisfy { $0 > 0 && $0 < 1 })
    #expect(rows.residuals.count == lines.count)
  }
}
