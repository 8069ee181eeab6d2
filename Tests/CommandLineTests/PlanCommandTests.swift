// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

@Suite struct PlanCommandTests {
  private static let table: String = {
    var text = "y,g,h\n"
    for i in 0..<200 { text += "\((i * 37) % 11),\(i % 20),\((i * 7) % 13)\n" }
    return text
  }()

  @Test func `a plan names sizes and strategies and fits nothing`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.table, to: "t.csv")
    let run = try ToolProcess("plan", "y ~ 1 + (1 | g) + (1 | h)", folder.file("t.csv"))
    #expect(run.status == 0)
    #expect(run.output.contains("Rows: 200"))
    #expect(run.output.contains("* absorbed"))
    #expect(run.output.contains("cholmod"))
    #expect(!run.output.contains("Fixed effects:\n"))
  }

  @Test func `json has all numbers and marks one strategy`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.table, to: "t.csv")
    let run = try ToolProcess(
      "plan", "y ~ 1 + (1 | g) + (1 | h)", folder.file("t.csv"), "--json", "--solver", "cholmod")
    let object = try run.json
    let strategies = try #require(object["strategies"] as? [[String: Any]])
    let chosen = strategies.filter { $0["chosen"] as? Bool == true }
    #expect(chosen.count == 1)
    #expect(chosen.first?["strategy"] as? String == "cholmod")
    #expect(object["n_random"] as? Int == 33)
    #expect(object["pairs"] as? Int == 200)
  }

  @Test func `what is refused is not planned`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.table, to: "t.csv")
    let run = try ToolProcess(
      "plan", "y ~ 1 + (1 | g) + (1 | h)", folder.file("t.csv"), "--residual-by", "h", "--json")
    let strategies = try #require(try run.json["strategies"] as? [[String: Any]])
    #expect(strategies.compactMap { $0["strategy"] as? String } == ["cholmod"])
  }

  @Test func `a plan needs data and a formula`() throws {
    #expect(try ToolProcess("plan").status == 64)
    #expect(try ToolProcess("plan", "y ~ 1 + (1 | g)", "/nowhere.csv").status == 1)
  }
}
