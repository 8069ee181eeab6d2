// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// A figure that is ready to be drawn: everything in it was computed, and is bounded however large
/// the data were.
package protocol Figure: Sendable {
  var size: FigureSize { get }
  /// What is shown, and what was left out, in a sentence or two.
  var caption: String { get }
  /// Adds the commands that draw it.
  func draw(_ script: inout GnuplotScript)
}

extension Figure {
  /// All of gnuplot's commands for it.
  package func script(
    _ terminal: FigureTerminal, _ labels: FigureLabels = FigureLabels()
  ) -> GnuplotCommand {
    var script = GnuplotScript(terminal, labels)
    draw(&script)
    var size = size
    if let wanted = labels.size { (size.width, size.height) = wanted }
    return "\(FigureStyle.preamble(terminal, size))\(script.commands)"
  }

  /// The drawing as the bytes of a file; for `FigureTerminal.script` the commands.
  ///
  /// - Throws: `GnuplotError`.
  package func drawn(
    on terminal: FigureTerminal, _ labels: FigureLabels = FigureLabels(),
    by gnuplot: Gnuplot = Gnuplot()
  ) throws(GnuplotError) -> [UInt8] {
    let commands = script(terminal, labels)
    if terminal == .script { return Array(commands.text.utf8) }
    let drawing = try gnuplot.output(of: commands)
    // Characters come with a form feed before every page.
    return terminal.isText ? drawing.filter { $0 != 0x0C } : drawing
  }
}
