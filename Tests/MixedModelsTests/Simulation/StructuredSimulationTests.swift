// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Studies
import TestSupport
import Testing

/// Data from models whose random effects have a covariance structure, and studies of them.
@Suite struct `Simulation with structures` {
  private func design(
    _ term: String, sd: [String] = [], corr: [String] = [], times: String = "t=0|1|2|3 in turn"
  ) throws -> StatedDesign {
    try StatedDesign("y ~ 1 + \(term)") {
      ($0.deviations, $0.correlations) = (sd, corr)
      $0.covariates = [times]
      $0.levels = ["g=300"]
      $0.rowsPer = "g=8"
    }
  }

  private func covariance(_ stated: StatedDesign) throws -> [[Double]] {
    try #require(stated.design.truth?.terms.first).covariance
  }

  @Test func `parameters of a structure are stated`() throws {
    let ar1 = try covariance(design("ar1(0 + factor(t) | g)", sd: ["g=2"], corr: ["g=0.5"]))
    #expect(ar1[0] == [4, 2, 1, 0.5])
    let ou = try covariance(
      design("ou(0 + factor(t) | g)", corr: ["g:rate=0.25"], times: "t=0|2|3|7 in turn"))
    for (j, t) in [0.0, 2, 3, 7].enumerated() {
      #expect(abs(ou[0][j] - exp(-0.25 * t)) < 1e-14)
    }
    let cs = try covariance(
      design("cs(0 + factor(t) | g)", sd: ["g=1,2,3,4"], corr: ["g:rho=-0.25"]))
    #expect(abs(cs[1][1] - 4) < 1e-13 && abs(cs[3][2] + 3) < 1e-13)
    let toep = try covariance(
      design("toep(0 + factor(t) | g)", sd: ["g:factor(t)1=2"], corr: ["g=0.5,0.2,0.1"]))
    #expect(abs(toep[1][0] - 1) < 1e-14 && abs(toep[3][1] - 0.4) < 1e-14)
    #expect(abs(toep[3][0] - 0.1) < 1e-14)
    let same = try covariance(design("homdiag(0 + factor(t) | g)", sd: ["g=3"]))
    #expect(same[2][2] == 9 && same[2][1] == 0)
  }

  /// By the estimates' own standard errors.
  @Test func `a fit finds what was drawn`() throws {
    let stated = try design("ar1(0 + factor(t) | g)", sd: ["g=2"], corr: ["g=0.6"])
    let fit = try stated.fitted().fit
    let component = fit.varianceComponents[0]
    let sd = component.standardDeviations[0]
    #expect(abs(sd - 2) < 4 * component.standardErrors[0]!)
    #expect(abs(component.correlations[1][0]! - 0.6) < 4 * component.correlationStandardErrors[1][0]!)
    #expect(abs(component.correlations[3][0]! - 0.216) < 0.1)
  }

  @Test(arguments: [
    ("ar1(0 + factor(t) | g)", ["g=1,2"], [], "1 "),
    ("ar1(0 + factor(t) | g)", [], ["g=1.5"], "between"),
    ("cs(0 + factor(t) | g)", [], ["g=-0.5"], "between"),
    ("toep(0 + factor(t) | g)", [], ["g=0.9,-0.9,0.9"], "no covariance matrix"),
    ("ou(0 + factor(t) | g)", [], ["g=-1"], "positive"),
    ("homdiag(0 + factor(t) | g)", [], ["g=0.1"], "no correlated columns"),
    ("rr(0 + factor(t) | g, d = 1)", [], [], "loadings cannot be stated"),
    ("arr(0 + factor(t) | g)", [], [], "arr"),
  ] as [(String, [String], [String], String)])
  func `mistakes are explained`(term: String, sd: [String], corr: [String], words: String) {
    let error = #expect(throws: SimulationError.self) { try design(term, sd: sd, corr: corr) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  private func study(
    _ designs: [StudyDesign], _ change: (inout StudySettings) -> Void = { _ in }
  ) throws -> Study {
    var settings = StudySettings()
    (settings.replicates, settings.methods) = (4, [.reml])
    change(&settings)
    return try Study(designs, settings)
  }

  @Test func `stated structures are studied`() throws {
    let stated = try design("ar1(0 + factor(t) | g)", sd: ["g=2"], corr: ["g=0.6"])
    let designs = try StudyDesign.grid(stated.formula, stated.settings, rowsPer: stated.settings.rowsPer)
    let cell = try study(designs) { $0.degreesOfFreedom = .kenwardRoger }.cells[0]
    let place = try #require(
      cell.parameters.firstIndex { $0.name == "cor_factor(t)1.factor(t)0|g" })
    #expect(abs(cell.parameters[place].truth - 0.6) < 1e-14)
    for replicate in cell.methods[0].replicates {
      let estimate = replicate.estimates[place]
      #expect(replicate.converged && abs(estimate.estimate - 0.6) < 5 * estimate.standardError)
      #expect(replicate.estimates[0].df.isFinite)
    }
    // Nothing is known of biases of curved models.
    #expect(cell.methods[0].summaries[place - 1].expectedBias == nil)
    #expect(cell.methods[0].summaries[0].expectedBias == 0)
  }

  @Test(arguments: [
    ("Reaction ~ Days + ar1(0 + factor(Days) | Subject)", "Subject=20", "factor(Days)3", true),
    ("Reaction ~ Days + cs(Days | Subject)", "Subject:Days=3", "Days", false),
    ("Reaction ~ Days + rr(Days | Subject, d = 1)", "Subject:Days=3", "Days", false),
  ])
  func `the structure of a fit is its truth, and deviations change`(
    formula: String, change: String, column: String, isCommon: Bool
  ) throws {
    let fitted = try FittedModel(Formula(formula), data: [.file(Files.data("sleepstudy.csv"))])
    func truth(_ study: Study, _ name: String) -> Double? {
      study.cells[0].parameters.first { $0.name == name }?.truth
    }
    let plain = try study(StudyDesign.designs(of: fitted))
    #expect(plain.cells[0].methods[0].failedCount == 0)
    let component = fitted.fit.varianceComponents[0]
    let j = try #require(component.columns.firstIndex(of: column))
    let name = "sd_\(column)|Subject"
    #expect(abs(truth(plain, name)! - component.standardDeviations[j]) < 1e-8)
    var changes = FittedStudyChanges()
    changes.deviations = [change]
    let changed = try study(StudyDesign.designs(of: fitted, changes))
    #expect(abs(truth(changed, name)! - (isCommon ? 20 : 3)) < 1e-8)
    let other = "sd_\(component.columns[0])|Subject"
    #expect(isCommon == (abs(truth(changed, other)! - truth(plain, other)!) > 1e-9))
    let correlation = "cor_\(component.columns[1]).\(component.columns[0])|Subject"
    #expect(abs(truth(changed, correlation)! - truth(plain, correlation)!) < 1e-9)
  }
}
