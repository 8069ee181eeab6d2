// SPDX-License-Identifier: GPL-2.0-or-later
package import MixedModels

/// All that is said of a result, once; a `ReportFormat` writes it down.
public struct Report: Sendable {
  package var parts: [ReportPart]
  /// What else is to be known, such as that the fit is singular: for formats that have no place for
  /// it, to be told elsewhere.
  public package(set) var notes: [String] = []
  package var jsonStyle = JSONStyle.levels(2)
  /// The whole text for people, where it is not laid out part by part.
  package var page: (@Sendable () -> String)?

  package enum JSONStyle: Sendable {
    /// So many levels of the object begin new lines.
    case levels(Int)
    /// Every member, and every element of its arrays, is a line.
    case recordPerLine
  }

  package init(_ parts: [ReportPart]) { self.parts = parts }

  /// The whole report, ending with a line feed.
  public func text(as format: some ReportFormat = .summary) -> String {
    var text = ""
    format.write(self, to: &text)
    return text
  }

  package var tables: [any ReportTable] {
    parts.compactMap { part in
      if case .table(let table)? = part.shown { table } else { nil }
    }
  }
}

/// A way to write reports down.
///
/// A format is a value: its options are its properties.
public protocol ReportFormat: Sendable {
  /// Whether the format has a place for a report's notes.
  var showsNotes: Bool { get }
  /// Writes the whole report, ending with a line feed.
  func write(_ report: Report, to output: inout some TextOutputStream)
}

extension ReportFormat {
  public var showsNotes: Bool { true }
}

/// One thing that a report says: to people, to programs, or to both.
package struct ReportPart: Sendable {
  package enum Shown: Sendable {
    case title(String)
    /// A line that belongs to those beside it.
    case line(String)
    /// Lines that are set off.
    case paragraph([String])
    case table(any ReportTable)
    case notes([String])
  }
  package typealias Members = [(name: String, value: JSONValue)]

  var shown: Shown?
  /// Members of the report's JSON object.
  var members: @Sendable () -> Members = { [] }
}

/// A table of a report, whatever its rows are.
package protocol ReportTable: Sendable {
  /// A line above it.
  var heading: String? { get }
  /// Lines directly below it.
  var footnotes: [String] { get }
  /// Whether it stands directly below the table before it.
  var isContinuation: Bool { get }
  /// Characters of a line of text.
  var width: Int { get }
  /// Of the columns that people see; none: people see no table.
  var headers: [(text: String, isText: Bool)] { get }
  /// Calls `body` with labels of rows and columns of cells, for all rows that are formatted together.
  func forEachBlock(_ body: (_ labels: [String], _ columns: [[String]]) -> Void)
  /// CSV names; none: programs see no table.
  var fields: [String] { get }
  func forEachRecord(_ body: ([DelimitedField]) -> Void)
}
