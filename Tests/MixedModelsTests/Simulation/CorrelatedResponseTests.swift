// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Responses of fits whose residuals are correlated within subjects.
@Suite struct `New responses with correlated residuals` {
  private static let count = 3000

  private func fitted(
    _ formula: String, _ file: String, _ residual: String?, factors: Set<String> = []
  ) throws -> FittedModel {
    var options = FitOptions()
    options.residual = try residual.map { try ResidualTerm($0) }
    options.reading.categoricalColumns = factors
    return try FittedModel(Formula(formula), data: [.file(Files.data(file))], options: options)
  }

  /// Rows × responses.
  private func responses(
    _ fitted: FittedModel, _ text: String, count: Int = count, threads: Int = 0
  ) throws -> [[Double]] {
    var bytes: [UInt8] = []
    var options = PredictionOptions()
    options.reading.threads = threads
    try NewResponses(
      LinearPredictor(fitted), count: count, seed: 6, input: .none, options: options
    ).write([DataSource.bytes(Array(text.utf8), name: "rows")]) { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst()
      .map { $0.split(separator: ",").map { Double($0)! } }
  }

  /// Within five standard errors of the sample's covariances.
  private func expectCovariances(_ rows: [[Double]], _ covariance: (Int, Int) -> Double) {
    let n = Double(Self.count)
    let means = rows.map { $0.reduce(0, +) / n }
    for i in rows.indices {
      for j in 0...i {
        let sum = zip(rows[i], rows[j]).reduce(0) { $0 + ($1.0 - means[i]) * ($1.1 - means[j]) }
        let (a, b, c) = (covariance(i, i), covariance(j, j), covariance(i, j))
        #expect(abs(sum / n - c) < 5 * ((a * b + c * c) / n).squareRoot(), "\(i) \(j)")
      }
    }
  }

  /// τ² + σ²ρ^|Δ|, with rows left out and another subject's between.
  @Test(arguments: ["ar1", "car1"])
  func `have powers of ρ within subjects`(word: String) throws {
    let fitted = try fitted("Reaction ~ Days + (1 | Subject)", "sleepstudy.csv", "\(word)(Days | Subject)")
    let days = [0, 1, 2, 5, 9].map(Double.init)
    let text = days.map { "\($0),308\n\($0),309\n" }.joined()
    let all = try responses(fitted, "Days,Subject\n" + text)
    let τ² = fitted.fit.varianceComponents[0].covariances[0][0]
    let σ² = fitted.fit.sigma * fitted.fit.sigma
    let ρ = try #require(fitted.fit.autocorrelation).correlation.estimate
    #expect(ρ > 0.5)
    expectCovariances(all) { i, j in
      i % 2 == j % 2 ? τ² + σ² * pow(ρ, abs(days[i / 2] - days[j / 2])) : 0
    }
    #expect(try responses(fitted, "Days,Subject\n" + text, count: 2, threads: 1) == all.map { Array($0[..<2]) })
  }

  @Test func `have the matrix of their arm between visits`() throws {
    let fitted = try fitted(
      "change ~ baseline + arm * week", "trial.csv", "us(week | arm/patient)", factors: ["week"])
    let components = try #require(fitted.fit.residual).components
    #expect(components.count == 2)
    let weeks = components[0].columns
    // In an order of their own, and one is missing.
    let order = [2, 0, 3]
    let text = order.map { "active,\(weeks[$0]),new,40\n" }.joined()
      + order.map { "placebo,\(weeks[$0]),other,40\n" }.joined()
    let all = try responses(fitted, "arm,week,patient,baseline\n" + text)
    expectCovariances(all) { i, j in
      i / 3 == j / 3 ? components[i / 3].covariances[order[i % 3]][order[j % 3]] : 0
    }
  }

  /// SE² + Σ_vv of the visit, in the arm of the row.
  @Test func `have intervals with the variance of their visit`() throws {
    for term in ["us(week | arm/patient)", "csh(week | patient)", "cs(week | patient)"] {
      let fitted = try fitted("change ~ baseline + arm * week", "trial.csv", term, factors: ["week"])
      let components = try #require(fitted.fit.residual).components
      let weeks = components[0].columns
      let text = "arm,week,baseline\n"
        + ["active", "placebo"].flatMap { arm in weeks.map { "\(arm),\($0),40\n" } }.joined()
      var bytes: [UInt8] = []
      try RowTable(
        LinearPredictor(fitted), [.fitted, .standardError, .lower, .upper], input: .none,
        interval: .prediction(level: 0.95)
      ).write([DataSource.bytes(Array(text.utf8), name: "rows")]) { bytes += $0 }
      let rows = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst()
        .map { $0.split(separator: ",").map { Double($0)! } }
      #expect(rows.count == 2 * weeks.count)
      for (k, row) in rows.enumerated() {
        let v = k % weeks.count
        let variance = components[components.count > 1 ? k / weeks.count : 0].covariances[v][v]
        let half = 1.959963984540054 * (row[1] * row[1] + variance).squareRoot()
        #expect(abs(row[3] - row[0] - half) < 1e-9 * half && abs(row[0] - row[2] - half) < 1e-9 * half)
      }
    }
  }

  @Test func `of least squares are independent`() throws {
    let fitted = try fitted("Reaction ~ Days", "sleepstudy.csv", nil)
    let all = try responses(fitted, "Days\n0\n0\n7\n")
    expectCovariances(all) { $0 == $1 ? fitted.fit.sigma * fitted.fit.sigma : 0 }
  }

  @Test func `rows that cannot be say so`() throws {
    let serial = try fitted("Reaction ~ Days + (1 | Subject)", "sleepstudy.csv", "ar1(Days | Subject)")
    let visits = try fitted(
      "change ~ baseline + arm * week", "trial.csv", "us(week | arm/patient)", factors: ["week"])
    let week = try #require(visits.fit.residual).components[0].columns[0]
    let cases: [(FittedModel, String, String)] = [
      (serial, "Days,Subject\n3,308\n2,308\n", "Sort the rows"),
      (serial, "Days,Subject\n3,308\n3,308\n", "Sort the rows"),
      (serial, "Days,Subject\n3,308\n3.5,308\n", "whole steps"),
      (serial, "Days\n3\n", "Subject"),
      (visits, "arm,week,patient,baseline\nactive,\(week),p,1\nactive,\(week),p,1\n", "same subject and visit"),
      (visits, "arm,week,patient,baseline\nactive,\(week),p,1\nactive,99,p,1\n", "99"),
    ]
    for (fitted, text, words) in cases {
      let error = #expect(throws: (any Error).self) { try responses(fitted, text, count: 1) }
      #expect("\(try #require(error))".contains(words), "\(String(describing: error))")
    }
  }
}
