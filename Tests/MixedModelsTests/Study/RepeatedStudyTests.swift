// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies
import TestSupport
import Testing

/// Studies of fits whose residuals are correlated.
@Suite struct `Studies of correlated residuals` {
  private func orthodont(_ term: String = "us(age | Subject)", _ kind: CriterionKind = .reml) throws -> FittedModel {
    var options = FitOptions()
    options.residual = try ResidualTerm(term)
    options.reading.categoricalColumns = ["age"]
    options.criterion = kind
    return try FittedModel(
      Formula("distance ~ Sex * age"), data: [.file(Files.data("orthodont.csv"))], options: options)
  }

  private func study(
    _ fitted: FittedModel, replicates: Int, _ methods: [CriterionKind] = [.reml],
    _ change: (inout FittedStudyChanges) -> Void = { _ in }
  ) throws -> Study {
    var settings = StudySettings()
    (settings.replicates, settings.methods) = (replicates, methods)
    var changes = FittedStudyChanges()
    change(&changes)
    return try Study(StudyDesign.designs(of: fitted, changes), settings)
  }

  /// Where nobody misses a visit and X has a mean for every sex and visit, Σ̂ is Wishart with 25 degrees of freedom,
  /// over 25 by REML and over 27 by ML, and coefficients have exact t tests.
  ///
  /// A coefficient of 2.5 standard errors is found with probability 0.6712 (R: q <- qt(.975, 25);
  /// 1 - pt(q, 25, 2.5) + pt(-q, 25, 2.5)).
  @Test func `of complete data they agree with the exact distributions`() throws {
    let fitted = try orthodont()
    let error = try #require(fitted.fit.fixedEffects[1].standardError)
    let replicates = 300
    let cell = try study(fitted, replicates: replicates, [.reml, .ml]) {
      $0.coefficients = "SexMale=\(2.5 * error)"
    }.cells[0]
    #expect(cell.rows == 108 && cell.groups.map(\.levels) == [27])
    let root = Double(replicates).squareRoot()
    for (method, share) in zip(cell.methods, [1, 25.0 / 27]) {
      #expect(method.failedCount == 0)
      for (parameter, summary) in zip(cell.parameters, method.summaries) {
        let (mean, sd) = (try #require(summary.mean), try #require(summary.deviation))
        switch parameter.kind {
        case .fixed:
          #expect(abs(mean.value - parameter.truth) < 4.5 * mean.error, "\(parameter)")
          let k = try #require(fitted.fit.fixedEffects.firstIndex { $0.name == parameter.term })
          #expect(abs(sd.value / fitted.fit.fixedEffects[k].standardError! - 1) < 4.5 / (2.squareRoot() * root))
          guard method.kind == .reml else { continue }
          let coverage = try #require(summary.coverage)
          #expect(abs(coverage.value - 0.95) < 4.5 * (0.95 * 0.05).squareRoot() / root)
        case .variance:
          #expect(abs(mean.value - share * parameter.truth) < 4.5 * mean.error, "\(parameter)")
          #expect(abs(sd.value / (share * parameter.truth * (2 / 25.0).squareRoot()) - 1) < 0.25)
        default: break
        }
      }
    }
    let rejection = try #require(cell.methods[0].summaries[1].rejection)
    #expect(abs(rejection.value - 0.6712) < 4.5 * (0.6712 * 0.3288).squareRoot() / root, "\(rejection)")
  }

  @Test func `matrices and numbers of subjects are changed`() throws {
    let fitted = try orthodont()
    let residual = try #require(fitted.fit.residual).components[0]
    let cells = try study(fitted, replicates: 2) {
      ($0.deviations, $0.copies) = (["Residual:14=5"], ["Subject=1,3"])
    }.cells
    #expect(cells.map(\.rows) == [108, 324] && cells.map { $0.groups[0].levels } == [27, 81])
    func truth(_ name: String) throws -> Double {
      try #require(cells[1].parameters.first { $0.name == name }).truth
    }
    #expect(try abs(truth("sd_14|Residual") - 5) < 1e-12)
    #expect(try abs(truth("sd_12|Residual") - residual.standardDeviations[2]) < 1e-12)
    #expect(try abs(truth("cor_14.12|Residual") - residual.correlations[3][2]!) < 1e-12)
    // Of one variance there is one to be stated.
    let homogeneous = try orthodont("cs(age | Subject)")
    let cell = try study(homogeneous, replicates: 2) { $0.deviations = ["Residual=4"] }.cells[0]
    #expect(cell.parameters.filter { $0.kind == .standardDeviation }.allSatisfy { abs($0.truth - 4) < 1e-12 })
    for wrong in ["Residual=4", "Residual:15=4", "Subject=4", "Residual:14=0"] {
      #expect(throws: SimulationError.self) { try study(fitted, replicates: 2) { $0.deviations = [wrong] } }
    }
    #expect(throws: SimulationError.self) { try study(homogeneous, replicates: 2) { $0.deviations = ["Residual:14=4"] } }
    #expect(throws: SimulationError.self) { try study(fitted, replicates: 2) { $0.copies = ["rows=2"] } }
    #expect(throws: SimulationError.self) { try study(fitted, replicates: 2) { $0.sigma = 3 } }
  }

  /// Responses are drawn and fitted as the bootstrap does it.
  @Test func `correlations in time are estimated as in the bootstrap`() throws {
    var options = FitOptions()
    options.residual = try ResidualTerm("ar1(Days | Subject)")
    let fitted = try FittedModel(
      Formula("Reaction ~ Days + (1 | Subject)"), data: [.file(sleepstudyPath)], options: options)
    let cell = try study(fitted, replicates: 60).cells[0]
    let k = try #require(cell.parameters.firstIndex { $0.name == "cor_rho|Residual" })
    #expect(abs(cell.parameters[k].truth - 0.653134) < 1e-5)  // nlme
    let summary = cell.methods[0].summaries[k]
    let mean = try #require(summary.mean)
    var drawing = BootstrapOptions()
    (drawing.replicates, drawing.seed) = (60, 3)
    let bootstrap = try fitted.bootstrap(drawing)
    let place = try #require(bootstrap.parameters.firstIndex { $0.name == "cor_rho|Residual" })
    let values = bootstrap.replicates.filter(\.converged).map { $0.values[place] }
    let other = values.reduce(0, +) / Double(values.count)
    #expect(abs(mean.value - other) < 4.5 * 2.squareRoot() * mean.error)
    #expect(try #require(summary.coverage).value > 0.75)
    #expect(throws: SimulationError.self) { try study(fitted, replicates: 2) { $0.copies = ["Subject=2"] } }
  }
}
