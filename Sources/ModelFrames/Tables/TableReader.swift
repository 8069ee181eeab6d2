// SPDX-License-Identifier: GPL-2.0-or-later

/// Reads one table from one or several sources.
///
/// Used from one thread; `read` starts its own workers. Sources that cannot be read again allow
/// one `read`.
package final class TableReader {
  package let sources: [any TableSource]
  let options: ReadingOptions
  /// The sources up to the first that has rows, from which the kinds of columns are taken.
  let opened: [any TableReading]
  /// Files that may hold the same rows.
  package let possibleRepeats: [PossibleRepeat]
  private var isTaken = false  // what was opened, by a pass

  /// The user's texts for missing values that `read` met in no column that it was asked for, once
  /// it is done.
  package internal(set) var unmatchedMissingTexts: [String] = []

  /// Called on the thread that called `read`, after each chunk; what it throws ends the reading.
  package var progress: ((ReadingProgress) throws -> Void)?

  /// Opens the first source and takes its first rows.
  ///
  /// - Throws: whatever is wrong so far; that the other sources are there is looked up too.
  package init(_ sources: [any TableSource], options: ReadingOptions = ReadingOptions())
    throws(DataError)
  {
    precondition(!sources.isEmpty, "a table needs a source")
    try DataSource.check(sources.compactMap { $0 as? DataSource }, options)
    possibleRepeats = try RepeatedFiles(sources).possible
    (self.sources, self.options) = (sources, options)
    var opened = [try sources[0].open(options)]
    while !opened.last!.hasRows, opened.count < sources.count {
      opened.append(try sources[opened.count].open(options))
    }
    self.opened = opened
  }

  /// How the first source calls its columns, without blanks around them.
  package var layout: TableLayout { opened[0].layout }

  /// The names of the first source's columns; unnamed ones are empty.
  package var header: [String] { layout.columnNames }

  /// What the values in the first rows look like; texts of a type are labels, whatever they look like.
  /// - Throws: `DataError.Problem.unknownColumn`
  package func kind(of column: String) throws(DataError) -> ColumnKind {
    let kind = try sampledKind(of: column)
    return declaredLabels.contains(column) ? .categorical : kind
  }

  /// Columns that are labels by what the user says or by their type.
  package var declaredLabels: Set<String> {
    options.categoricalColumns.union(opened.last!.labelColumns)
  }

  /// The requests with what the values look like, whatever the user says they are.
  func withKinds(_ requests: [ColumnRequest]) throws(DataError) -> [ColumnRequest] {
    var requests = requests
    for k in requests.indices { requests[k].kind = try sampledKind(of: requests[k].name) }
    return requests
  }

  private func sampledKind(of column: String) throws(DataError) -> ColumnKind {
    let kind = try opened[0].kind(of: column)
    return opened.count == 1 ? kind : try opened.last!.kind(of: column)
  }

  /// - Parameter kinds: What columns of these names were in another table.
  /// - Throws: `DataError` where a column's numbers would count something else than there: dates are days,
  ///   times are seconds.
  package func requireUnits(of requests: [ColumnRequest], as kinds: [String: ColumnKind]) throws(DataError) {
    for request in requests where request.wantsNumbers {
      guard let known = kinds[request.name], known != .empty else { continue }
      let found = try sampledKind(of: request.name)
      guard found.isInstant, found != known, let unit = found.unit else { continue }
      throw DataError(
        .unsuitable(
          "the numbers of column \(inDoubleQuotes(request.name)) are \(unit) here, and \(known.unit ?? "plain numbers") in the fit.",
          remedy: "Write its values as they were in the fit."),
        file: layout.name, column: request.name)
    }
  }

  /// A source that cannot be read again; nil where all can.
  package var onlyOnce: String? { sources.first { !$0.canBeReadAgain }?.name }

  /// Readings that stand before the first row: of the sources that a pass begins with.
  ///
  /// - Throws: `DataError.Problem.cannotReadAgain`
  func takeReadings() throws(DataError) -> [any TableReading] {
    guard isTaken else {
      isTaken = true
      return opened
    }
    if let source = sources.first(where: { !$0.canBeReadAgain }) {
      throw DataError(.cannotReadAgain, file: source.name)
    }
    return []
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
