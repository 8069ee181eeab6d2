// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies

/// A design from a formula, its table as text and what is in it.
struct StatedDesign {
  let design: SimulationDesign
  let formula: Formula
  let settings: SimulationSettings

  init(_ formula: String, _ change: (inout SimulationSettings) -> Void = { _ in }) throws {
    var settings = SimulationSettings()
    change(&settings)
    self.formula = try Formula(formula)
    self.settings = settings
    design = try SimulationDesign(self.formula, settings)
  }

  func bytes(seed: UInt64 = 1, threads: Int = 1) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try Simulation(design, seed: seed).writeCSV(threads: threads) { bytes += $0 }
    return bytes
  }

  /// Column name → fields.
  func columns(seed: UInt64 = 1) throws -> [String: [String]] {
    let records = String(decoding: try bytes(seed: seed), as: UTF8.self).split(separator: "\n")
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    var columns: [String: [String]] = [:]
    for (k, name) in records[0].enumerated() { columns[name] = records.dropFirst().map { $0[k] } }
    return columns
  }

  func fitted(seed: UInt64 = 1) throws -> FittedModel {
    var options = FitOptions()
    options.contrasts = settings.contrasts
    options.weights = settings.weights
    options.reading.categoricalColumns = Set(
      design.levels.map(\.factor).filter { name in
        formula.fixed.variables.contains { $0.name == name }
      })
    return try FittedModel(
      formula, data: [.bytes(try bytes(seed: seed), name: "simulated")], options: options)
  }
}
