// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

/// A table of rows as text, with columns of a model's predictions added; written as the rows are
/// read.
public struct RowTable: Sendable {
  public enum InputColumns: Sendable {
    /// As they stand in the files, with their separator.
    case all
    case none
  }

  private let predictor: LinearPredictor
  private let columns: [RowColumn]
  private let input: InputColumns
  private let options: PredictionOptions
  private let statistics: RowStatistics

  /// `.lower` and `.upper` are the limits of `interval`.
  public init(
    _ predictor: LinearPredictor, _ columns: [RowColumn], input: InputColumns = .all,
    interval: PredictionInterval? = nil, options: PredictionOptions = PredictionOptions()
  ) {
    (self.predictor, self.columns, self.input) = (predictor, columns, input)
    var options = options
    options.wantsStandardErrors = columns.contains { $0.needsStandardErrors }
    options.wantsResiduals = columns.contains { $0.needsResponse }
    options.wantsCorrelations = columns.contains(.normalizedResidual)
    if case .prediction = interval { options.wantsRowVariances = true }
    self.options = options
    statistics = RowStatistics(predictor, interval)
  }

  /// The text of some rows, and how many of them have all that the model uses.
  private struct Part: Sendable {
    var bytes: [UInt8] = []
    var complete = 0
    var count = 0
    var inestimable: [(row: Int, column: String)] = []
  }

  /// Predicts the rows of a table; `write` gets the header and then the rows, a chunk at a time.
  ///
  /// - Returns: notes for the user.
  /// - Throws: what `LinearPredictor.predict` throws; `InferenceError` for a prediction interval with
  ///   degrees of freedom; `DataError` where the table has one of the new
  ///   columns already, or its files have different columns; `InferenceError` if leverages were
  ///   asked for and the rows are not those of the fit; what `write` throws.
  @discardableResult
  public func write(
    _ data: [any TableSource], to write: ([UInt8]) throws -> Void
  ) throws -> [String] {
    try statistics.interval?.check(options.degreesOfFreedom)
    try predictor.requireSupport(of: columns)
    var options = options
    options.reading.wantsRecords = input == .all
    let table = try NewTable(predictor, data, options)
    let reader = table.reader
    let records = RecordText(reader, input == .all, columns.map(\.rawValue))
    try records.checkNames(file: data[0].name)
    try write(records.headerLine)
    var (complete, count) = (0, 0)
    var inestimable = InestimableRows(predictor)
    func add(_ part: Part) throws {
      inestimable.add(part.inestimable, after: count)
      (complete, count) = (complete + part.complete, count + part.count)
      try write(part.bytes)
    }
    let wanted = table.rows.working.design.columns
    var normalization = NormalizedResiduals(predictor.fitted, columns)
    if normalization != nil {
      // Each takes those before it.
      try reader.read(
        wanted, transform: { [predict = table.rows] in ($0, try predict.predicted($0)) },
        consume: { chunk, made in
          var rows = made.predicted
          normalization!.add(to: &rows, made.rows, chunk.rows)
          try add(try part(chunk, rows, records))
        })
    } else {
      try reader.read(
        wanted,
        transform: { [predict = table.rows] in try part($0, try predict($0), records) },
        consume: add)
    }
    try predictor.checkLeverages(columns, complete: complete)
    return table.notes + inestimable.notes + (normalization?.notes ?? [])
  }

  private func part(
    _ chunk: TableChunk, _ rows: PredictedRows, _ records: RecordText
  ) throws -> Part {
    var part = Part()
    part.complete = rows.completeCount
    (part.count, part.inestimable) = (rows.fitted.count, rows.inestimable)
    try records.append(chunk, to: &part.bytes) { row, bytes in
      for (k, column) in columns.enumerated() {
        if k > 0 { bytes.append(records.separator) }
        bytes.append(number: statistics.value(column, rows, row))
      }
    }
    return part
  }
}

extension LinearPredictor {
  /// - Throws: `InferenceError` where residuals are correlated, so that a row alone has no leverage.
  func requireSupport(of columns: [RowColumn]) throws(InferenceError) {
    guard columns.contains(.leverage) || columns.contains(.cooksDistance) else { return }
    try fitted.requireIndependentRows("leverages and Cook's distances are computed")
  }

