// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Studies
import Testing

struct SimulationTests {
  private func table(
    _ workload: String, rows: Int? = nil, levels: [String: Int] = [:], seed: UInt64 = 1,
    threads: Int = 1
  ) throws -> [UInt8] {
    var design = try SimulationDesign(workload: workload)
    if let rows { try design.setRows(rows) }
    for (factor, count) in levels { try design.setLevels(count, of: factor) }
    var bytes: [UInt8] = []
    try Simulation(design, seed: seed).writeCSV(threads: threads) { bytes += $0 }
    return bytes
  }

  private func records(_ bytes: [UInt8]) -> [[String]] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test(arguments: ["slopes100k", "ratings100k", "threelevel1m", "maximal24k"])
  func `a seed gives one table on any number of threads, another seed another`(
    workload: String
  ) throws {
    // Neither a multiple of a block nor of the threads.
    let once = try table(workload, rows: 40_001)
    for threads in [1, 2, 3, 7] {
      #expect(try table(workload, rows: 40_001, threads: threads) == once)
    }
    #expect(try table(workload, rows: 40_001, seed: 2) != once)
  }

  /// What the generator gave when it was written: tables must not change between versions.
  @Test func `the first rows are the known ones`() throws {
    let slopes = String(decoding: try table("slopes100k"), as: UTF8.self)
    #expect(
      slopes.hasPrefix(
        "y,x1,x2,x3,g\n1.83678,-1.06452,0.16495,c,0\n2.96269,-0.25974,-0.58993,b,0\n"))
    let ratings = String(decoding: try table("ratings100k"), as: UTF8.self)
    #expect(ratings.hasPrefix("y,user,item\n4.6790,892,794\n3.9249,600,47\n"))
  }

  @Test func `slopes have runs of unbalanced groups`() throws {
    let rows = records(try table("slopes100k", rows: 30_000, levels: ["g": 1000])).dropFirst()
    #expect(rows.count == 30_000)
    let groups = try rows.map { try #require(Int($0[4])) }
    #expect(zip(groups, groups.dropFirst()).allSatisfy(<=))
    #expect(try #require(groups.first) >= 0 && #require(groups.last) < 1000)
    var sizes = [Int](repeating: 0, count: 1000)
    for group in groups { sizes[group] += 1 }
    // Negative binomial: mean 30, variance 30 + 30²/2; the standard error of the variance is about
    // 9 %.
    let variance = sizes.reduce(0.0) { $0 + (Double($1) - 30) * (Double($1) - 30) } / 999
    #expect(abs(variance / 480 - 1) < 0.4)
    #expect(Set(rows.map { $0[3] }) == ["a", "b", "c"])
    #expect(rows.allSatisfy { abs(Double($0[2]) ?? 9) <= 1 })
  }

  @Test func `ratings prefer the first users and items`() throws {
    let rows = records(try table("ratings100k")).dropFirst()
    let first = rows.count { $0[2] == "0" }
    let total = (0..<1682).reduce(0.0) { $0 + pow(Double($1) + 10, -0.9) }
    let expected = 100_000 * pow(10, -0.9) / total
    #expect(abs(Double(first) - expected) < 5 * expected.squareRoot())
    #expect(Set(rows.map { $0[1] }).count == 943)
  }

  @Test func `classes belong to one school`() throws {
    let rows = records(
      try table("threelevel1m", rows: 5000, levels: ["school": 20, "class": 100])
    ).dropFirst()
    for row in rows { #expect(try #require(Int(row[3])) % 20 == Int(row[2])) }
    #expect(Set(rows.map { $0[3] }).count == 100)
  }

  @Test func `the maximal design crosses subjects, items and conditions`() throws {
    let rows = records(try table("maximal24k")).dropFirst()
    #expect(rows.count == 24_000)
    #expect(Set(rows.map { $0[3] + "x" + $0[4] }).count == 24_000)
    let cells = Dictionary(grouping: rows) { $0[3] + ($0[1] + $0[2]) }
    #expect(cells.count == 120 * 4 && cells.values.allSatisfy { $0.count == 50 })
  }

  @Test func `a fit recovers the parameters of random slopes`() throws {
    let fit = try fit("slopes100k")
    expect(fit.fixedEffects.map(\.estimate), near: [2, 0.8, -0.5, 0.3, 0], within: 0.05)
    expect([fit.sigma], near: [1], within: 0.02)
    let component = fit.varianceComponents[0]
    expect(component.standardDeviations, near: [1.2, 0.34.squareRoot()], within: 0.04)
    expect([component.correlations[1][0]], near: [0.3 / 0.34.squareRoot()], within: 0.05)
  }

  @Test func `a fit recovers the parameters of nested and crossed intercepts`() throws {
    let ratings = try fit("ratings100k", rows: 30_000)
    expect(ratings.fixedEffects.map(\.estimate), near: [3.5], within: 0.1)
    expect([ratings.sigma], near: [0.85], within: 0.02)
    let nested = try fit("threelevel1m", rows: 40_000, levels: ["school": 400, "class": 4000])
    expect(nested.fixedEffects.map(\.estimate), near: [1, 0.8], within: 0.4)
    let sd = Dictionary(
      uniqueKeysWithValues: (ratings.varianceComponents + nested.varianceComponents).map {
        ($0.group, $0.standardDeviations[0])
      })
    expect(
      [sd["user"], sd["item"], sd["school"], sd["class:school"]], near: [0.45, 0.55, 2, 1],
      within: 0.2)
  }

  @Test func `a design refuses what it cannot be`() throws {
    #expect(throws: SimulationError.self) { try SimulationDesign(workload: "slopes") }
    var design = try SimulationDesign(workload: "slopes100k")
    #expect(throws: SimulationError.rows(0)) { try design.setRows(0) }
    #expect(throws: SimulationError.levels("g", -1)) { try design.setLevels(-1, of: "g") }
    #expect(throws: SimulationError.unknownFactor("h", known: ["g"])) {
      try design.setLevels(2, of: "h")
    }
  }

  @Test func `the smallest tables are tables`() throws {
    for workload in SimulationDesign.workloads {
      let levels = Dictionary(uniqueKeysWithValues: workload.levels.map { ($0.factor, 1) })
      let rows = records(try table(workload.name, rows: 1, levels: levels, threads: 4))
      #expect(rows.count == 2 && rows[0].count == rows[1].count)
    }
  }

  @Test func `an error of the consumer ends the run`() throws {
    struct Full: Error {}
    let simulation = Simulation(try SimulationDesign(workload: "slopes1m"), seed: 1)
    var pieces = 0
    #expect(throws: Full.self) {
      try simulation.writeCSV(threads: 3) { _ in
        pieces += 1
        if pieces == 5 { throw Full() }
      }
    }
    #expect(pieces == 5)
  }

  private func fit(_ workload: String, rows: Int? = nil, levels: [String: Int] = [:]) throws -> Fit
  {
    let data = DataSource.bytes(
      try table(workload, rows: rows, levels: levels), name: workload)
    return try Fit(Formula(SimulationDesign(workload: workload).formula), data: [data])
  }

  private func expect(_ values: [Double?], near expected: [Double], within tolerance: Double) {
    #expect(values.count == expected.count)
    for (value, expected) in zip(values, expected) {
      #expect(abs((value ?? .nan) - expected) < tolerance, "\(values)")
    }
  }
}
