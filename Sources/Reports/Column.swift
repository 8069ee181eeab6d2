// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// One column of a table of results by all its names; a name that is nil keeps it out of that form.
package struct Column<Row>: Sendable {
  /// Name in JSON.
  var json: String?
  /// What `json` consists of, if it is an object or an array of them.
  var members: [String] = []
  /// Name in CSV.
  var tidy: String?
  /// What people see above it.
  var header: String?
  /// Whether its cells are words.
  var isText = false
  var value: @Sendable (Row) -> JSONValue
  /// Cells for people, which are formatted together.
  var cells: @Sendable ([Row]) -> [String] = { $0.map { _ in "" } }

  /// The name in JSON with the names in it, as help texts list them.
  var words: String? { json.map { members.isEmpty ? $0 : "\($0) (\(members.listed))" } }
}

extension Column {
  /// Blank where there is none.
  static func number(
    json: String? = nil, tidy: String? = nil, header: String? = nil, digits: Int = 5,
    minimumDecimals: Int = 0, _ value: @escaping @Sendable (Row) -> Double?
  ) -> Column {
    Column(
      json: json, tidy: tidy, header: header, value: { .optional(value($0)) },
      cells: {
        tableCells(
          $0.map(value), digits: TableDigits.of(digits), minimumDecimals: minimumDecimals)
      })
  }

  /// As R's `format.pval` writes it.
  static func pValue(
    json: String? = "p_value", tidy: String? = "p.value", header: String? = "Pr(>|t|)",
    _ value: @escaping @Sendable (Row) -> Double?
  ) -> Column {
    Column(
      json: json, tidy: tidy, header: header, value: { .optional(value($0)) },
      cells: { PValueColumn($0.map(value), digits: TableDigits.of(4)).cells })
  }

  static func count(
    json: String? = nil, tidy: String? = nil, header: String? = nil,
    _ value: @escaping @Sendable (Row) -> Int?
  ) -> Column {
    Column(
      json: json, tidy: tidy, header: header, value: { .optional(value($0)) },
      cells: { $0.map { value($0).map(String.init) ?? "" } })
  }

  static func text(
    json: String? = nil, tidy: String? = nil, header: String? = nil,
    _ value: @escaping @Sendable (Row) -> String?
  ) -> Column {
    Column(
      json: json, tidy: tidy, header: header, isText: true, value: { .optional(value($0)) },
      cells: { $0.map { value($0) ?? "" } })
  }

  /// `TRUE` and `FALSE` in CSV, as R writes them.
  static func flag(
    json: String? = nil, tidy: String? = nil, _ value: @escaping @Sendable (Row) -> Bool?
  ) -> Column {
    Column(json: json, tidy: tidy, value: { value($0).map(JSONValue.bool) ?? .null })
  }

  /// For programs that read JSON.
  static func json(_ name: String, _ value: @escaping @Sendable (Row) -> JSONValue) -> Column {
    Column(json: name, value: value)
  }

  /// An object.
  static func record(_ name: String, _ columns: [Column]) -> Column {
    record(name, columns) { $0 }
  }

  /// An object with the columns of a part of the row.
  static func record<Part>(
    _ name: String, _ columns: [Column<Part>], _ part: @escaping @Sendable (Row) -> Part
  ) -> Column {
    Column(
      json: name, members: columns.compactMap(\.words), value: { columns.object(part($0)) })
  }

  /// An array of objects; null where there is none.
  static func records<Part>(
    _ name: String, _ columns: [Column<Part>], _ parts: @escaping @Sendable (Row) -> [Part]?
  ) -> Column {
    Column(
      json: name, members: columns.compactMap(\.words),
      value: { row in parts(row).map { .array($0.map(columns.object)) } ?? .null })
  }

  /// For people only.
  static func shown(
    _ header: String?, isText: Bool = false, _ cells: @escaping @Sendable ([Row]) -> [String]
  ) -> Column {
    Column(header: header, isText: isText, value: { _ in .null }, cells: cells)
  }

  /// A column of CSV that this table has no values for.
  static func missing(_ tidy: String) -> Column { Column(tidy: tidy, value: { _ in .null }) }
}

extension Array {
  /// A row as an object of JSON.
  func object<Row>(_ row: Row) -> JSONValue where Element == Column<Row> {
    .object(compactMap { column in column.json.map { ($0, column.value(row)) } })
  }
}

extension [String] {
  var listed: String { joined(separator: ", ") }
}

extension String {
  /// Without the blanks that align it.
  var trimmed: Substring {
    let rest = drop { $0 == " " }
    return rest[..<(rest.lastIndex { $0 != " " }.map(rest.index(after:)) ?? rest.startIndex)]
  }
}
