// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The text of all sources, cut into chunks of whole records, one after the other.
///
/// A chunk is what has been read when `chunkBytes` are there, up to the last record end outside
/// quotes; the rest begins the next chunk. So the cuts depend on the text alone.
final class TextStream {
  private let sources: [DataSource]
  private let separator: UInt8?
  private let encoding: TextEncoding
  private let decimalComma: Bool
  private let chunkBytes: Int
  private let maximumRecordBytes: Int
  private let maximumHeaderBytes: Int

  private var nextSource = 0
  private var stream: (any ByteStream)?
  private var layout: SourceLayout?
  private var firstLine: Int?
  private var finishedBytes = 0  // of the sources before

  private var buffer: TextBuffer
  private var filled = 0  // bytes of the buffer in use
  private var atEnd = false  // of the current source
  private var pending: DataError?  // of reading, raised after the records before it
  private var cut = RecordCut()

  init(_ sources: [DataSource], _ options: ReadingOptions) {
    self.sources = sources
    separator = options.separator
    encoding = options.encoding
    decimalComma = options.decimalComma
    chunkBytes = min(max(1, options.chunkBytes), 1 << 30)
    maximumRecordBytes = min(max(1, options.maximumRecordBytes), 1 << 32)
    maximumHeaderBytes = min(maximumRecordBytes, HeaderRecord.maximumBytes)
    buffer = TextBuffer()
  }

  /// The layout of the source that is being read.
  var currentLayout: SourceLayout? { layout }

  /// Whether `next` has no more text to give, as far as is known without reading.
  var isExhausted: Bool {
    nextSource == sources.count && atEnd && filled == 0 && pending == nil
  }

  /// The next chunk of text, nil after the last source.
  func next() throws(TextFailure) -> TextChunk? {
    while true {
      if stream == nil {
        guard nextSource < sources.count else { return nil }
        do throws(DataError) { try openNext() } catch { throw TextFailure(error: error) }
      }
      if let chunk = try cutChunk() { return chunk }
      finishedBytes += stream?.position ?? 0
      stream = nil
    }
  }

  /// Opens the next source and reads its header; the buffer then begins with the first record.
  func openNext() throws(DataError) {
    let source = sources[nextSource]
    stream = try openStream(source, encoding)
    (filled, atEnd, pending) = (0, false, nil)
    fill(to: max(chunkBytes, longestSignature))
    let text = UnsafeBufferPointer(start: buffer.base, count: filled)
    try refuseForeignFormat(text, encoding, file: source.name)
    var start = text.starts(with: byteOrderMark) ? 3 : 0
    var line = 1
    var end = try endOfHeader(from: &start, line: &line, source.name)
    var separator = separator
    let first = UnsafeBufferPointer(start: buffer.base + start, count: end - start)
    if let named = namedSeparator(first) {
      separator = separator ?? named
      start = min(end + 1, filled)
      line += 1
      end = try endOfHeader(from: &start, line: &line, source.name)
    }
    let isTerminated = end < filled
    let crlf = end > start && buffer.base[end - 1] == carriageReturn ? 1 : 0
    let record = UnsafeBufferPointer(start: buffer.base + start, count: end - start - crlf)
    try refuseCarriageReturns(record, source.name)
    let header = try HeaderRecord(
      record, separator: separator, decimalComma: decimalComma, file: source.name, line: line)
    layout = SourceLayout(
      source: nextSource, name: source.name, separator: header.separator, header: header.names)
    firstLine = line + countLineFeeds(buffer.base + start, end - start) + 1
    let rest = isTerminated ? end + 1 : end
    memmove(buffer.base, buffer.base + rest, filled - rest)
    filled -= rest
    cut = RecordCut()
    nextSource += 1
  }

  /// Skips blank lines and returns where the header record ends, reading on as needed.
  private func endOfHeader(
    from start: inout Int, line: inout Int, _ name: String
  ) throws(DataError) -> Int {
    while true {
      while start < filled, buffer.base[start] == lineFeed || buffer.base[start] == carriageReturn {
        if buffer.base[start] == lineFeed { line += 1 }
        start += 1
      }
      if start == filled { (start, filled) = (0, 0) }  // however many blank lines there are
      let text = UnsafeBufferPointer(start: buffer.base + start, count: filled - start)
      let (end, openQuote) = endOfRecord(text, separator: separator)
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

  /// Up to the last record end, nil if the source holds no more.
  private func cutChunk() throws(TextFailure) -> TextChunk? {
    guard let layout else { return nil }
    var target = max(chunkBytes, filled)
    while true {
      fill(to: target)
      cut.scan(buffer.base, filled, separator: layout.separator, atEnd: atEnd)
      if cut.end > 0 || atEnd { break }
      if filled > maximumRecordBytes { throw failure(unfinished(), at: cut.openQuote ?? 0) }
      target = filled + chunkBytes
    }
    if atEnd, pending == nil, cut.openQuote == nil, filled > cut.end { terminateLastRecord() }
    if cut.end == 0 {
      if let pending { throw failure(pending, at: filled) }
      if let quote = cut.openQuote { throw failure(unfinished(), at: quote) }
      return nil
    }
    return try takeChunk(layout)
  }

  private func takeChunk(_ layout: SourceLayout) throws(TextFailure) -> TextChunk {
    let rest = filled - cut.end
    guard let next = TextBuffer(capacity: max(chunkBytes, rest)) else {
      throw failure(DataError(.outOfMemory, file: layout.name), at: 0)
    }
    memcpy(next.base, buffer.base + cut.end, rest)
    let chunk = TextChunk(
      buffer: buffer, count: cut.end, layout: layout, firstLine: firstLine,
      bytesRead: finishedBytes + (stream?.position ?? 0))
    buffer = next
    filled = rest
    firstLine = nil
    cut = RecordCut()
    return chunk
  }

  private func terminateLastRecord() {
    guard filled < buffer.capacity || reserve(filled + 1) else {
      (pending, filled) = (DataError(.outOfMemory, file: layout?.name), cut.end)
      return
    }
    buffer.base[filled] = lineFeed
    filled += 1
    cut.end = filled
  }

  /// A record that does not end: too long, or the source ends inside a quote.
  private func unfinished() -> DataError {
    if cut.openQuote != nil { return DataError(.unclosedQuote, file: layout?.name) }
    return DataError(.recordTooLong(limit: maximumRecordBytes), file: layout?.name)
  }

  private func failure(_ error: DataError, at offset: Int) -> TextFailure {
    TextFailure(
      error: error, linesIntoChunk: countLineFeeds(buffer.base, offset), firstLine: firstLine)
  }

  /// Reads until `count` bytes are there or the source ends; an error ends it too, and is pending.
  private func fill(to count: Int) {
    guard count <= buffer.capacity || reserve(count) else {
      (pending, atEnd) = (DataError(.outOfMemory, file: layout?.name), true)
      return
    }
    guard let stream else { return }
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
