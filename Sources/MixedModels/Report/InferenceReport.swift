// SPDX-License-Identifier: GPL-2.0-or-later

/// A table of tests in the three forms that commands write.
public protocol InferenceReport: Sendable {
  /// As R prints such a table, for people.
  var summary: String { get }
  /// One JSON object with full precision.
  var json: String { get }
  /// CSV with the column names of the R package broom.
  var tidy: String { get }
  /// What else is to be known, such as that the fit is singular: in `summary` and `json`, not in
  /// `tidy`.
  var notes: [String] { get }
}

extension JSONValue {
  /// As a document.
  var document: String {
    var text = ""
    write(to: &text, breakingLines: 2)
    return text + "\n"
  }
}

/// Notes below a table.
func noteLines(_ notes: [String]) -> [String] {
  notes.isEmpty ? [] : [""] + notes.map { "Note: " + $0.printable + ($0.hasSuffix(".") ? "" : ".") }
}
