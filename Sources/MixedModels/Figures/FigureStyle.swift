// SPDX-License-Identifier: GPL-2.0-or-later

/// Colours and lines that all figures share.
package enum FigureStyle {
  /// Okabe and Ito's colours, which the colour-blind can tell apart, without yellow, which is too
  /// pale on white, and black, which is the ink's. In order of use.
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

  /// Classes of density, in the dark end of Matplotlib's viridis first: uniform to perception, and
  /// readable in grey. The palest colours are left out; on white they would be lost.
  package static let viridis = [
    "#440154", "#481f70", "#443983", "#3b528b", "#31688e", "#287c8e", "#21918c", "#20a486",
    "#35b779", "#5ec962", "#90d743",
  ]

  /// Commands before those of any figure.
  static func preamble(_ terminal: FigureTerminal, _ size: FigureSize) -> String {
    var lines = ["set encoding utf8", terminal.command(size)]
    if terminal.isText {
      lines += ["set border 3", "set tics nomirror scale 0.5"]
    } else {
      lines += [
        "set border 3 lw 0.8", "set tics nomirror out scale 0.5",
        "set grid back lc rgb '\(grid)' lw 0.6 dt solid", "set key samplen 1.5 spacing 1.2",
        "set style fill solid 1 noborder",
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
