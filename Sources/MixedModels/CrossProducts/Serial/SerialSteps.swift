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
  mutating func place(of length: Double) -> Int {
    if let place = lengths.firstIndex(of: length) { return place }
    lengths.append(length)
    steps.append(0)
    return lengths.count - 1
  }
}
