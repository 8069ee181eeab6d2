// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Follows the rows of subjects from block to block: sums the steps between blocks, and finds what is not
/// in order.
struct SerialOrder {
  private let specification: ModelSpecification
  private let serial: BoundSerial
  private let steps: RawSerial
  /// Of the steps between blocks.
  private(set) var between: CrossProducts
  private var previous: (rows: SerialRows, subject: Int32)?
  /// Subjects so far, whose codes are below.
  private var known: Int32 = 0

  /// Rows that contradict each other.
  struct Contradiction: Error {
    let kind: SerialRows.Fault.Kind
    /// Among all subjects.
    let subject: Int32
    /// With the block each stands in; the last is the one that cannot be.
    let rows: [(place: RowBlockPlace, row: Int)]
  }

  init?(_ specification: ModelSpecification) {
    guard let serial = specification.serial, let steps = specification.basis.serial else { return nil }
    (self.specification, self.serial, self.steps) = (specification, serial, steps)
    between = CrossProducts(specification)
  }

  /// - Parameter places: Of the cells of the block's sums among those of all rows so far.
  /// - Throws: `Contradiction`; `FitError.memoryShortage`
  mutating func add(_ rows: SerialRows?, _ places: CrossProducts.Places) throws {
    guard let rows else { return }
    let codes = places.cells[serial.cellSet]
    func subject(_ run: Int) -> Int32 { codes[Int(rows.runs[run].subject)] }
    func disorder(_ run: Int) -> Contradiction {
      Contradiction(
        kind: .disorder, subject: subject(run), rows: [(rows.place, rows.runs[run].row)])
    }
    if let previous, previous.subject == subject(0) {
      try step(from: previous.rows, to: rows, previous.subject)
    } else if subject(0) < known {
      throw disorder(0)
    }
    let again = rows.runs.indices.dropFirst().first { subject($0) < known }
    if let fault = rows.fault, again.map({ rows.runs[$0].row > fault.row }) ?? true {
      throw Contradiction(
        kind: fault.kind, subject: codes[Int(fault.subject)],
        rows: [fault.earlier, fault.row].compactMap(\.self).map { (rows.place, $0) })
    }
    if let again { throw disorder(again) }
    for run in rows.runs.indices { known = max(known, subject(run) + 1) }
    previous = (rows, subject(rows.runs.count - 1))
  }

  private mutating func step(
    from earlier: SerialRows, to later: SerialRows, _ subject: Int32
  ) throws {
    let pair = RowBlock(
      picking: [(0, 0), (1, 0)], of: [earlier.last, later.first], specification.basis)
    if let fault = SerialRows(pair, specification.basis, steps)?.fault {
      throw Contradiction(
        kind: fault.kind, subject: subject,
        rows: [(earlier.place, earlier.count - 1), (later.place, 0)])
    }
    try between.add(CrossProducts(specification, rows: pair))
  }
}
