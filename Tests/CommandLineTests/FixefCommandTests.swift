// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

@Suite struct FixefCommandTests {
  private static let formula = "angle ~ temp + (1 | recipe:replicate) | recipe + replicate"
  private static let cake = Files.data("cake.csv")

  @Test func `tidy has coefficients, then the levels of absorbed factors`() throws {
    let run = try ToolProcess(
      "fixef", Self.formula, "--data", Self.cake, "--absorbed", "--format", "tidy")
    #expect(run.status == 0, "\(run.errors)")
    let lines = run.output.split(separator: "\n")
    #expect(lines[0].hasPrefix("effect,group,level,term,estimate,std.error"))
    #expect(lines[1].hasPrefix("fixed,NA,NA,temp,0.158"))
    #expect(lines.count == 1 + 1 + 3 + 15)
    #expect(lines[2].hasPrefix("absorbed,recipe,A,(Intercept),"))
    // The first level of the second factor is 0 by definition.
    #expect(lines[5].hasPrefix("absorbed,replicate,1,(Intercept),NA"))
  }

  @Test func `an option names the factors as the formula does`() throws {
    let written = try ToolProcess("fit", Self.formula, Self.cake, "--format", "tidy")
    let named = try ToolProcess(
      "fit", "angle ~ temp + (1 | recipe:replicate)", Self.cake, "--absorb", "recipe,replicate",
      "--format", "tidy")
    #expect(written.status == 0 && written.output == named.output)
  }

  @Test func `a model without absorbed factors is told from one with`() throws {
    let plain = try ToolProcess("fixef", "angle ~ temp + (1 | recipe)", "--data", Self.cake)
    #expect(plain.status == 0 && plain.output.contains("temp"))
    let asked = try ToolProcess(
      "fixef", "angle ~ temp + (1 | recipe)", "--data", Self.cake, "--absorbed")
    #expect(asked.status != 0 && asked.errors.contains("has no absorbed factor"))
  }

  @Test func `predictions need known levels`() throws {
    let folder = try TemporaryFolder()
    try folder.write("temp,recipe,replicate\n200,A,1\n200,B,2\n", to: "new.csv")
    let formula = "angle ~ temp | recipe + replicate"
    let run = try ToolProcess(
      "predict", formula, "--train", Self.cake, "--data", folder.file("new.csv"))
    #expect(run.status == 0, "\(run.errors)")
    let fitted = try ToolProcess("augment", formula, "--data", Self.cake)
    #expect(fitted.status == 0)
    try folder.write("temp,recipe,replicate\n200,D,1\n", to: "new.csv")
    let unknown = try ToolProcess(
      "predict", formula, "--train", Self.cake, "--data", folder.file("new.csv"),
      "--allow-new-levels")
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("D") && unknown.errors.contains("has no coefficient"))
  }

  @Test func `a plan tells of absorbed factors`() throws {
    let run = try ToolProcess("plan", Self.formula, Self.cake, "--json")
    #expect(run.status == 0, "\(run.errors)")
    let absorbed = try #require(try run.json["absorbed"] as? [[String: Any]])
    #expect(absorbed.map { $0["n_estimated"] as? Int } == [3, 14])
    let alone = try ToolProcess("plan", "angle ~ temp | recipe + replicate", Self.cake)
    #expect(alone.status == 0 && alone.output.contains("least squares"))
  }
}
