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
    var requests = predictors
    var known: [String: Int] = [:]
    for (k, request) in requests.enumerated() { known[request.name] = k }
    places = responses.map { response in
      let text = Set(response.textColumns)
      for name in response.columns {
        let place = known[name] ?? requests.count
        if place == requests.count {
          known[name] = place
          requests.append(ColumnRequest(name: name, wantsNumbers: false, wantsLabels: false))
        }
        if text.contains(name) {
          requests[place].wantsLabels = true
        } else {
          requests[place].wantsNumbers = true
        }
      }
      if case .column(let name) = response { return known[name] }
      return nil
    }
    lookup = ColumnLookup(requests)
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
      let values = try ChunkValues(chunk: chunk, columns: lookup).values(expressions[k])
      if let row = values.firstIndex(where: \.isInfinite) {
        throw RowError(
          row: row, column: expressions[k].deparsed, message: "infinite here.",
          remedy: "Correct the value, or write NA to leave the row out.")
      }
      return values
    }
  }
}
