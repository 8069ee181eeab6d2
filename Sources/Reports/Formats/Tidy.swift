// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// CSV with the column names of the R packages broom and broom.mixed; missing values are `NA`.
public struct TidyFormat: ReportFormat {
  public init() {}

  public var showsNotes: Bool { false }

  /// Tables that follow each other have the same columns.
  public func write(_ report: Report, to output: inout some TextOutputStream) {
    let tables = report.tables.filter { !$0.fields.isEmpty }
    guard let fields = tables.first?.fields else { return }
    output.writeRecord(fields.map(DelimitedField.text))
    for table in tables {
      precondition(table.fields == fields, "one report's CSV has one header")
      table.forEachRecord { output.writeRecord($0) }
    }
  }
}

extension ReportFormat where Self == TidyFormat {
  public static var tidy: TidyFormat { TidyFormat() }
}