  /// A row's leverage is that of a row of the fit.
  ///
  /// - Throws: `InferenceError` where columns have leverages and the complete rows are others.
  func checkLeverages(_ columns: [RowColumn], complete: Int) throws {
    let specification = products.specification
    guard columns.contains(.leverage) || columns.contains(.cooksDistance),
      specification.origin.text == specification.formula.text
    else { return }
    let used = products.observations
    guard complete == used else {
      throw InferenceError.refused(
        "leverages are those of the rows that the model was fitted to, \(used) of them, and these are \(complete). Name the data of the fit, or leave the leverages out."
      )
    }
  }
}

extension PredictedRows {
  /// Rows that have all that the model uses.
  var completeCount: Int {
    fitted.indices.count {
      !fitted[$0].isNaN && !(residuals.isEmpty || residuals[$0].isNaN)
    }
  }
}

/// Rows that have no prediction because what was dropped from X counts in them, or since a mean of their
/// group is not known.
struct InestimableRows {
  private struct Tally {
    var count = 0
    var first: (row: Int, column: String)?

    mutating func add(_ rows: [(row: Int, column: String)], after before: Int) {
      if let row = rows.first, first == nil { first = (before + row.row + 1, row.column) }
      count += rows.count
    }

    func note(_ reason: (String) -> String) -> String? {
      first.map {
        "\(count) \(count == 1 ? "row has" : "rows have") no prediction (NA), the first of them row \($0.row): \(reason($0.column))"
      }
    }
  }

  private var (dropped, withoutMeans) = (Tally(), Tally())
  private let means: Set<String>

  init(_ predictor: LinearPredictor) {
    means = Set(predictor.products.basis.usedGroupMeans.map(\.name))
  }

  /// - Parameter before: rows of the table before these.
  mutating func add(_ rows: [(row: Int, column: String)], after before: Int) {
    dropped.add(rows.filter { !means.contains($0.column) }, after: before)
    withoutMeans.add(rows.filter { means.contains($0.column) }, after: before)
  }

  var notes: [String] {
    [
      dropped.note {
        "the column \($0) was dropped from the fit, as it depends on others or its cell has no rows, and depends on them in another way there."
      },
      withoutMeans.note {
        "the rows of the fit do not have its level, so that \($0) is not known there."
      },
    ].compactMap(\.self)
  }
}

/// How the text of records is taken over from a table.
struct RecordText: Sendable {
  let separator: UInt8
  private let header: [String]
  private let added: [String]
  private let copies: Bool

  init(_ reader: TableReader, _ copies: Bool, _ added: [String]) {
    (self.copies, self.added) = (copies, added)
    header = copies ? reader.header : []
    separator = copies ? reader.layout.separator : UInt8(ascii: ",")
  }

  /// - Throws: `DataError`.
  func checkNames(file: String) throws {
    guard let name = added.first(where: header.contains) else { return }
    throw DataError(
      .unsuitable(
        "there is such a column already.",
        remedy: "Rename it, or leave the columns of the table out with \(Setting.inputColumns("none"))."),
      file: file, column: name)
  }

  var headerLine: [UInt8] {
    let names = (header + added).map { Array(FieldQuoting.encoded($0, separator: separator).utf8) }
    return Array(names.joined(separator: [separator])) + [UInt8(ascii: "\n")]
  }

  /// Appends every row of a chunk: its record, if it is wanted, and what `body` adds.
  ///
  /// - Throws: `DataError` if the chunk's file has other columns than the first.
  func append(
    _ chunk: TableChunk, to bytes: inout [UInt8], _ body: (Int, inout [UInt8]) -> Void
  ) throws {
    guard copies else {
      for row in 0..<chunk.rowCount {
        body(row, &bytes)
        bytes.append(UInt8(ascii: "\n"))
      }
      return
    }
    let layout = chunk.rows.layout
    guard layout.columnNames == header, layout.separator == separator else {
      throw DataError(
        .unsuitable(
          "its columns or its separator are not those of the first file.",
          remedy: "Predict the files one by one, or leave their columns out with \(Setting.inputColumns("none"))."),
        file: layout.name)
    }
    var row = 0
    chunk.rows.forEachRecord(chunk.rowCount) { record in
      bytes.append(contentsOf: record)
      bytes.append(separator)
      body(row, &bytes)
      bytes.append(UInt8(ascii: "\n"))
      row += 1
    }
  }
}

extension [UInt8] {
  /// With full precision; NA where there is no finite value.
  mutating func append(number: Double) {
    append(contentsOf: number.isFinite ? number.description.utf8 : "NA".utf8)
  }
}
