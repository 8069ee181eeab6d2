// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

/// What a fit has to say reaches the user whatever the format.
struct NotesTests {
  /// A variance of zero: levels are drawn without an effect of their own.
  private func run(_ command: String) throws -> ToolProcess {
    let folder = try TemporaryFolder()
    let rows = (0..<40).map { "\([3, 1, 4, 1, 5, 9, 2, 6][($0 * 3) % 8]),\($0 % 7),\($0 % 5)\n" }
    try folder.write("y,x,g\n" + rows.joined(), to: "flat.csv")
    return try ToolProcess(
      script: "cd \"$1\"; f='y ~ x + (1 | g)'; $tool \(command)", folder.path)
  }

  private static let commands = [
    "fit \"$f\" flat.csv --format tidy", "fit \"$f\" flat.csv --format glance",
    "anova \"$f\" --data flat.csv --format tidy", "drop1 \"$f\" --data flat.csv --format tidy",
    "anova \"$f\" 'y ~ 1 + (1 | g)' --data flat.csv --format tidy",
    "ranova \"$f\" --data flat.csv --format tidy", "variance \"$f\" --data flat.csv --format tidy",
    "contrast \"$f\" --L 0,1 --data flat.csv --format tidy", "ranef \"$f\" --data flat.csv",
    "emmeans \"$f\" '~ 1' --data flat.csv --format tidy", "ranef \"$f\" --data flat.csv --format tidy",
    "confint \"$f\" --method wald --data flat.csv --format tidy",
    "bootstrap \"$f\" --replicates 2 --data flat.csv --format tidy",
    "predict \"$f\" --train flat.csv --data flat.csv", "augment \"$f\" --data flat.csv",
    "plot qq \"$f\" --data flat.csv -o a.gp",
  ]

  @Test(arguments: commands)
  func `a singular fit says so on standard error where the table cannot`(command: String) throws {
    let run = try run(command)
    #expect(run.status == 0)
    #expect(run.errors.contains("note: ") && run.errors.contains("singular"), "\(run.errors)")
    let quiet = try self.run(command + " --quiet")
    #expect(quiet.errors == "")
    #expect(quiet.output == run.output)
  }

  @Test func `a summary and JSON have their own place for it`() throws {
    for format in ["summary", "json"] {
      let run = try run("fit \"$f\" flat.csv --format \(format)")
      #expect(run.errors == "")
      #expect(run.output.contains("singular"))
    }
  }

  @Test func `an unfinished fit says so in every format`() throws {
    for format in ["summary", "json", "tidy", "glance"] {
      let run = try ToolProcess(
        "fit", sleepstudyFormula, sleepstudyPath, "--format", format, "--max-evaluations", "2",
        "--optimizer", "bobyqa")
      #expect(run.status == 1)
      #expect(run.errors.contains("did not converge"))
    }
  }
}
