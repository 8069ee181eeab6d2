// SPDX-License-Identifier: GPL-2.0-or-later

/// Reads one table from the text of one or several sources.
///
/// Used from one thread; `read` starts its own workers. Sources that cannot be read again allow
/// one `read`.
package final class TableReader {
  let sources: [DataSource]
  let options: ReadingOptions
  let firstLayout: SourceLayout
  let first: TextChunk?  // the first text there is, also the sample for kinds
  private var stream: TextStream?  // stands after `first`, until `read` takes it
  private var kinds: [ColumnKind]?  // of the first source's columns, once one was asked for

  /// The user's texts for missing values that `read` met in no column that it was asked for, once
  /// it is done.
  package internal(set) var unmatchedMissingTexts: [String] = []

  /// Called on the thread that called `read`, after each chunk.
  package var progress: ((ReadingProgress) -> Void)?

  /// Opens the first source, reads its header and the first chunk of text.
  /// - Throws: whatever is wrong so far; that the other sources are there is looked up too.
  package init(_ sources: [DataSource], options: ReadingOptions = ReadingOptions())
    throws(DataError)
  {
    precondition(!sources.isEmpty, "a table needs a source")
    if let separator = options.separator, !canSeparate(separator) {
      throw DataError(.unusableSeparator(separator))
    }
    if sources.count(where: { $0 == .standardInput }) > 1 {
      throw DataError(.standardInputTwice, file: DataSource.standardInput.name)
    }
    for source in sources { try checkReadable(source) }
    try refuseRepeats(sources)
    self.sources = sources
    self.options = options
    let stream = TextStream(sources, options)
    try stream.openNext()
    firstLayout = stream.currentLayout!
    do throws(TextFailure) { first = try stream.next() } catch {
      throw error.located(after: 0)
    }
    self.stream = stream
  }

  /// The names of the first source's columns, without blanks around them; unnamed ones are empty.
  package var header: [String] { firstLayout.header }

  /// What the values in the first chunk of text look like.
  /// - Throws: `DataError.Problem.unknownColumn`
  package func kind(of column: String) throws(DataError) -> ColumnKind {
    let kind = try sampledKind(of: column)
    return options.categoricalColumns.contains(column) ? .categorical : kind
  }

  /// What the values of the requested columns look like, whatever the user says they are.
  func kinds(of requests: [ColumnRequest]) throws(DataError) -> [String: ColumnKind] {
    var kinds: [String: ColumnKind] = [:]
    for request in requests { kinds[request.name] = try sampledKind(of: request.name) }
    return kinds
  }

  /// The text from its beginning: the first chunk and the stream that stands after it.
  /// - Throws: `DataError.Problem.cannotReadAgain`
  func takeText() throws(DataError) -> (first: TextChunk?, rest: TextStream) {
    if let stream {
      self.stream = nil
      return (first, stream)
    }
    if let source = sources.first(where: { !$0.canBeReadAgain }) {
      throw DataError(.cannotReadAgain, file: source.name)
    }
    return (nil, TextStream(sources, options))
  }

  private func sampledKind(of column: String) throws(DataError) -> ColumnKind {
    let position = try firstLayout.position(of: column)
    if let kinds { return kinds[position] }
    var all = [ColumnKind](repeating: .empty, count: firstLayout.header.count)
    if let first {
      do throws(TextFailure) { all = try columnKinds(first, options) } catch {
        throw error.located(after: first.firstLine ?? 1)
      }
    }
    kinds = all
    return all[position]
  }
}

/// Refuses a file that is named twice, be it through links or as standard input.
private func refuseRepeats(_ sources: [DataSource]) throws(DataError) {
  var seen: [FileStatus.Identity: String] = [:]
  for source in sources {
    guard let status = source.status, !status.isCharacterDevice else { continue }
    if let other = seen.updateValue(source.name, forKey: status.identity) {
      throw DataError(.namedTwice(other), file: source.name)
    }
  }
}

/// How far reading has come.
package struct ReadingProgress: Sendable {
  /// Bytes taken from the sources, before any inflating.
  package var bytes: Int
  /// Size of all sources, nil if one of them is no regular file.
  package var totalBytes: Int?
  package var rows: Int
}

extension TextFailure {
  /// The error with its line in the file, given the line feeds between the first line of the
  /// source's records and the chunk.
  func located(after line: Int) -> DataError {
    var error = error
    if let linesIntoChunk { error.line = (firstLine ?? line) + linesIntoChunk }
    return error
  }
}

/// Letters, digits, quotes, line ends, signs and the point cannot separate fields.
func canSeparate(_ byte: UInt8) -> Bool {
  switch byte {
  case 9, 32...33, 35...42, 44, 47, 58...64, 91...96, 123...126: true
  default: false
  }
}
