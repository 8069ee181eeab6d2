// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension Simulation {
  /// Draws the table and hands it over as CSV, piece by piece in the rows' order.
  ///
  /// - Parameters:
  ///   - threads: How many draw rows; 0 means all cores. The text does not depend on it.
  ///   - consume: Is called on the calling thread.
  /// - Throws: What `consume` throws.
  public func writeCSV(threads: Int = 0, to consume: ([UInt8]) throws -> Void) throws {
    try consume(Array(design.header.utf8))
    let workers = threads > 0 ? threads : availableProcessors()
    try inOrder(
      blockCount, threads: min(workers, blockCount), { design.text(of: rows(ofBlock: $0)) },
      consume)
  }
}
