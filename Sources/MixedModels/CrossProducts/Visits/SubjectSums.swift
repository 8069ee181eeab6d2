// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// All that a likelihood with covariances between a subject's visits needs of the rows: their sums by
/// missingness pattern, with rows held back only until a subject is complete.
///
/// Where the rows of a subject follow each other, which is taken for granted until a row shows
/// otherwise, a subject is complete when the next one begins, and memory does not grow with the
/// subjects but for their labels. Else all rows are kept until the last was read.
struct SubjectSums {
  private(set) var patterns: [PatternSums] = []
  private var indices: [Key: Int] = [:]
  /// Whether rows of a subject may stand anywhere.
  let keepsAll: Bool
  private var held: [Int32: SubjectRows] = [:]
  private var current: Int32 = -1
  /// By codes of subjects.
  private var isComplete: [Bool] = []
  private var width = 0
  private var heldRows = 0
  /// Of the chunks of the current subject.
  private var chunks: [Int32: any TableRows] = [:]
  private(set) var subjects = 0

  private struct Key: Hashable {
    let visits: [Int32]
    let arm: Int32
  }

  /// Two rows that contradict each other; rows of chunks that are gone have no place yet.
  struct Contradiction: Error {
    enum Kind { case sameVisit, twoArms, scattered }
    let kind: Kind
    let subject: Int32
    let visit: Int32
    let keys: [RowKey]
    let places: [RowPlace?]
  }

  init(keepsAll: Bool) { self.keepsAll = keepsAll }

  /// Adds the rows of a chunk, with the places of its cells and columns.
  ///
  /// - Throws: `Contradiction`; `MemoryShortage`.
  mutating func add(
    _ rows: VisitRows, _ residual: BoundResidual, _ places: CrossProducts.Places
  ) throws {
    guard rows.count > 0 else { return }
    width = rows.width
    let subjects = places.cells[residual.subjectCells]
    let visits = places.cells[residual.visitCells]
    let arms = residual.armCells.map { places.cells[$0] }
    let columns = places.fixed.map { Int32($0) }
    for row in 0..<rows.count {
      let subject = subjects[Int(rows.subjects[row])]
      let visit = visits[Int(rows.visits[row])]
      let arm = arms.map { $0[Int(rows.arms[row])] } ?? 0
      let key = RowKey(rows.place, row: row)
      if !keepsAll {
        if subject != current { try begin(subject, visit, key) }
        chunks[key.chunk] = rows.place.rows
      }
      let range = row * width..<(row + 1) * width
      // Without a reference to the rows, which would have them copied as they grow.
      if let first = held[subject]?.visits.firstIndex(of: visit) {
        throw contradiction(.sameVisit, subject, visit, [held[subject]!.places[first], key])
      }
      if let other = held[subject]?.arm, other != arm {
        throw contradiction(.twoArms, subject, visit, [held[subject]!.places[0], key])
      }
      held[subject, default: SubjectRows(arm: arm)].append(
        visit, rows.columns[range], columns, rows.values[range], key)
      heldRows += 1
      if heldRows & 0xffff == 0 { try checkMemory() }
    }
  }

  /// Ends the subject before; the rows of this one begin.
  private mutating func begin(_ subject: Int32, _ visit: Int32, _ key: RowKey) throws {
    let place = Int(subject)
    if place < isComplete.count, isComplete[place] {
      throw contradiction(.scattered, subject, visit, [key])
    }
    if current >= 0 { complete(current) }
    chunks = [:]
    current = subject
  }

  private mutating func complete(_ subject: Int32) {
    guard let rows = held.removeValue(forKey: subject) else { return }
    while isComplete.count <= Int(subject) { isComplete.append(false) }
    isComplete[Int(subject)] = true
    heldRows -= rows.visits.count
    let order = rows.visits.indices.sorted { rows.visits[$0] < rows.visits[$1] }
    let key = Key(visits: order.map { rows.visits[$0] }, arm: rows.arm)
    let index = indices[key] ?? patterns.count
    if index == patterns.count {
      indices[key] = index
      patterns.append(PatternSums(visits: key.visits, arm: key.arm))
    }
    patterns[index].add(rows, order: order, width: width)
    subjects += 1
  }

  /// All rows are in.
  ///
  /// - Throws: `MemoryShortage`
  mutating func finish() throws {
    // In the order of the codes, that is of appearance.
    for (count, subject) in held.keys.sorted().enumerated() {
      complete(subject)
      if count & 0xfff == 0xfff { try checkMemory() }
    }
    chunks = [:]
  }

  /// Whether there is memory left for a quarter more than is held.
  private func checkMemory() throws {
    let bytes =
      heldRows * SubjectRows.bytes(width: width) + patterns.reduce(0) { $0 + $1.bytes }
    guard bytes > 64 << 20 else { return }
    try requireMemory(
      Double(bytes / 4 + 64 << 20),
      for: keepsAll
        ? "\(heldRows) rows that are not sorted by subject" : "\(patterns.count) missingness patterns",
      remedy: keepsAll
        ? "Sort the rows by subject: then none is kept." : "Use fewer columns of X, or fewer visits.")
  }

  private func contradiction(
    _ kind: Contradiction.Kind, _ subject: Int32, _ visit: Int32, _ keys: [RowKey]
  ) -> Contradiction {
    Contradiction(
      kind: kind, subject: subject, visit: visit, keys: keys,
      places: keys.map { key in chunks[key.chunk]?.place(ofRow: Int(key.row)) })
  }
}

extension SubjectRows {
  fileprivate mutating func append(
    _ visit: Int32, _ columns: ArraySlice<Int32>, _ map: [Int32], _ values: ArraySlice<Double>,
    _ key: RowKey
  ) {
    visits.append(visit)
    for column in columns { self.columns.append(map[Int(column)]) }
    self.values += values
    places.append(key)
  }
}
