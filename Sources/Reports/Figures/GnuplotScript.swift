// SPDX-License-Identifier: GPL-2.0-or-later
package import MixedModels

/// Commands and data for gnuplot.
///
/// Nothing of the user's is ever a command: data blocks hold numbers only, and `GnuplotCommand`
/// quotes text.
package struct GnuplotScript: Sendable {
  package let terminal: FigureTerminal
  package private(set) var commands: GnuplotCommand = ""
  private var blocks = 0

  package init(_ terminal: FigureTerminal) { self.terminal = terminal }

  /// Adds a command.
  package mutating func command(_ line: GnuplotCommand) {
    commands.append(line)
    commands.append("\n")
  }

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
