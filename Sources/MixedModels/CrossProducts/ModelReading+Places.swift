// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A row by its chunk and its place in there, of which all passes over a table have the same.
struct RowKey: Sendable {
  let chunk: Int32
  let row: Int32

  init(chunk: Int, row: Int) { (self.chunk, self.row) = (Int32(chunk), Int32(row)) }

  /// A row of a block.
  init(_ place: RowBlockPlace, row: Int) {
    self.init(chunk: place.chunk, row: place.rowOfChunk(row))
  }
}

extension ModelReading {
  /// Where rows stand, looked up by reading the table again.
  ///
  /// - Throws: `DataError`
  func places(of keys: [RowKey]) throws -> [RowPlace] {
    var places = [RowPlace?](repeating: nil, count: keys.count)
    let wanted = Set(keys.map { Int($0.chunk) })
    try reader.read(
      specification.columns.requests,
      transform: { chunk in (chunk.index, wanted.contains(chunk.index) ? chunk.rows : nil) },
      consume: { index, rows in
        guard let rows else { return }
        for (k, key) in keys.enumerated() where Int(key.chunk) == index {
          places[k] = rows.place(ofRow: Int(key.row))
        }
      })
    return places.map { $0! }
  }
}
