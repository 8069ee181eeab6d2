// SPDX-License-Identifier: GPL-2.0-or-later

/// Commands and data for gnuplot.
///
/// Nothing of the user's is ever a command: data blocks hold numbers only, and text goes through
/// `quoted`, where gnuplot expands nothing.
package struct GnuplotScript: Sendable {
  package let terminal: FigureTerminal
  package private(set) var text = ""
  private var blocks = 0

  package init(_ terminal: FigureTerminal) { self.terminal = terminal }

  /// Adds a command.
  package mutating func command(_ line: String) { text += line + "\n" }

  /// Adds several plots into one coordinate system.
  package mutating func plot(_ elements: [String]) {
    command("plot " + elements.joined(separator: ", \\\n  "))
  }

  /// Adds a data block; an empty row separates curves, NaN leaves a gap.
  ///
  /// - Returns: its name, for `plot`.
  package mutating func data(_ rows: some Sequence<[Double]>) -> String {
    blocks += 1
    let name = "$data\(blocks)"
    text += name + " << EOD\n"
    var isEmpty = true
    for row in rows {
      text += row.map { $0.isNaN ? "NaN" : "\($0)" }.joined(separator: " ") + "\n"
      if !row.isEmpty { isEmpty = false }
    }
    // gnuplot takes a block without points for an error.
    if isEmpty { text += "NaN NaN NaN NaN NaN\n" }
    text += "EOD\n"
    return name
  }

  /// `text` as a constant, in which gnuplot neither expands nor executes anything.
  ///
  /// Control characters become escapes for the eye; long text is cut. Apostrophes become
  /// typographic ones, since gnuplot does not understand every row of doubled ones, and `]]>`, which
  /// it passes on to SVG as it is, is parted.
  package static func quoted(_ text: String, limit: Int = 160) -> String {
    let shown = text.printable.replacing("'", with: "’").replacing("]]>", with: "]] >")
    let cut = shown.count > limit ? shown.prefix(max(limit - 1, 1)) + "…" : Substring(shown)
    return "'" + cut + "'"
  }
}
