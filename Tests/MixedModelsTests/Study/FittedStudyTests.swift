// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies
import TestSupport
import Testing

/// Studies of the design of a fit.
@Suite struct `Studies of fits` {
  private func sleep() throws -> FittedModel {
    try FittedModel(Formula(sleepstudyFormula), data: [.file(sleepstudyPath)])
  }

  private func designs(_ change: (inout FittedStudyChanges) -> Void) throws -> [StudyDesign] {
    var changes = FittedStudyChanges()
    change(&changes)
    return try StudyDesign.designs(of: sleep(), changes)
  }

  private func study(_ designs: [StudyDesign], replicates: Int = 2) throws -> Study {
    var settings = StudySettings()
    (settings.replicates, settings.methods) = (replicates, [.reml])
    return try Study(designs, settings)
  }

  @Test func `the truth is what was estimated, unless it is stated`() throws {
    let fit = try sleep().fit
    let cell = try study(designs { _ in }).cells[0]
    #expect(cell.rows == 180 && cell.groups.map(\.levels) == [18])
    #expect(cell.design.label == "the fit's design")
    func truth(_ cell: StudyCell, _ name: String) -> Double? {
      cell.parameters.first { $0.name == name }?.truth
    }
    #expect(truth(cell, "Days") == fit.fixedEffects[1].estimate)
    #expect(abs(truth(cell, "sd_Days|Subject")! - fit.varianceComponents[0].standardDeviations[1]) < 1e-9)
    let changed = try study(
      designs { ($0.coefficients, $0.deviations) = ("Days=2,4", ["Subject:Days=3"]) })
    #expect(changed.cells.map { truth($0, "Days") } == [2, 4])
    #expect(changed.cells.map(\.design.label) == ["Days = 2", "Days = 4"])
    #expect(abs(truth(changed.cells[0], "sd_Days|Subject")! - 3) < 1e-9)
    let noisy = try study(designs { $0.sigma = 40 }).cells[0]
    #expect(truth(noisy, "sigma") == 40)
    #expect(truth(noisy, "sd_Days|Subject") == truth(cell, "sd_Days|Subject"))
    #expect(throws: SimulationError.self) { try designs { $0.sigma = 0 } }
    let correlation = fit.varianceComponents[0].correlations[1][0]!
    #expect(abs(truth(changed.cells[0], "cor_Days.(Intercept)|Subject")! - correlation) < 1e-9)
  }

  @Test func `copies have more levels or more rows`() throws {
    let cells = try study(designs { $0.copies = ["Subject=1,3", "rows=1,2"] }).cells
    #expect(cells.map(\.rows) == [180, 360, 540, 1080])
    #expect(cells.map { $0.groups[0].levels } == [18, 18, 54, 54])
    #expect(cells[3].design.label == "copies of Subject = 3, copies of rows = 2")
  }

  /// Days of σ²_slope = 35.07, σ² = 654.9 and 18 subjects of days 0 to 9: the slope's standard error is
  /// √(35.07/18 + 654.9/(18·82.5)) = 1.5458, so that of copies it is that over √2; the share of fits that
  /// reject a slope of 3 by a t test with 17 and 35 degrees of freedom is 0.445 and 0.762
  /// (R: 1 - pt(qt(.975, d), d, 3/s) + pt(qt(.025, d), d, 3/s)).
  @Test func `power is that of the noncentral t`() throws {
    let cells = try study(
      designs { ($0.coefficients, $0.copies) = ("Days=3", ["Subject=1,2"]) }, replicates: 400
    ).cells
    for (cell, power) in zip(cells, [0.4487, 0.7607]) {
      let days = cell.methods[0].summaries[cell.parameters.firstIndex { $0.name == "Days" }!]
      let found = try #require(days.rejection)
      #expect(abs(found.value - power) < 4 * (power * (1 - power) / 400).squareRoot(), "\(found)")
    }
  }

  @Test(arguments: [
    ("Dyas=1", [String](), [String]()), ("1,2", [], []), ("Days=x", [], []),
    (nil, ["Subject=3"], []), (nil, ["Subject:Dyas=3"], []), (nil, ["Subject:Days=-1"], []),
    (nil, [], ["Days=2"]), (nil, [], ["Subject=0"]), (nil, [], ["Subject"]),
  ] as [(String?, [String], [String])])
  func `mistakes are explained`(beta: String?, sd: [String], copies: [String]) throws {
    #expect(throws: SimulationError.self) {
      try designs { ($0.coefficients, $0.deviations, $0.copies) = (beta, sd, copies) }
    }
  }
}
