// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Reports
import TestSupport
import Testing

/// Variograms of residuals and correlograms of fields.
@Suite struct `Figures by lags` {
  private func fitted(
    _ formula: String, _ file: String, residual: String? = nil, factor: String? = nil
  ) throws -> FittedModel {
    var options = FitOptions()
    options.residual = try residual.map { try ResidualTerm($0) }
    if let factor { options.reading.categoricalColumns = [factor] }
    return try FittedModel(Formula(formula), data: [.file(Files.data(file))], options: options)
  }

  private func residuals(_ fitted: FittedModel, _ file: String) throws -> [Double] {
    var values: [Double] = []
    var options = PredictionOptions()
    options.wantsResiduals = true
    try LinearPredictor(fitted).predict([DataSource.file(Files.data(file))], options: options) {
      values += $0.residuals
    }
    return values
  }

  @Test func `points are mean squares of differences, and the line is the model's`() throws {
    let fitted = try fitted("Reaction ~ Days + (1 | Subject)", "sleepstudy.csv", residual: "ar1(Days | Subject)")
    let variogram = try #require(try fitted.residualVariogram([DataSource.file(Files.data("sleepstudy.csv"))]))
    let r = try residuals(fitted, "sleepstudy.csv")  // ten days of every subject, in order
    let ρ = try #require(fitted.fit.autocorrelation).correlation.estimate
    #expect(variogram.points.count == 9 && variogram.rows == 180)
    for (k, point) in variogram.points.enumerated() {
      let lag = k + 1
      let pairs = (0..<180).filter { $0 % 10 + lag < 10 }
      let mean = pairs.reduce(0) { $0 + (r[$1] - r[$1 + lag]) * (r[$1] - r[$1 + lag]) / 2 } / Double(pairs.count)
      #expect(point.lag == Double(lag) && point.pairs == pairs.count)
      #expect(abs(point.semivariance / mean - 1) < 1e-9)
      let expected = fitted.fit.sigma * fitted.fit.sigma * (1 - pow(ρ, Double(lag)))
      #expect(abs(point.model / expected - 1) < 1e-9)
    }
  }

  /// Two visits of two arms: one lag.
  @Test func `the line of repeated measures is that of their matrices`() throws {
    let fitted = try fitted(
      "change ~ baseline + arm * week", "trial.csv", residual: "us(week | arm/patient)", factor: "week")
    let variogram = try #require(try fitted.residualVariogram([DataSource.file(Files.data("trial.csv"))]))
    let components = try #require(fitted.fit.residual).components
    let weeks = components[0].columns.compactMap(Double.init)
    let (first, last) = (try #require(weeks.first), try #require(weeks.last))
    let longest = try #require(variogram.points.last)
    #expect(longest.lag == last - first)
    let m = weeks.count
    let models = components.map {
      ($0.covariances[0][0] + $0.covariances[m - 1][m - 1]) / 2 - $0.covariances[0][m - 1]
    }
    #expect(longest.model > models.min()! && longest.model < models.max()!)
  }

  @Test func `correlations of a field are those of its modes`() throws {
    let fitted = try fitted("yield ~ 1 + (1 | gen) + ar1(row):ar1(col)", "slatehall.csv", factor: "gen")
    let term = try #require(fitted.model.terms.firstIndex { $0.groupName == "row:col" })
    let source = FigureSource(try fitted.withConditionalModes())
    let modes = try #require(source.fit.conditionalModes?.first { $0.group == "row:col" })
    let correlogram = try #require(
      FieldCorrelogram(fitted.model, φ: fitted.φ, term: term, modes: modes.values))
    #expect(correlogram.axes.map(\.name) == ["row", "col"])
    var plots: [[Int]: Double] = [:]
    for (level, value) in zip(modes.levels, modes.values) {
      plots[level.split(separator: ":").map { Int($0)! }] = value
    }
    let square = plots.values.reduce(0) { $0 + $1 * $1 } / Double(plots.count)
    let parameters = try #require(fitted.fit.varianceComponents.first { $0.group == "row:col" }?.structure).parameters
    for (a, axis) in correlogram.axes.enumerated() {
      for point in axis.points.prefix(4) {
        var (sum, pairs) = (0.0, 0)
        for (plot, value) in plots {
          var other = plot
          other[a] += Int(point.lag)
          guard let partner = plots[other] else { continue }
          (sum, pairs) = (sum + value * partner, pairs + 1)
        }
        #expect(point.pairs == pairs && abs(point.correlation - sum / Double(pairs) / square) < 1e-9)
        #expect(abs(point.model - pow(parameters[a].estimate, point.lag)) < 1e-9)
      }
    }
    let script = try source.figure(.correlogram).script(.svg).text
    #expect(script.contains("Correlogram of the effects of row:col") && script.contains("col, found"))
  }

  @Test func `models without lags have neither`() throws {
    let rows = [DataSource.file(Files.data("sleepstudy.csv"))]
    let source = FigureSource(try fitted("Reaction ~ Days + (1 | Subject)", "sleepstudy.csv"))
    #expect(throws: FigureError.self) { try source.figure(.variogram, data: rows) }
    #expect(throws: FigureError.self) { try source.figure(.variogram) }
    #expect(throws: FigureError.self) { try source.figure(.correlogram) }
  }
}
