// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// One field of a CSV record as reports write them.
package enum DelimitedField {
  case text(String)
  case number(Double?)
  case integer(Int)
  case missing

  /// The field as RFC 4180 writes it; missing and non-finite values are `NA`.
  package var encoded: String {
    switch self {
    case .missing, .number(nil): "NA"
    case .number(let value?): value.isFinite ? value.description : "NA"
    case .integer(let value): String(value)
    case .text(let text): Self.quotedIfNeeded(text)
    }
  }

  /// Text that would be read as missing or without its blanks is quoted too.
  private static func quotedIfNeeded(_ text: String) -> String {
    let blank = UInt8(ascii: " ")
    let isBare =
      !text.isEmpty && text != "NA" && text.utf8.first != blank && text.utf8.last != blank
    return isBare ? FieldQuoting.encoded(text) : FieldQuoting.quoted(text)
  }
}

extension TextOutputStream {
  /// Writes one record, ended by a line feed.
  package mutating func writeRecord(_ fields: [DelimitedField]) {
    write(fields.map(\.encoded).joined(separator: ",") + "\n")
  }
}
