// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The text of a source, cut into chunks of whole records, one after the other.
///
/// A chunk is what has been read when `chunkBytes` are there, up to the last record end outside
/// quotes; the rest begins the next chunk. So the cuts depend on the text alone.
final class TextStream {
  private let name: String
  private let options: ReadingOptions
  private let chunkBytes: Int
  private let maximumRecordBytes: Int
  private let maximumHeaderBytes: Int

  private let stream: any ByteStream
  /// What the header says; the buffer then begins with the first record.
  private(set) var layout: SourceLayout
  /// Line of the first record.
  private(set) var firstLine = 1

  private var buffer: TextBuffer
  private var filled = 0  // bytes of the buffer in use
  private var atEnd = false
  private var pending: DataError?  // of reading, raised after the records before it
  private var cut = RecordCut()

  /// Opens the source and reads its header.
  init(_ source: DataSource, _ options: ReadingOptions) throws(DataError) {
    (name, self.options) = (source.name, options)
    chunkBytes = min(max(1, options.chunkBytes), 1 << 30)
    maximumRecordBytes = min(max(1, options.maximumRecordBytes), 1 << 32)
    maximumHeaderBytes = min(maximumRecordBytes, HeaderRecord.maximumBytes)
    buffer = TextBuffer()
    layout = SourceLayout(TableLayout(name: name, columnNames: []))
    stream = try openStream(source, options.encoding)
    try readHeader()
  }

  /// Whether `next` has no more text to give, as far as is known without reading.
  var isExhausted: Bool { atEnd && filled == 0 && pending == nil }

  /// The next chunk of text, nil at the end.
  func next() throws(TextFailure) -> TextChunk? {
    try cutRecords(max(chunkBytes, filled))
    if cut.end == 0 {
      if let pending { throw failure(pending, at: filled) }
      if let quote = cut.openQuote { throw failure(unfinished(), at: quote) }
      return nil
    }
    return try takeChunk()
  }

  private func readHeader() throws(DataError) {
    fill(to: max(chunkBytes, longestSignature))
    let text = UnsafeBufferPointer(start: buffer.base, count: filled)
    try refuseForeignFormat(text, options.encoding, file: name)
    var start = text.starts(with: byteOrderMark) ? 3 : 0
    var line = 1
    var end = try endOfHeader(from: &start, line: &line)
    var separator = options.separator
    let first = UnsafeBufferPointer(start: buffer.base + start, count: end - start)
    if let named = namedSeparator(first) {
      separator = separator ?? named
      start = min(end + 1, filled)
      line += 1
      end = try endOfHeader(from: &start, line: &line)
    }
    let isTerminated = end < filled
    let crlf = end > start && buffer.base[end - 1] == carriageReturn ? 1 : 0
    let record = UnsafeBufferPointer(start: buffer.base + start, count: end - start - crlf)
    try refuseCarriageReturns(record, name)
    let header = try HeaderRecord(
      record, separator: separator, decimalComma: options.decimalComma, file: name, line: line)
    layout = SourceLayout(
      TableLayout(name: name, columnNames: header.names, separator: header.separator))
    firstLine = line + countLineFeeds(buffer.base + start, end - start) + 1
    let rest = isTerminated ? end + 1 : end
    memmove(buffer.base, buffer.base + rest, filled - rest)
    filled -= rest
  }

