// SPDX-License-Identifier: GPL-2.0-or-later

/// A table in memory: named columns of equal lengths.
///
///     let table = try ColumnTable([
///       "y": .numbers([1.3, 2.9, .nan]), "g": .labels(["a", nil, "b"]),
///     ])
///
/// Labels make a factor whatever they look like, `"308"`, `"TRUE"` or `"2024-01-31"`, and what is missing are nil,
/// NaN and what `ReadingOptions` call missing.
public struct ColumnTable: TableSource {
  public let name: String
  let columns: [(name: String, column: Column)]
  let rowCount: Int

  /// - Parameter name: what errors and reports call the table.
  /// - Throws: `DataError` without columns, for two of one name, or for columns of unequal lengths.
  public init(
    _ columns: KeyValuePairs<String, Column>, name: String = "table"
  ) throws(DataError) {
    try self.init(columns.map { ($0.key, $0.value) }, name: name)
  }

  public init(
    _ columns: [(name: String, column: Column)], name: String = "table"
  ) throws(DataError) {
    guard let first = columns.first else { throw DataError(.noColumns, file: name) }
    (self.name, self.columns, rowCount) = (name, columns, first.column.count)
    var names: Set<String> = []
    for (column, values) in columns {
      guard names.insert(column).inserted else {
        throw DataError(.duplicateColumn, file: name, column: column)
      }
      guard values.count == rowCount else {
        throw DataError(
          .unequalLength(values.count, first: rowCount), file: name, column: column)
      }
    }
  }

  /// Columns that are known to be as long as each other.
  package init(ofEqualLengths columns: [(name: String, column: Column)], _ name: String) {
    (self.name, self.columns, rowCount) = (name, columns, columns[0].column.count)
  }

  public func open(_ options: ReadingOptions) -> any TableReading {
    ColumnReading(self, options)
  }
}

extension ColumnTable {
  /// The values of one column.
  public struct Column: Sendable {
    enum Values {
      case numbers([Double])
      /// −1 is missing.
      case labels(codes: [Int32], LevelDictionary)
    }

    let values: Values
    /// Of labels that are `TRUE` and `FALSE`, whether they are numbers, too.
    var isLogical = false

    var count: Int {
      switch values {
      case .numbers(let numbers): numbers.count
      case .labels(let codes, _): codes.count
      }
    }

    /// NaN is missing.
    public static func numbers(_ values: [Double]) -> Column { Column(values: .numbers(values)) }

    /// nil is missing.
    public static func labels(_ values: [String?]) -> Column {
      var labels = LevelDictionary()
      let codes = values.map { value in value.map { labels.code(for: $0) } ?? -1 }
      return Column(values: .labels(codes: codes, labels))
    }

    /// nil is missing.
    public static func logicals(_ values: [Bool?]) -> Column {
      var column = labels(values.map { value in value.map { $0 ? "TRUE" : "FALSE" } })
      column.isLogical = true
      return column
    }

    /// - Parameter codes: −1 is missing; others are codes of `labels`.
    package static func labels(codes: [Int32], of labels: LevelDictionary) -> Column {
      Column(values: .labels(codes: codes, labels))
    }

    /// Labels by their indices in a list.
    ///
    /// - Parameter codes: −1 is missing; others are indices of `labels`.
    public static func labels(codes: [Int32], of labels: [String]) -> Column {
      precondition(
        codes.allSatisfy { $0 >= -1 && $0 < labels.count }, "a code is no index of the labels")
      var dictionary = LevelDictionary()
      let own = labels.map { dictionary.code(for: $0) }
      let isSame = dictionary.count == labels.count
      return Column(
        values: .labels(
          codes: isSame ? codes : codes.map { $0 < 0 ? -1 : own[Int($0)] }, dictionary))
    }
  }
}
