// SPDX-License-Identifier: GPL-2.0-or-later

import ModelFrames
import NumericalMethods

extension Simulation {
  /// Draws the table and hands it over as CSV, piece by piece in the rows' order.
  ///
  /// - Parameters:
  ///   - threads: How many draw rows; 0 means all cores. The text does not depend on it.
  ///   - consume: Is called on the calling thread.
  /// - Throws: What `consume` throws; `SimulationError` where a term of the formula has no value.
  public func writeCSV(threads: Int = 0, to consume: ([UInt8]) throws -> Void) throws {
    try consume(Array(design.header.utf8))
    let workers = threadCount(threads)
    try inOrder(
      blockCount, threads: min(workers, blockCount),
      { block in Result { try text(ofBlock: block) } }, { try consume($0.get()) })
  }

  private func text(ofBlock k: Int) throws -> [UInt8] {
    let rows = rows(ofBlock: k)
    guard let row = rows.response.firstIndex(where: { !$0.isFinite }) else {
      return design.text(of: rows)
    }
    throw noFiniteResponse(inRow: k * Self.blockRows + row)
  }

  /// - Parameter row: counted from 0.
  func noFiniteResponse(inRow row: Int) -> SimulationError {
    .stated(
      "row \(row + 1) has no finite response: a term of “\(design.formula)” has no finite value there. Change the covariates' distributions."
    )
  }
}
