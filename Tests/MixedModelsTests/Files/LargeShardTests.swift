// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies
import TestSupport
import Testing

/// A million rows in three parts, cut anywhere between rows: most levels are in one part alone.
@Suite struct `Large shards` {
  /// A table in three parts of nearly equal length, each with the header.
  static func thirds(of table: [UInt8]) throws -> [DataSource] {
    let newline = UInt8(ascii: "\n")
    let start = try #require(table.firstIndex(of: newline)) + 1
    let cuts = try (1...2).map { part in
      try #require(table[(table.count * part / 3)...].firstIndex(of: newline)) + 1
    }
    let bounds = [start] + cuts + [table.count]
    return (0..<3).map { part in
      .bytes(
        Array(table[..<start]) + table[bounds[part]..<bounds[part + 1]], name: "part \(part)")
    }
  }

  @Test func `three parts of slopes1m are the whole`() throws {
    let design = try SimulationDesign(workload: "slopes1m")
    var table: [UInt8] = []
    try Simulation(design, seed: 1).writeCSV(threads: 0) { table += $0 }
    let formula = try Formula(design.formula)
    let folder = try TemporaryFolder()
    var files: [String] = []
    for (k, part) in try Self.thirds(of: table).enumerated() {
      files.append(folder.file("\(k).lmm"))
      try CrossProducts(formula, data: [part]).write(to: files[k])
    }
    let whole = try Fit(formula, data: [.bytes(table, name: "whole")])
    let merged = try Fit(formula, from: ModelInput(arguments: files), options: FitOptions())
    #expect(merged.observations == 1_000_000)
    #expect(merged.varianceComponents[0].levelCount == whole.varianceComponents[0].levelCount)
    #expect(abs(merged.criterion - whole.criterion) <= 1e-12 * abs(whole.criterion))
    #expect(abs(merged.sigma - whole.sigma) <= 1e-9 * whole.sigma)
    for (a, b) in zip(merged.fixedEffects, whole.fixedEffects) {
      #expect(a.name == b.name)
      #expect(abs(a.estimate! - b.estimate!) <= 1e-6 * b.standardError!)
    }
  }
}
