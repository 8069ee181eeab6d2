// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Reports
import Testing

/// Expected rows: R 4.2.2, broom.mixed 0.2.9.4.
struct TabularReportTests {
  private func rows(_ report: Report) -> [[String]] {
    report.text(as: .tidy).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test func `tidy has broom's columns, effects and terms`() throws {
    let rows = rows(try GoldenSummary.machinesTriangle.makeFit().report())
    #expect(
      rows[0] == [
        "effect", "group", "term", "estimate", "std.error", "statistic", "df", "p.value",
        "conf.low", "conf.high",
      ])
    #expect(
      rows.dropFirst().map { Array($0[..<3]) } == [
        ["fixed", "NA", "(Intercept)"],
        ["fixed", "NA", "MachineB"],
        ["fixed", "NA", "MachineC"],
        ["ran_pars", "Worker", "sd__(Intercept)"],
        ["ran_pars", "Worker", "cor__(Intercept).MachineB"],
        ["ran_pars", "Worker", "cor__(Intercept).MachineC"],
        ["ran_pars", "Worker", "sd__MachineB"],
        ["ran_pars", "Worker", "cor__MachineB.MachineC"],
        ["ran_pars", "Worker", "sd__MachineC"],
        ["ran_pars", "Residual", "sd__Observation"],
      ])
    let estimates = [
      52.3555556, 7.9666667, 13.9166667, 4.0791126, 0.4838743, -0.3652566, 5.8782675, 0.2965069,
      3.6901160, 0.9615612,
    ]
    for (row, estimate) in zip(rows.dropFirst(), estimates) {
      #expect(row.count == 10)
      #expect(abs((Double(row[3]) ?? .nan) - estimate) < 1e-7)
    }
    #expect(rows[4][4...] == ["NA", "NA", "NA", "NA", "NA", "NA"])
  }

  @Test func `a second term on a factor has lme4's name`() throws {
    let rows = rows(try GoldenSummary.sleepstudyUncorrelated.makeFit().report())
    #expect(rows.contains { $0[0...2] == ["ran_pars", "Subject.1", "sd__Days"] })
  }

  @Test func `dropped columns stay as NA`() throws {
    let rows = rows(try GoldenSummary.sleepstudyDropped.makeFit().report())
    #expect(rows[3] == ["fixed", "NA", "day2"] + Array(repeating: "NA", count: 7))
  }

  @Test func `conditional modes add rows and a column of levels, quoted where needed`() throws {
    let fit = try GoldenSummary.sleepstudyREML.makeFit(modes: [JSONReportTests.modes])
    let text = fit.report().text(as: .tidy)
    #expect(text.hasPrefix("effect,group,level,term,"))
    #expect(text.contains("\nfixed,NA,NA,Days,"))
    #expect(text.contains("\nran_vals,Subject,308,(Intercept),0.1,1.0,NA,NA,NA,"))
    #expect(text.contains("\nran_vals,Subject,\"a \"\"b\"\",\n\u{1}c\",(Intercept),-2.0,1.5,"))
  }

  @Test(arguments: [
    (GoldenSummary.sleepstudyREML, "REMLcrit", 1743.628, 1755.628, 1774.786),
    (GoldenSummary.sleepstudyML, "deviance", 1751.939, 1763.939, 1783.097),
  ])
  func `glance is one row`(
    golden: GoldenSummary, name: String, criterion: Double, aic: Double, bic: Double
  ) throws {
    let rows = rows(try golden.makeFit().glance)
    #expect(rows.count == 2)
    #expect(rows[0] == ["nobs", "sigma", "logLik", "AIC", "BIC", name, "df.residual"])
    #expect(rows[1][0] == "180" && rows[1][6] == "174")
    for (cell, value) in zip([rows[1][3], rows[1][4], rows[1][5]], [aic, bic, criterion]) {
      #expect(abs((Double(cell) ?? .nan) - value) < 1e-3)
    }
  }
}
