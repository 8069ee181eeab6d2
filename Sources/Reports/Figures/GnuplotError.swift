// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// Why there is no drawing.
package enum GnuplotError: Error, CustomStringConvertible {
  case notInstalled(String)
  /// With what gnuplot said.
  case failed(String)
  case timedOut(seconds: Double)
  case system(String)

  package var description: String {
    switch self {
    case .notInstalled(let program):
      "figures are drawn by \(program), which is not installed or not on PATH. Install it with: apt-get install gnuplot-nox"
    case .failed(let said):
      said.contains("terminal type")
        ? "this gnuplot lacks the terminal for the file's type; the package gnuplot-nox has it. It said: \(Self.essence(said))"
        : "gnuplot could not draw the figure: \(Self.essence(said))"
    case .timedOut(let seconds):
      "gnuplot took longer than \(Int(seconds)) seconds and was ended"
    case .system(let reason): "gnuplot could not be run: \(reason)"
    }
  }

  /// The lines that say something, as one.
  private static func essence(_ text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline)
      .map { $0.trimmingPrefix { $0.isWhitespace } }
      .filter { !$0.isEmpty && $0 != "^" }
    return lines.isEmpty
      ? "it said nothing" : printableText(lines.suffix(4).joined(separator: " "), limit: 400)
  }
}
