// SPDX-License-Identifier: GPL-2.0-or-later

/// One pass over the rows of a table in memory, cut by their position.
final class ColumnReading: TableReading {
  let layout: TableLayout
  private let table: ColumnTable
  private let missing: MissingTexts
  private let chunkRows: Int
  private var wanted: [WantedColumn]?  // of the pass
  private var next = 0  // row

  init(_ table: ColumnTable, _ options: ReadingOptions) {
    self.table = table
    layout = TableLayout(name: table.name, columnNames: table.columns.map(\.name))
    missing = MissingTexts(options)
    chunkRows = min(max(1, options.chunkBytes / 32), 1 << 24)
  }

  var hasRows: Bool { table.rowCount > 0 }
  var labelColumns: Set<String> {
    Set(
      table.columns.filter { if case .labels = $0.column.values { true } else { false } }.map(
        \.name))
  }
  var isShort: Bool { table.rowCount <= chunkRows }

  func kind(of column: String) throws(DataError) -> ColumnKind {
    try self.column(column).kind(missing)
  }

  func first(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    hasRows ? rows(from: 0, try wanted(columns)) : nil
  }

  func next(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    let wanted = if let wanted { wanted } else { try self.wanted(columns) }
    self.wanted = wanted
    guard next < table.rowCount else { return nil }
    defer { next += chunkRows }
    return rows(from: next, wanted)
  }

  private func rows(from first: Int, _ columns: [WantedColumn]) -> ColumnRows {
    ColumnRows(
      layout: layout, table: table, range: first..<min(first + chunkRows, table.rowCount),
      wanted: columns, missing: missing)
  }

  private func wanted(_ requests: [ColumnRequest]) throws(DataError) -> [WantedColumn] {
    try requests.map { (request) throws(DataError) in
      WantedColumn(request, try column(request.name), missing)
    }
  }

  private func column(_ name: String) throws(DataError) -> ColumnTable.Column {
    if let found = table.columns.first(where: { $0.name == name }) { return found.column }
    throw DataError(.unknownColumn(available: layout.columnNames), file: layout.name, column: name)
  }
}

/// Consecutive rows of a table in memory.
private struct ColumnRows: TableRows {
  let layout: TableLayout
  let table: ColumnTable
  let range: Range<Int>
  let wanted: [WantedColumn]
  let missing: MissingTexts

  var bytesRead: Int { 0 }

  func chunk() -> TableChunk {
    var met: Set<Int> = []
    var columns = wanted.map { $0.values(range, missing, &met) }
    let ends = wanted.map { $0.firstUnreadable(range) ?? range.upperBound }
    let end = ends.min() ?? range.upperBound
    let count = end - range.lowerBound
    var failure: (@Sendable () -> any Error)?
    if count < range.count, let k = ends.firstIndex(of: end) {
      for column in columns.indices { columns[column].cut(count) }
      let error = wanted[k].error(inRow: end, at: place(ofRow: count))
      failure = { error }
    }
    let texts = met.isEmpty ? [] : missing.texts
    return TableChunk(
      rowCount: count, columns: columns, rows: self, missingTexts: Set(met.map { texts[$0] }),
      failure: failure)
  }

  func place(ofRow row: Int) -> RowPlace {
    RowPlace(file: layout.name, row: range.lowerBound + row + 1)
  }

  func forEachRecord(
    _ count: Int, _ body: (_ record: UnsafeBufferPointer<UInt8>) throws -> Void
  ) rethrows {
    for row in range.prefix(count) {
      let fields = table.columns.map { FieldQuoting.encoded($0.column.text(ofRow: row)) }
      try Array(fields.joined(separator: ",").utf8).withUnsafeBufferPointer(body)
    }
  }
}

/// A column in memory as it is wanted, with what its labels mean.
private struct WantedColumn: Sendable {
  private let request: ColumnRequest
  private let values: ColumnTable.Column.Values
  /// By label: whether it means missing, and by which of the user's texts.
  private let matches: [Int]
  /// By label, NaN for missing ones; empty unless numbers are wanted of labels.
  private let numbers: [NumberText]

  init(_ request: ColumnRequest, _ column: ColumnTable.Column, _ missing: MissingTexts) {
    (self.request, values) = (request, column.values)
    guard case .labels(_, let labels) = column.values else {
      (matches, numbers) = ([], [])
      return
    }
    matches = labels.matches(missing)
    let isLogical = request.kind == .logical
    numbers =
      !request.wantsNumbers
      ? []
      : zip(0..<Int32(labels.count), matches).map { code, match in
        if match != MissingTexts.present { return .notANumber }
        return labels.withBytes(of: code) { bytes in
          let text = bytes.bindMemory(to: UInt8.self)
          guard isLogical else { return readNumber(text) }
          return readLogical(text).map { .number($0 ? 1 : 0) } ?? .text
        }
      }
  }

