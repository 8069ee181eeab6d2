// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// Steps of a block: rows that follow one of the same subject, by the time between the two.
struct SerialSteps: Sendable {
  /// Times between rows, in the order of their first appearance; one more than `SerialGaps.most` if there
  /// are more.
  private(set) var lengths: [Double] = []
  /// For every length the later rows; each follows the row before it in the block.
  private(set) var rows: [[Int]] = []

  /// Rows of a subject that do not follow each other, or not in the order of time, are in no step.
  init(_ block: RowBlock, _ serial: RawSerial) {
    let (subjects, times) = (block.cells[serial.cellSet], block.times)
    var places: [Double: Int] = [:]
    var last = (length: Double.nan, place: -1)
    for row in subjects.indices.dropFirst()
    where subjects[row] == subjects[row - 1] && times[row] > times[row - 1] {
      let length = Self.rounded(times[row] - times[row - 1])
      if length != last.length {
        let place = places[length] ?? lengths.count
        if place == lengths.count {
          lengths.append(length)
          rows.append([])
          guard lengths.count <= SerialGaps.most else { return }
          places[length] = place
        }
        last = (length, place)
      }
      rows[last.place].append(row)
    }
  }

  var areTooMany: Bool { lengths.count > SerialGaps.most }

  /// To nine digits: 0.3 − 0.2 is 0.2 − 0.1.
  static func rounded(_ gap: Double) -> Double {
    let scale = pow(10, 8 - log10(gap).rounded(.down))
    let digits = (gap * scale).rounded()
    return digits.isFinite && scale.isFinite && digits > 0 ? digits / scale : gap
  }
}

/// The times between rows of a subject that follow each other, with their sums in `CrossProducts.parts`:
/// behind each other, of every length, the rows at both of its ends and the differences between them.
package struct SerialGaps: Sendable {
  package internal(set) var lengths: [Double] = []
  /// Steps of every length.
  package internal(set) var steps: [Int] = []
  /// Whether there are more lengths than can be summed; there are no sums then.
  var areTooMany = false

  /// Each takes twice as much memory and time as the whole.
  static let most = 64

  /// The place of a length, which is added if it is new.
  fileprivate mutating func place(of length: Double) -> Int {
    if let place = lengths.firstIndex(of: length) { return place }
    lengths.append(length)
    steps.append(0)
    return lengths.count - 1
  }
}

extension CrossProducts {
  /// The sums of a block's steps.
  mutating func sumSteps(_ serial: RawSerial, _ chunk: ChunkPanels) {
    let steps = SerialSteps(chunk.rows, serial)
    guard !steps.areTooMany else {
      gaps.areTooMany = true
      return
    }
    (gaps.lengths, gaps.steps) = (steps.lengths, steps.rows.map(\.count))
    parts = steps.rows.flatMap { rows in
      [
        ProductSums(basis, like: self, chunk, endsOf: rows),
        ProductSums(basis, like: self, chunk, differencesTo: rows),
      ]
    }
    addStepPairs()
  }

  /// Gives the whole the pairs of levels that only steps have, as zeros: parts have no others than it.
  private mutating func addStepPairs() {
    let own = groupPairs.indices.filter { groupPairs[$0].0 == groupPairs[$0].1 }
    // Where no level of a group is paired with another of it rows have all pairs that steps have.
    guard parts.contains(where: { part in own.contains { !part.pairs[$0].isEmpty } }) else { return }
    for part in parts {
      for pair in pairs.indices { pairs[pair].addPattern(of: part.pairs[pair]) }
    }
  }

  /// Adds the steps of `other`, of which everything else was added, or is known.
  ///
  /// - Parameter maps: For every cell set the code here of every code there.
  mutating func addSteps(of other: CrossProducts, _ maps: [[Int32]]) {
    if other.gaps.areTooMany { gaps.areTooMany = true }
    guard !gaps.areTooMany else { return giveUpSteps() }
    var places: [Int] = []
    for (length, steps) in zip(other.gaps.lengths, other.gaps.steps) {
      let place = gaps.place(of: length)
      gaps.steps[place] += steps
      places += [2 * place, 2 * place + 1]
    }
    guard gaps.lengths.count <= SerialGaps.most else {
      gaps.areTooMany = true
      return giveUpSteps()
    }
    addParts(of: other, maps, places: places, count: 2 * gaps.lengths.count)
  }

  private mutating func giveUpSteps() { (parts, gaps.lengths, gaps.steps) = ([], [], []) }

  /// Without any steps.
  mutating func forgetSteps() { (parts, gaps) = ([], SerialGaps()) }

  /// Adds the steps alone of products of some of these rows.
  mutating func addSteps(between other: CrossProducts) {
    var maps: [[Int32]] = []
    for set in cellSets.indices {
      maps.append(
        cellSets[set].merge(other.cellSets[set], source: basis.cellSets[set], maps: maps))
    }
    addSteps(of: other, maps)
    addStepPairs()
  }

  /// - Throws: `FitError.serial` where there are more lengths of steps than can be summed.
  func checkSteps() throws(FitError) {
    guard gaps.areTooMany, let serial = specification.serial else { return }
    throw .serial(
      serial.term.text,
      "has more than \(SerialGaps.most) different times between one row of a subject and the next, each of which needs sums of its own. Round \(serial.term.visit) to whole units, such as hours or days"
    )
  }
}
