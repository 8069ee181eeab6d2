// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Commands and data for gnuplot.
///
/// Nothing of the user's is ever a command: data blocks hold numbers only, and `GnuplotCommand`
/// quotes text.
package struct GnuplotScript: Sendable {
  package let terminal: FigureTerminal
  package private(set) var commands: GnuplotCommand = ""
  private var blocks = 0
  let labels: FigureLabels
  /// Whether panels follow, whose titles are not the figure's.
  private var hasPanels = false

  package init(_ terminal: FigureTerminal, _ labels: FigureLabels = FigureLabels()) {
    (self.terminal, self.labels) = (terminal, labels)
  }

  /// Adds a command; titles and names of axes give way to those that were asked for.
  package mutating func command(_ line: GnuplotCommand) {
    if line.text.hasPrefix("set multiplot") { hasPanels = true }
    commands.append(replacement(of: line) ?? line)
    commands.append("\n")
  }

  private func replacement(of line: GnuplotCommand) -> GnuplotCommand? {
    if let text = labels.horizontal, line.text.hasPrefix("set xlabel '") {
      return "set xlabel \(text)"
    }
    if let text = labels.vertical, line.text.hasPrefix("set ylabel '") {
      return "set ylabel \(text)"
    }
    if let text = labels.title, !hasPanels, line.text.hasPrefix("set title '") {
      return "set title \(text)"
    }
    return nil
  }

  /// The title of a figure with panels.
  func title(_ own: String) -> String { labels.title ?? own }

  /// Adds several plots into one coordinate system.
  package mutating func plot(_ elements: [GnuplotCommand]) {
    command("plot \(elements.joined(separator: ", \\\n  "))")
  }

  /// Adds a data block; an empty row separates curves, NaN leaves a gap.
  ///
  /// - Returns: its name, for `plot`.
  package mutating func data(_ rows: some Sequence<[Double]>) -> GnuplotCommand {
    blocks += 1
    let name: GnuplotCommand = "$data\(blocks)"
    command("\(name) << EOD")
    var isEmpty = true
    for row in rows {
      command(row.map { "\($0)" }.joined(separator: " "))
      if !row.isEmpty { isEmpty = false }
    }
    // gnuplot takes a block without points for an error.
    if isEmpty { command("NaN NaN NaN NaN NaN") }
    command("EOD")
    return name
  }
}
