// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// Steps of a block: rows that follow one of the same subject, by the time between the two, and by the strata
/// that they are in.
struct SerialSteps: Sendable {
  /// In the order of their first appearance; more than `SerialGaps` allows if there are more.
  private(set) var kinds: [StepKind] = []
  /// For every kind the later rows; each follows the row before it in the block.
  private(set) var rows: [[Int]] = []
  let areTooMany: Bool

  /// Rows of a subject that do not follow each other, or not in the order of time, are in no step.
  ///
  /// - Parameter strata: The cell set of the strata; nil where there are none.
  init(_ block: RowBlock, _ serial: RawSerial, strata: Int?) {
    let (subjects, times) = (block.cells[serial.cellSet], block.times)
    let cells = strata.map { block.cells[$0] }
    var places: [StepKind: Int] = [:]
    var lengths: Set<Double> = []
    var last: (kind: StepKind, place: Int)?
    for row in subjects.indices.dropFirst()
    where subjects[row] == subjects[row - 1] && times[row] > times[row - 1] {
      let kind = StepKind(
        length: Self.rounded(times[row] - times[row - 1]), cells?[row - 1] ?? 0, cells?[row] ?? 0)
      if kind != last?.kind {
        let place = places[kind] ?? kinds.count
        if place == kinds.count {
          lengths.insert(kind.length)
          kinds.append(kind)
          rows.append([])
          guard !SerialGaps.areTooMany(lengths: lengths.count, kinds: kinds.count) else { break }
          places[kind] = place
        }
        last = (kind, place)
      }
      rows[last!.place].append(row)
    }
    areTooMany = SerialGaps.areTooMany(lengths: lengths.count, kinds: kinds.count)
  }

  /// To nine digits: 0.3 − 0.2 is 0.2 − 0.1.
  static func rounded(_ gap: Double) -> Double {
    let scale = pow(10, 8 - log10(gap).rounded(.down))
    let digits = (gap * scale).rounded()
    return digits.isFinite && scale.isFinite && digits > 0 ? digits / scale : gap
  }
}

/// What tells steps apart: the time between the two rows, and the strata that they are in.
package struct StepKind: Sendable, Hashable {
  package let length: Double
  /// Cells, in ascending order; 0 without strata.
  package let strata: [Int32]

  package init(length: Double, _ one: Int32, _ other: Int32) {
    (self.length, strata) = (length, [min(one, other), max(one, other)])
  }

  var isOfOneStratum: Bool { strata[0] == strata[1] }

  /// What there are sums of.
  package enum Sums: String {
    /// Rows at both ends, which are of one stratum.
    case ends
    /// Rows at the ends in the first, and in the second stratum.
    case endsInFirst, endsInSecond
    case differences
  }

  /// In their order.
  package var sums: [Sums] {
    isOfOneStratum ? [.ends, .differences] : [.endsInFirst, .endsInSecond, .differences]
  }
}

/// The steps between rows of a subject that follow each other, with their sums in `CrossProducts.parts` behind
/// those of strata: of every kind, behind each other, those of `StepKind.sums`.
package struct SerialGaps: Sendable {
  package internal(set) var kinds: [StepKind] = []
  /// Steps of every kind.
  package internal(set) var steps: [Int] = []
  /// Whether there are more kinds than can be summed; there are no sums then.
  var areTooMany = false

  /// Each takes twice as much memory and time as the whole.
  static let most = 64
  /// Beside strata.
  static let mostKinds = 400

  static func areTooMany(lengths: Int, kinds: Int) -> Bool { lengths > most || kinds > mostKinds }

  /// Parts that the sums of all kinds are.
  var partCount: Int { kinds.reduce(0) { $0 + $1.sums.count } }

  /// Of every part the kind and what of it.
  package var parts: [(kind: Int, sums: StepKind.Sums)] {
    kinds.enumerated().flatMap { k, kind in kind.sums.map { (k, $0) } }
  }

  /// The place of a kind, which is added if it is new.
  mutating func place(of kind: StepKind) -> Int {
    if let place = kinds.firstIndex(of: kind) { return place }
    kinds.append(kind)
    steps.append(0)
    if Self.areTooMany(lengths: Set(kinds.map(\.length)).count, kinds: kinds.count) { areTooMany = true }
    return kinds.count - 1
  }
}
