// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// A command of gnuplot's, or a part of one.
///
/// The words of a command are literals of this program; there is no way to make one from a String.
/// Interpolated text becomes a constant between apostrophes, where gnuplot neither executes
/// backquotes nor expands macros, so that nothing of data, formulas, names or titles is ever a
/// command: `"set title \(title)"`.
package struct GnuplotCommand: ExpressibleByStringInterpolation, Sendable {
  package fileprivate(set) var text: String

  package init(stringLiteral words: StaticString) { text = words.description }

  package init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

  package struct Interpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    package mutating func appendLiteral(_ words: StaticString) { text += words.description }

    /// Text as a constant of at most `limit` characters.
    package mutating func appendInterpolation(
      _ constant: some StringProtocol, limit: Int = GnuplotText.limit
    ) {
      text += GnuplotText.quoted(constant, limit: limit)
    }

    /// The label of a tic, which gnuplot takes for a format.
    package mutating func appendInterpolation(tic label: String, limit: Int = GnuplotText.limit) {
      text += GnuplotText.quoted(label, limit: limit, isFormat: true)
    }

    package mutating func appendInterpolation(_ command: GnuplotCommand) { text += command.text }

    package mutating func appendInterpolation(_ number: Int) { text += String(number) }

    package mutating func appendInterpolation(_ number: Double) {
      text += number.isNaN ? "NaN" : number.description
    }
  }
}

extension GnuplotCommand {
  package mutating func append(_ command: GnuplotCommand) { text += command.text }

  /// Labels of the tics at 0, 1, 2 …; of more than `most` every other one, or fewer.
  static func tics(_ labels: [String], most: Int = .max) -> GnuplotCommand {
    let step = labels.isEmpty ? 1 : (labels.count - 1) / most + 1
    return labels.enumerated().filter { $0.offset % step == 0 }
      .map { "\(tic: $1, limit: 60) \($0)" as GnuplotCommand }
      .joined(separator: ", ")
  }
}

extension Sequence<GnuplotCommand> {
  package func joined(separator: GnuplotCommand) -> GnuplotCommand {
    reduce(into: "") { result, command in
      if !result.text.isEmpty { result.append(separator) }
      result.append(command)
    }
  }
}

/// Text as gnuplot's constants.
package enum GnuplotText {
  /// Characters of a constant, unless fewer are asked for.
  package static let limit = 160

  /// Text between apostrophes, in which gnuplot neither expands nor executes anything.
  ///
  /// Scalar by scalar, since an apostrophe with a combining mark is another Character but the same
  /// byte. Control characters become escapes for the eye, and long text is cut. Apostrophes become
  /// typographic ones, since gnuplot does not understand every row of doubled ones, and `]]>`, which
  /// it passes on to SVG as it is, is parted. Markup means nothing, as all terminals are
  /// `noenhanced`; formats have their `%` doubled.
  package static func quoted(
    _ text: some StringProtocol, limit: Int = limit, isFormat: Bool = false
  ) -> String {
    let shown = cut(printableText(text, limit: limit), limit: limit)
    var result = "'"
    var brackets = 0
    for scalar in shown.unicodeScalars {
      switch scalar {
      case "'": result.unicodeScalars.append("’")
      case "%" where isFormat: result += "%%"
      case ">" where brackets > 1: result += " >"
      default: result.unicodeScalars.append(scalar)
      }
      brackets = scalar == "]" ? brackets + 1 : 0
    }
    return result + "'"
  }

  /// Escapes can make text longer again.
  private static func cut(_ text: String, limit: Int) -> String {
    guard text.utf8.count > limit, text.count > limit else { return text }
    return text.prefix(max(limit - 1, 1)) + "…"
  }
}
