// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// A workload of another size.
func simulatedDesign(
  _ workload: String, rows: Int, levels: [String: Int]
) throws -> SimulationDesign {
  var design = try SimulationDesign(workload: workload)
  try design.setRows(rows)
  for (factor, count) in levels { try design.setLevels(count, of: factor) }
  return design
}

extension SimulationDesign {
  /// The table in memory.
  func table(seed: UInt64 = 1) throws -> DataSource {
    var bytes: [UInt8] = []
    try Simulation(self, seed: seed).writeCSV { bytes += $0 }
    return .bytes(bytes, name: name)
  }
}
