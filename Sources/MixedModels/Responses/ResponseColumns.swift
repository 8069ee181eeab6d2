// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The columns of a table that hold responses, found by chunk after chunk.
struct ResponseColumns: Sendable {
  /// The predictors' columns first, then those of the responses.
  let lookup: ColumnLookup
  private let expressions: [Expression]
  /// Of a response that is a column as it stands: its place among the requests.
  private let places: [Int?]

  init(_ predictors: [ColumnRequest], _ responses: [Expression]) {
    expressions = responses
    var lookup = ColumnLookup(predictors)
    for response in responses { lookup.add(response) }
    places = responses.map { [lookup] response in
      if case .column(let name) = response { lookup.index(name) } else { nil }
    }
    self.lookup = lookup
  }

  /// Names of the responses.
  var names: [String] { expressions.map(\.deparsed) }

  /// Whether a response is a column as it stands.
  func isColumn(_ response: Int) -> Bool { places[response] != nil }

  /// The values of every response, NaN where missing.
  ///
  /// - Throws: `RowError` for an infinite one, with the response in place of a column.
  func values(_ chunk: TableChunk) throws -> [[Double]] {
    try places.indices.map { k in
      if let place = places[k] { return chunk.columns[place].numbers }
      let values = try ChunkColumns(chunk: chunk, lookup: lookup).values(expressions[k])
      if let row = values.firstIndex(where: \.isInfinite) {
        throw RowError(
          row: row, column: expressions[k].deparsed, message: "infinite here.",
          remedy: "Correct the value, or write NA to leave the row out.")
      }
      return values
    }
  }
}
