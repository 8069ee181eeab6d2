// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Colours and lines that all figures share.
package enum FigureStyle {
  /// Okabe and Ito's colours, which the colour-blind can tell apart, in order of use.
  ///
  /// Without yellow, which is too pale on white, and black, which is the ink's.
  package static let colours = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
  ]
  /// What is estimated by the mixed model.
  package static let estimate = colours[0]
  /// What it is held against: the population, the truth, a reference.
  package static let reference = colours[1]
  /// Observations.
  package static let rows = "#666666"
  /// Lines that guide the eye.
  package static let grid = "#d9d9d9"

  /// Colours that stand on each other and not on the page: next to those above, which a dark page changes.
  static let (blueEnd, orangeEnd) = ("#0071b1", "#d45d00")
  static let (darkInk, paleInk) = ("#010101", "#fefefe")

  /// Classes of density, from few to many.
  ///
  /// Matplotlib's viridis, uniform to perception and readable in grey, from its light end to its
  /// dark one; the palest, which white paper would swallow, is left out.
  package static let viridis = [
    "#90d743", "#5ec962", "#35b779", "#20a486", "#21918c", "#287c8e", "#31688e", "#3b528b",
    "#443983", "#481f70", "#440154",
  ]

  /// Classes of density that stay behind what is drawn over them, from few to many.
  static let greys = [
    "#ededed", "#e2e2e2", "#d7d7d7", "#cccccc", "#c1c1c1", "#b6b6b6", "#ababab",
  ]

  /// `colour` with a transparency of 00 … ff.
  static func pale(_ colour: String, _ transparency: String) -> String {
    "#" + transparency + colour.dropFirst()
  }

  /// Commands before those of any figure.
  static func preamble(_ terminal: FigureTerminal, _ size: FigureSize) -> GnuplotCommand {
    var lines: [GnuplotCommand] = ["set encoding utf8", terminal.command(size)]
    if terminal.isText {
      lines += ["set border 3", "set tics nomirror scale 0.5"]
    } else {
      lines += [
        "set border 3 lw 0.8", "set tics nomirror out scale 0.5",
        "set grid back lt 1 lc rgb \(grid) lw 0.6", "unset grid",
        "set style fill solid 1 noborder",
      ]
    }
    // Points stay clear of the axes. gnuplot's own format writes 0.000000001 for 1e-09.
    lines += [
      "set format '%g'",
      "set autoscale noextend", "set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05",
      "set key Left reverse samplen 1.5 spacing 1.2",
    ]
    return "\(lines.joined(separator: "\n"))\n"
  }
}
