// SPDX-License-Identifier: GPL-2.0-or-later

/// Finds the pages of a column one after another; used from one thread at a time.
///
/// Only headers are read, so that pages can be read and decoded by others.
package final class ParquetCursor {
  private let file: ParquetFile
  private let leaf: Int
  private let decoding: ColumnDecoding
  private var group = 0
  /// Of the row group; nil before its first page.
  private var chunk: Chunk?
  /// The last page that was found, with its rows in the table.
  private var last: (page: ParquetPage, rows: Range<Int>)?
  /// Rows of the pages that were found.
  private var row = 0

  /// The pages of a row group that are still to be found.
  private struct Chunk {
    var place: Int
    let end: Int
    let codec: Codec
    var rowsLeft: Int
    var dictionary: ParquetPage?
  }

  /// Some rows of a page.
  package struct Piece: Sendable {
    package let page: ParquetPage
    /// In the page.
    package let rows: Range<Int>
  }

  /// - Precondition: `column` can be read.
  package init(_ file: ParquetFile, column: Int) {
    self.file = file
    (leaf, decoding) = (file.columns[column].leaf!, file.columns[column].decoding!)
  }

  /// The pages of some rows of the table, none of which stands before rows that were asked for earlier.
  ///
  /// - Throws: `ParquetFault`
  package func pieces(_ rows: Range<Int>) throws(ParquetFault) -> [Piece] {
    var pieces: [Piece] = []
    func add(_ page: ParquetPage, _ own: Range<Int>) {
      let some = own.clamped(to: rows)
      guard !some.isEmpty else { return }
      pieces.append(
        Piece(page: page, rows: some.lowerBound - own.lowerBound..<some.upperBound - own.lowerBound))
    }
    if let last { add(last.page, last.rows) }
    while row < rows.upperBound {
      let page = try nextPage()
      last = (page, row..<row + page.count)
      row += page.count
      add(page, last!.rows)
    }
    return pieces
  }

  private func nextPage() throws(ParquetFault) -> ParquetPage {
    while true {
      if chunk == nil { chunk = try nextChunk() }
      guard var current = chunk else { throw ParquetFault("has fewer pages than rows") }
      if current.rowsLeft == 0 {
        chunk = nil
        group += 1
        continue
      }
      let (header, place) = try header(current)
      current.place = place + header.compressedSize
      defer { chunk = current }
      switch header.kind {
      case .other: continue
      case .dictionary:
        current.dictionary = ParquetPage(
          file.bytes, place, header, current.codec, decoding, dictionary: nil)
      case .data, .dataV2:
        guard header.count <= current.rowsLeft, header.count <= 1 << 28 else {
          throw ParquetFault("has a page of \(header.count) values where \(current.rowsLeft) rows are left")
        }
        current.rowsLeft -= header.count
        if header.count == 0 { continue }
        return ParquetPage(
          file.bytes, place, header, current.codec, decoding, dictionary: current.dictionary)
      }
    }
  }

  private func nextChunk() throws(ParquetFault) -> Chunk? {
    guard group < file.rowGroups.count else { return nil }
    let rows = file.rowGroups[group].rowCount
    let column = file.rowGroups[group].columns[leaf]
    guard !column.isElsewhere else {
      throw ParquetFault("has columns in other files, which are not read", remedy: "Write it as one file.")
    }
    guard !column.isEncrypted else { throw ParquetFault("is encrypted", remedy: "Decrypt it first.") }
    guard StoredType(column.type, length: decoding.stored.width ?? 0) == decoding.stored,
      column.valueCount == rows
    else {
      throw ParquetFault("has a row group of \(rows) rows with a column of \(column.valueCount) values")
    }
    let (end, isTooLarge) = column.start.addingReportingOverflow(column.compressedSize)
    guard !isTooLarge, end <= file.bytes.count else { throw ParquetFault("ends in the middle of its data") }
    return Chunk(
      place: column.start, end: end, codec: try Codec(code: column.codec), rowsLeft: rows, dictionary: nil)
  }

  /// The header at the chunk's place, and where it ends.
  private func header(_ chunk: Chunk) throws(ParquetFault) -> (PageHeader, end: Int) {
    var size = 256
    while true {
      let count = min(size, chunk.end - chunk.place)
      guard count > 0 else { throw ParquetFault("has fewer pages than rows") }
      let window = try file.bytes.read(chunk.place, count)
      defer { withExtendedLifetime(window) {} }
      var reader = CompactReader(window.bytes)
      do throws(CompactReader.Failure) {
        let header = try PageHeader(&reader)
        let end = chunk.place + reader.position
        guard header.compressedSize <= chunk.end - end else {
          throw .fault(ParquetFault("has a page that is larger than its column"))
        }
        return (header, end)
      } catch {
        if case .fault(let fault) = error { throw fault }
        guard count == size, size < 1 << 24 else { throw ParquetFault("has a page without a header") }
        size *= 8
      }
    }
  }
}