  /// Skips blank lines and returns where the header record ends, reading on as needed.
  private func endOfHeader(
    from start: inout Int, line: inout Int
  ) throws(DataError) -> Int {
    while true {
      while start < filled, buffer.base[start] == lineFeed || buffer.base[start] == carriageReturn {
        if buffer.base[start] == lineFeed { line += 1 }
        start += 1
      }
      if start == filled { (start, filled) = (0, 0) }  // however many blank lines there are
      let text = UnsafeBufferPointer(start: buffer.base + start, count: filled - start)
      let (end, openQuote) = endOfRecord(text, separator: options.separator)
      if text[..<(end ?? text.count)].contains(0) {
        throw DataError(.nullByte, file: name, line: line)
      }
      if let end, end <= maximumHeaderBytes { return start + end }
      if atEnd, let pending { throw pending }
      if atEnd, text.isEmpty { throw DataError(.empty, file: name) }
      if let openQuote, end == nil && (atEnd || text.count > maximumHeaderBytes) {
        let quoteLine = line + countLineFeeds(buffer.base + start, openQuote)
        throw DataError(.unclosedQuote, file: name, line: quoteLine)
      }
      if text.count > maximumHeaderBytes {
        try refuseCarriageReturns(text, name)
        throw DataError(.headerTooLong(limit: maximumHeaderBytes), file: name, line: line)
      }
      if atEnd { return filled }
      fill(to: 2 * filled + chunkBytes)
    }
  }

  /// Reads up to the last record end, or further if no record has ended.
  private func cutRecords(_ count: Int) throws(TextFailure) {
    var target = count
    while true {
      fill(to: target)
      cut.scan(buffer.base, filled, separator: layout.separator, atEnd: atEnd)
      if cut.end > 0 || atEnd { break }
      if filled > maximumRecordBytes { throw failure(unfinished(), at: cut.openQuote ?? 0) }
      target = filled + chunkBytes
    }
    if atEnd, pending == nil, cut.openQuote == nil, filled > cut.end { terminateLastRecord() }
  }

  private func takeChunk() throws(TextFailure) -> TextChunk {
    let rest = filled - cut.end
    guard let next = TextBuffer(capacity: max(chunkBytes, rest)) else {
      throw failure(DataError(.outOfMemory, file: name), at: 0)
    }
    memcpy(next.base, buffer.base + cut.end, rest)
    let chunk = TextChunk(
      buffer: buffer, count: cut.end, layout: layout, bytesRead: stream.position)
    buffer = next
    filled = rest
    cut = RecordCut()
    return chunk
  }

  private func terminateLastRecord() {
    guard filled < buffer.capacity || reserve(filled + 1) else {
      (pending, filled) = (DataError(.outOfMemory, file: name), cut.end)
      return
    }
    buffer.base[filled] = lineFeed
    filled += 1
    cut.end = filled
  }

  /// A record that does not end: too long, or the source ends inside a quote.
  private func unfinished() -> DataError {
    if cut.openQuote != nil { return DataError(.unclosedQuote, file: name) }
    return DataError(.recordTooLong(limit: maximumRecordBytes), file: name)
  }

  private func failure(_ error: DataError, at offset: Int) -> TextFailure {
    TextFailure(error: error, linesIntoChunk: countLineFeeds(buffer.base, offset))
  }

  /// Reads until `count` bytes are there or the source ends; an error ends it too, and is pending.
  private func fill(to count: Int) {
    guard count <= buffer.capacity || reserve(count) else {
      (pending, atEnd) = (DataError(.outOfMemory, file: name), true)
      return
    }
    while filled < count, !atEnd {
      let room = UnsafeMutableRawBufferPointer(start: buffer.base + filled, count: count - filled)
      do throws(DataError) {
        let received = try stream.read(into: room)
        filled += received
        atEnd = received == 0
      } catch {
        pending = error
        atEnd = true
      }
    }
  }

  /// False if there is no memory for it.
  private func reserve(_ count: Int) -> Bool {
    guard let larger = TextBuffer(capacity: max(count, 2 * buffer.capacity)) else { return false }
    memcpy(larger.base, buffer.base, filled)
    buffer = larger
    return true
  }
}

/// Old Mac text: carriage returns inside a record, and not one at its end.
private func refuseCarriageReturns(
  _ record: UnsafeBufferPointer<UInt8>, _ file: String
) throws(DataError) {
  if record.contains(carriageReturn), !record.contains(quote) || !record.contains(lineFeed) {
    throw DataError(.carriageReturnsOnly, file: file)
  }
}
