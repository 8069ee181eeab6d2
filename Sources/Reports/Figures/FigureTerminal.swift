// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// What a figure is drawn on.
package enum FigureTerminal: Sendable, Equatable {
  case svg, png, pdf
  /// Characters; `rows` for every row of panels.
  case text(columns: Int, rows: Int)
  /// No drawing but the commands for one, to be changed by hand.
  case script

  /// The suffixes of files.
  package static let suffixes = ["svg", "png", "pdf", "gp"]

  /// By the suffix of a file's name.
  ///
  /// - Throws: `FigureError.suffix`.
  package init(path: String) throws(FigureError) {
    let name = path.split(separator: "/").last ?? ""
    let suffix = name.contains(".") ? name.split(separator: ".").last.map(String.init) ?? "" : ""
    switch suffix.lowercased() {
    case "svg": self = .svg
    case "png": self = .png
    case "pdf": self = .pdf
    case "gp": self = .script
    default:
      throw .suffix(path: path, meant: closestName(to: suffix, among: Self.suffixes))
    }
  }

  package var isText: Bool { if case .text = self { true } else { false } }

  /// The command that chooses the terminal, for a figure of some size in CSS pixels (1/96 inch).
  func command(_ size: FigureSize) -> GnuplotCommand {
    let (w, h) = (size.width, size.height)
    // A size of 13 is 13 CSS pixels everywhere: points of 1/72 inch are scaled by 3/4.
    return switch self {
    case .svg, .script:
      // A background of its own: readable wherever the file is put, a dark page included.
      "set terminal svg size \(w),\(h) noenhanced font 'Helvetica,13' background '#ffffff'"
    case .png:
      "set terminal pngcairo size \(2 * w),\(2 * h) noenhanced font 'Helvetica,13' fontscale 1.5 linewidth 2 pointscale 2 background '#ffffff'"
    case .pdf:
      "set terminal pdfcairo size \(Double(w) / 96)in,\(Double(h) / 96)in noenhanced font 'Helvetica,13' fontscale 0.75 background '#ffffff'"
    case .text(let columns, let rows):
      "set terminal dumb size \(columns),\(rows * size.textPanels) noenhanced"
    }
  }
}

/// Of a whole figure.
package struct FigureSize: Sendable, Equatable {
  /// Of either side.
  package static let range = 100...10_000
  /// CSS pixels.
  package var width: Int
  package var height: Int
  /// Panels that stand one above the other where a figure is drawn as text.
  package var textPanels: Int

  package init(width: Int, height: Int, textPanels: Int = 1) {
    (self.width, self.height, self.textPanels) = (width, height, textPanels)
  }
}
