// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow
import CLMMSparse
import MixedModels

/// What a stream that we produce gives, batch after batch; used from one thread at a time.
protocol BatchSource: AnyObject {
  /// Names, and whether the values are texts.
  var columns: [(name: String, isText: Bool)] { get }
  /// The columns of the next rows; nil after the last.
  func nextBatch() throws -> [BatchColumn]?
}

/// The values of a column.
enum BatchColumn {
  /// NaN is null.
  case numbers([Double])
  case texts([String])
}

/// Columns of numbers that are made as they are asked for; the callback of the thread that asks is told how
/// far that is, and notes at the end.
final class NumberStream: BatchSource {
  let columns: [(name: String, isText: Bool)]
  private let next: () throws -> [[Double]]?
  private let notes: () -> [String]
  private var rows = 0

  init(names: [String], next: @escaping () throws -> [[Double]]?, notes: @escaping () -> [String]) {
    columns = names.map { ($0, false) }
    (self.next, self.notes) = (next, notes)
  }

  func nextBatch() throws -> [BatchColumn]? {
    let progress = Progress()
    guard let values = try next() else {
      for note in notes() { try progress.tell(note: note) }
      return nil
    }
    rows += values.first?.count ?? 0
    try progress.tell([("stage", .string("rows")), ("rows", .integer(rows))])
    return values.map { .numbers($0) }
  }
}

/// The conditional modes of a fit, as broom.mixed's `ran_vals`: term after term, column after column.
final class ModesStream: BatchSource {
  let columns: [(name: String, isText: Bool)] = [
    ("group", true), ("level", true), ("term", true), ("estimate", false), ("std.error", false),
  ]
  private let modes: [ConditionalModes]
  private var (term, column, level) = (0, 0, 0)
  private static let batchRows = 1 << 16

  init(_ fit: Fit) { modes = fit.conditionalModes ?? [] }

  func nextBatch() throws -> [BatchColumn]? {
    while term < modes.count {
      let these = modes[term]
      guard column < these.columns.count else {
        (term, column, level) = (term + 1, 0, 0)
        continue
      }
      guard level < these.levels.count else {
        (column, level) = (column + 1, 0)
        continue
      }
      let range = level..<min(level + Self.batchRows, these.levels.count)
      level = range.upperBound
      let column = column
      return [
        .texts(range.map { _ in these.name }), .texts(Array(these.levels[range])),
        .texts(range.map { _ in these.columns[column] }),
        .numbers(range.map { these.mode(level: $0, column: column) }),
        .numbers(range.map { these.standardDeviation(level: $0, column: column) }),
      ]
    }
    return nil
  }
}

/// Runs what makes a stream of rows, which go into `out`.
func stream(
  _ json: TextOut?, _ out: Stream?, _ rows: Stream?, _ make: (GivenRows) throws -> any BatchSource
) -> CInt {
  let rows = GivenRows(rows)
  out?.initialize(to: ArrowArrayStream())
  return answer(json) {
    guard let out else { throw RequestError("there is no place for the stream of results.") }
    let source = try make(rows)
    out.initialize(to: exported(source))
    return .object([("columns", .strings(source.columns.map(\.name)))])
  }
}
