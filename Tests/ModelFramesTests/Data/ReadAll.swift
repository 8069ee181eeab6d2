// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A whole table of labels: nil is a missing value.
struct WholeTable: Equatable {
  var header: [String]
  var rows: [[String?]]
}

/// All columns as labels, and as what `numeric` names.
func readTable(
  _ sources: [DataSource], _ options: ReadingOptions = ReadingOptions()
) throws -> WholeTable {
  let reader = try TableReader(sources, options: options)
  let names = reader.header.filter { !$0.isEmpty }
  let requests = names.map { ColumnRequest(name: $0, wantsNumbers: false, wantsLabels: true) }
  var rows: [[String?]] = []
  try reader.read(requests, transform: labelRows) { rows += $0 }
  return WholeTable(header: names, rows: rows)
}

func readTable(
  _ text: String, name: String = "t.csv", _ change: (inout ReadingOptions) -> Void = { _ in }
) throws -> WholeTable {
  var options = ReadingOptions()
  change(&options)
  return try readTable([.bytes(Array(text.utf8), name: name)], options)
}

/// The numbers of one column.
func readNumbers(
  _ column: String, _ text: String, _ change: (inout ReadingOptions) -> Void = { _ in }
) throws -> [Double] {
  var options = ReadingOptions()
  change(&options)
  let reader = try TableReader([.bytes(Array(text.utf8), name: "t.csv")], options: options)
  var numbers: [Double] = []
  let request = ColumnRequest(name: column, wantsNumbers: true, wantsLabels: false)
  try reader.read([request], transform: { $0.columns[0].numbers }) { numbers += $0 }
  return numbers
}

@Sendable func labelRows(_ chunk: TableChunk) -> [[String?]] {
  (0..<chunk.rowCount).map { row in
    chunk.columns.map { $0.codes[row] < 0 ? nil : $0.labels.label($0.codes[row]) }
  }
}

/// The message of the error that `body` throws, or a text that no message equals.
func message(_ body: () throws -> some Any) -> String {
  do {
    return "no error: \(try body())"
  } catch let error as DataError {
    return error.description
  } catch {
    return "not a DataError: \(error)"
  }
}
