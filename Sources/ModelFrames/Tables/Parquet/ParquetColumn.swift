// SPDX-License-Identifier: GPL-2.0-or-later

/// A column as DuckDB describes it, and how its values are had as numbers and as labels.
struct ParquetColumn {
  let name: String
  /// DuckDB's.
  let type: String

  enum Kind {
    case number, real, logical, text, bytes, date
    case timestamp(isNanoseconds: Bool)
    case unreadable
  }

  var kind: Kind {
    if type.hasPrefix("DECIMAL") { return .number }
    if type.hasPrefix("ENUM") { return .text }
    switch type {
    case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
      "UHUGEINT", "DOUBLE":
      return .number
    case "FLOAT": return .real
    case "BOOLEAN": return .logical
    case "VARCHAR", "UUID": return .text
    case "BLOB": return .bytes
    case "DATE": return .date
    case "TIMESTAMP_NS": return .timestamp(isNanoseconds: true)
    case "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE":
      return .timestamp(isNanoseconds: false)
    default: return .unreadable
    }
  }

  private var identifier: String { ParquetTable.identifier(name) }

  /// What is selected for numbers; nil where these are read from the labels.
  var numberExpression: String? {
    switch kind {
    case .number, .logical: identifier
    // As the double that it is, not as the shortest decimal that means the same float.
    case .real: "CAST(\(identifier) AS DOUBLE)"
    case .date: "date_diff('day', DATE '1970-01-01', \(identifier))"
    case .timestamp(true): "CAST(epoch_ns(\(identifier)) AS DOUBLE) / 1000000000"
    case .timestamp(false): "CAST(epoch_us(\(identifier)) AS DOUBLE) / 1000000"
    case .text, .bytes, .unreadable: nil
    }
  }

  var labelExpression: String {
    switch kind {
    case .number, .real, .logical, .text, .unreadable: identifier
    case .bytes: "decode(\(identifier))"
    case .date: "CAST(\(identifier) AS VARCHAR)"
    case .timestamp(true): "CAST(\(identifier) AS VARCHAR)"
    // In UTC, whatever the time zone of the session.
    case .timestamp(false): "CAST(make_timestamp(epoch_us(\(identifier))) AS VARCHAR)"
    }
  }

  /// What the values are to the formula.
  var columnKind: ColumnKind {
    switch kind {
    case .number, .real, .date, .timestamp, .unreadable: .numeric
    case .logical: .logical
    case .text, .bytes: .categorical
    }
  }

  var isLabel: Bool {
    switch kind {
    case .text, .bytes: true
    default: false
    }
  }
}
