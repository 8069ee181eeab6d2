// SPDX-License-Identifier: GPL-2.0-or-later

/// What people are told of an error.
///
/// The words are literals of this program; text that is put into them, such as labels, names and
/// paths from outside, is made printable and cut, so that no message steers a terminal or fills it.
package struct MessageText: ExpressibleByStringInterpolation, Sendable, CustomStringConvertible {
  package let description: String

  /// Characters of a piece, and of a whole sentence that was put together elsewhere.
  package static let pieceLimit = 200
  package static let sentenceLimit = 2000

  package init(stringLiteral words: StaticString) { description = words.description }

  package init(stringInterpolation: Interpolation) { description = stringInterpolation.text }

  /// A sentence with its pieces in it already.
  package init(sentence: String) {
    description = printableText(sentence, limit: Self.sentenceLimit)
  }

  package struct Interpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    package mutating func appendLiteral(_ words: StaticString) { text += words.description }

    package mutating func appendInterpolation(_ piece: some StringProtocol) {
      text += printableText(piece, limit: MessageText.pieceLimit)
    }

    package mutating func appendInterpolation(_ setting: Setting) { append(words: setting) }

    package mutating func appendInterpolation(_ action: Action) { append(words: action) }

    /// Words of a vocabulary with a name or a path from outside among them.
    private mutating func append(words: some CustomStringConvertible) {
      text += printableText(words.description, limit: 2 * MessageText.pieceLimit)
    }

    package mutating func appendInterpolation(_ words: MessageText) { text += words.description }

    package mutating func appendInterpolation(_ number: some BinaryInteger) {
      text += String(number)
    }

    package mutating func appendInterpolation(_ number: Double) { text += number.description }
  }
}
