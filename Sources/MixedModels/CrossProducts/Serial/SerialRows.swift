// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// What has to be known of a block of rows beside its sums, where rows are correlated with those before
/// them: its ends, and whether it is in order.
struct SerialRows: Sendable {
  let first: RowBlock
  let last: RowBlock
  /// Rows of one subject that follow each other: the subject in the block's codes, and the first row.
  let runs: [(subject: Int32, row: Int)]
  /// What stands first of what cannot be.
  let fault: Fault?
  let place: RowBlockPlace
  let count: Int

  struct Fault: Sendable {
    enum Kind: Sendable {
      /// The subject or an earlier time was there before.
      case disorder
      case sameTime
      /// Times are not so many whole steps apart.
      case fraction
    }
    let kind: Kind
    let subject: Int32
    /// In the block; `earlier` is nil where the row is wrong by itself.
    let earlier: Int?
    let row: Int
  }

  /// - Returns: nil without rows.
  init?(_ block: RowBlock, _ basis: RawBasis, _ serial: RawSerial) {
    guard block.count > 0 else { return nil }
    (place, count) = (block.place, block.count)
    first = RowBlock(picking: [(0, 0)], of: [block], basis)
    last = RowBlock(picking: [(0, block.count - 1)], of: [block], basis)
    let subjects = block.cells[serial.cellSet]
    var runs = [(subject: subjects[0], row: 0)]
    var seen: Set<Int32> = [subjects[0]]
    var fault: Fault?
    for row in 1..<max(block.count, 1) {
      if subjects[row] == subjects[row - 1] {
        guard let kind = Self.fault(block, row, serial) else { continue }
        fault = fault ?? Fault(kind: kind, subject: subjects[row], earlier: row - 1, row: row)
      } else {
        runs.append((subjects[row], row))
        if !seen.insert(subjects[row]).inserted, fault == nil {
          fault = Fault(kind: .disorder, subject: subjects[row], earlier: nil, row: row)
        }
      }
    }
    (self.runs, self.fault) = (runs, fault)
  }

  /// What is wrong with a row after the one before it of the same subject.
  private static func fault(_ block: RowBlock, _ row: Int, _ serial: RawSerial) -> Fault.Kind? {
    let gap = block.times[row] - block.times[row - 1]
    if gap < 0 { return .disorder }
    if gap == 0 { return .sameTime }
    return !serial.isContinuous && gap != gap.rounded() ? .fraction : nil
  }
}