  /// What stands in some rows; `met` gets the user's missing texts among it.
  func values(_ range: Range<Int>, _ missing: MissingTexts, _ met: inout Set<Int>) -> ColumnChunk {
    switch values {
    case .numbers(let all):
      var numbers = range.count == all.count ? all : Array(all[range])
      if missing.holdsNumbers {
        for row in numbers.indices {
          let match = missing.match(numbers[row])
          guard match >= 0 else { continue }
          met.insert(match)
          numbers[row] = .nan
        }
      }
      let (labels, codes) = request.wantsLabels ? numberLabels(numbers) : (LevelDictionary(), [])
      return ColumnChunk(
        numbers: request.wantsNumbers ? numbers : [], codes: codes, labels: labels)
    case .labels(let all, let dictionary):
      var codes = all[range]
      if matches.contains(where: { $0 != MissingTexts.present }) {
        for row in range where codes[row] >= 0 {
          let match = matches[Int(codes[row])]
          if match >= 0 { met.insert(match) }
          if match != MissingTexts.present { codes[row] = -1 }
        }
      }
      var chunk = ColumnChunk()
      if request.wantsLabels { (chunk.labels, chunk.codes) = dictionary.ofRows(codes) }
      if request.wantsNumbers { chunk.numbers = codes.map { number($0) } }
      return chunk
    }
  }

  private func number(_ code: Int32) -> Double {
    if code >= 0, case .number(let value) = numbers[Int(code)] { value } else { .nan }
  }

  /// The first row whose number cannot be used.
  func firstUnreadable(_ range: Range<Int>) -> Int? {
    guard request.wantsNumbers else { return nil }
    switch values {
    case .numbers(let all): return range.first { all[$0].isInfinite }
    case .labels(let codes, _):
      guard numbers.contains(where: { $0 == .text || $0 == .infinite }) else { return nil }
      return range.first {
        codes[$0] >= 0 && [.text, .infinite].contains(numbers[Int(codes[$0])])
      }
    }
  }

  func error(inRow row: Int, at place: RowPlace) -> DataError {
    switch values {
    case .numbers(let all):
      return DataError(
        .notFinite, at: place, column: request.name, value: all[row] > 0 ? "Inf" : "-Inf")
    case .labels(let codes, let labels):
      let problem: DataError.Problem =
        numbers[Int(codes[row])] == .infinite
        ? .notFinite : request.kind == .logical ? .notALogical : .notANumber
      return DataError(problem, at: place, column: request.name, value: labels.label(codes[row]))
    }
  }
}

extension ColumnTable.Column {
  fileprivate func kind(_ missing: MissingTexts) -> ColumnKind {
    switch values {
    case .numbers(let numbers): return numbers.contains { !$0.isNaN } ? .numeric : .empty
    case .labels(_, let labels):
      var words = LogicalWords()
      let matches = labels.matches(missing)
      for code in 0..<Int32(labels.count) where matches[Int(code)] == MissingTexts.present {
        labels.withBytes(of: code) { words.add($0.bindMemory(to: UInt8.self)) }
      }
      guard matches.contains(MissingTexts.present) else { return .empty }
      return words.areAllLogical ? .logical : .categorical
    }
  }

  fileprivate func text(ofRow row: Int) -> String {
    switch values {
    case .numbers(let numbers): numbers[row].isNaN ? "NA" : numberText(numbers[row])
    case .labels(let codes, let labels): codes[row] < 0 ? "NA" : labels.label(codes[row])
    }
  }
}

extension LevelDictionary {
  /// Which labels mean missing, see `MissingTexts.match`.
  fileprivate func matches(_ missing: MissingTexts) -> [Int] {
    (0..<Int32(count)).map { code in
      withBytes(of: code) { missing.match($0.bindMemory(to: UInt8.self)) }
    }
  }
}

extension ColumnChunk {
  /// Keeps the first rows.
  fileprivate mutating func cut(_ count: Int) {
    numbers = Array(numbers.prefix(count))
    (labels, codes) = labels.ofRows(codes.prefix(count))
  }
}

/// Numbers as the levels of a factor.
private func numberLabels(_ numbers: [Double]) -> (LevelDictionary, [Int32]) {
  var labels = LevelDictionary()
  var known: [Double: Int32] = [:]
  let codes = numbers.map { number -> Int32 in
    if number.isNaN { return -1 }
    if let code = known[number] { return code }
    let code = labels.code(for: numberText(number))
    known[number] = code
    return code
  }
  return (labels, codes)
}

/// The shortest text that means the number; integers as digits.
private func numberText(_ number: Double) -> String {
  guard number.magnitude < 0x1p53, number == number.rounded() else { return number.description }
  return String(Int(number))
}
