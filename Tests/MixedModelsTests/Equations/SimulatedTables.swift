// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies

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
  /// The rows, drawn as they are read.
  func table(seed: UInt64 = 1) -> Simulation { Simulation(self, seed: seed) }
}
