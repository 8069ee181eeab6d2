// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies
import TestSupport
import Testing

/// Studies of fits whose residual variances differ by stratum.
@Suite struct `Studies of strata` {
  private func fitted() throws -> FittedModel {
    var options = FitOptions()
    options.residualBy = "Sex"
    return try FittedModel(
      Formula("distance ~ age * Sex + (1 | Subject)"), data: [.file(Files.data("orthodont.csv"))], options: options)
  }

  /// Estimates lie around the truth, of twice as many subjects too, and Satterthwaite's intervals cover.
  @Test func `estimates are about the truth`() throws {
    let fitted = try fitted()
    var settings = StudySettings()
    (settings.replicates, settings.methods) = (300, [.reml])
    var changes = FittedStudyChanges()
    changes.copies = ["Subject=1,2"]
    let study = try Study(StudyDesign.designs(of: fitted, changes), settings)
    let strata = try #require(fitted.fit.residualStrata).strata
    #expect(study.cells.map(\.rows) == [108, 216])
    for cell in study.cells {
      for stratum in strata {
        let k = try #require(cell.parameters.firstIndex { $0.term == "sigma_\(stratum.label)" })
        #expect(cell.parameters[k].truth == stratum.standardDeviation)
        let values = cell.methods[0].replicates.map { $0.estimates[k].estimate }
        let mean = values.reduce(0, +) / 300
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 299).squareRoot()
        // REML's σ_s is a little small, as a root of what is about unbiased.
        let shrinkage = deviation * deviation / (2 * stratum.standardDeviation)
        #expect(abs(mean + shrinkage - stratum.standardDeviation) < 5 * deviation / 300.squareRoot())
        let errors = cell.methods[0].replicates.map { $0.estimates[k].standardError }
        #expect(abs(errors.reduce(0, +) / 300 / deviation - 1) < 0.25)
      }
    }
  }

  @Test func `what is not made of them says so`() throws {
    let fitted = try fitted()
    var settings = StudySettings()
    settings.replicates = 2
    settings.degreesOfFreedom = .kenwardRoger
    #expect(throws: SimulationError.self) { try Study(StudyDesign.designs(of: fitted), settings) }
    (settings.degreesOfFreedom, settings.wantsProfiles) = (.satterthwaite, true)
    #expect(throws: SimulationError.self) { try Study(StudyDesign.designs(of: fitted), settings) }
  }
}
