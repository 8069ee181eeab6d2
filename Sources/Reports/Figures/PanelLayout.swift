// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Panels of one size in rows, as many as are wide enough to be read; as text one below the other.
struct PanelLayout {
  let count: Int
  let columns: Int
  let rows: Int
  private let width: Int
  private let height: Int

  private static let widest = 1100

  /// Characters of a title that have room above a panel, in the smallest letters of `font(for:)`.
  var titleLimit: Int { width * 4 / 25 }

  /// Letters in which a title or the name of an axis has room: the usual ones, or smaller ones.
  func font(for title: String) -> GnuplotCommand { title.count * 15 > width * 2 ? "font ',10'" : "font ',13'" }

  /// Width and height are those of a panel with its labels, in CSS pixels.
  init(_ count: Int, width: Int, height: Int) {
    self.count = max(count, 1)
    // One panel alone may be larger.
    self.width = count == 1 ? width * 3 / 2 : width
    self.height = count == 1 ? height * 4 / 3 : height
    let most = max(1, Self.widest / self.width)
    rows = (self.count + most - 1) / most
    columns = (self.count + rows - 1) / rows
  }

  var size: FigureSize {
    FigureSize(width: columns * width, height: rows * height + 40, textPanels: count)
  }

  func begin(_ script: inout GnuplotScript, title: String) {
    let grid: GnuplotCommand = script.terminal.isText ? "\(count),1" : "\(rows),\(columns)"
    script.command(
      "set multiplot layout \(grid) title \(script.title(title), limit: columns * width / 8) font ',14'"
    )
  }

  func end(_ script: inout GnuplotScript) { script.command("unset multiplot") }
}
