// SPDX-License-Identifier: GPL-2.0-or-later

extension DataError: CustomStringConvertible {
  /// Place, problem and remedy in one line, without `error:`.
  public var description: String {
    let text = MessageText(sentence: statement + (remedy.map { " " + $0 } ?? "")).description
    guard let file else { return text }
    let place = file == "-" ? "standard input" : printableText(file, limit: MessageText.pieceLimit)
    return place + (line.map { ", line \($0)" } ?? "") + ": " + text
  }

  private var quotedColumn: String { quoted(column ?? "?") }
  private var quotedValue: String { quoted(value ?? "") }

  private var statement: String {
    switch problem {
    case .fileNotFound: "no such file."
    case .isDirectory: "is a directory, not a file."
    case .systemError(let reason): "cannot be read (\(reason))."
    case .corruptGzip: "the gzip data are corrupt."
    case .truncatedGzip: "the gzip data end too early."
    case .unsupportedFormat(let format, _): "looks like \(format), not like CSV text."
    case .nullByte: "holds a zero byte, so it is no text."
    case .empty: "is empty."
    case .noRows: "has a header, but no rows."
    case .standardInputTwice: "named more than once among the data."
    case .namedTwice(let other):
      "is the same file as \(quoted(other)), so its rows would count twice."
    case .cannotReadAgain: "a second pass is needed, but the data can be read only once."
    case .unusableSeparator(let byte):
      "\(quoted(String(UnicodeScalar(byte)))) cannot separate fields."
    case .duplicateColumn: "two columns are named \(quotedColumn)."
    case .unknownColumn: "no column \(quotedColumn)."
    case .raggedRow(let fields, let headerFields):
      "\(counted(fields, "field")), but the header has \(headerFields)."
    case .textAfterClosingQuote: "text follows the closing quote of a field."
    case .unclosedQuote: "the quote that opens here is never closed."
    case .recordTooLong(let limit): "a record of more than \(sizeText(limit))."
    case .headerTooLong(let limit): "the header line has more than \(sizeText(limit))."
    case .tooManyColumns(let limit): "the header line has more than \(limit) columns."
    case .outOfMemory: "there is no memory left to read it."
    case .carriageReturnsOnly: "lines end in a carriage return alone."
    case .notANumber: "\(quotedValue) in numeric column \(quotedColumn)."
    case .notALogical: "\(quotedValue) in logical column \(quotedColumn)."
    case .notFinite: "\(value ?? "Inf") in column \(quotedColumn) is not finite."
    case .unsuitable(let message, _):
      (value.map { "\(quoted($0)) in column \(quotedColumn): " }
        ?? column.map { "column \(quoted($0)): " } ?? "") + message
    }
  }

  /// What the user can do about it; nil if there is nothing to advise.
  public var remedy: String? {
    switch problem {
    case .fileNotFound: "Check the name and the working directory."
    case .isDirectory: "Name the files in it."
    case .corruptGzip, .truncatedGzip: "Check it with gzip -t and copy or download it again."
    case .unsupportedFormat(_, let remedy), .unsuitable(_, .some(let remedy)): remedy
    case .nullByte: "Export the table as UTF-8 CSV."
    case .empty: "A header line with the names of the columns is needed."
    case .noRows: "Check that the table was exported whole."
    case .standardInputTwice, .namedTwice: "Name it once."
    case .cannotReadAgain: "Save the data in a file and name that."
    case .unusableSeparator: "Use a comma, semicolon, tab or bar."
    case .duplicateColumn: "Rename one of them."
    case .unknownColumn(let available): columnRemedy(available)
    case .raggedRow(let fields, let headerFields):
      fields == headerFields + 1
        ? "Quote fields that hold the separator; if the first column holds row names, "
          + "name it in the header."
        : "Quote fields that hold the separator, and fill up short rows."
    case .textAfterClosingQuote: "Double a quote that belongs to the field's text."
    case .unclosedQuote: "Close it, or double a quote that belongs to the text."
    case .recordTooLong, .headerTooLong, .tooManyColumns: "Check for an unclosed quote, or whether this is a table at all."
    case .outOfMemory: "Raise the limit of memory (ulimit -v), or use fewer --threads."
    case .carriageReturnsOnly: #"Convert it with: tr '\r' '\n'."#
    case .notANumber: numberRemedy
    case .notALogical:
      "If it means missing, add --missing \(argument(value)); "
        + "if the column is categorical, add --factor \(argument(column))."
    case .notFinite: "Remove the row or write NA."
    case .systemError, .unsuitable: nil
    }
  }

  private func columnRemedy(_ available: [String]) -> String {
    let names = available.filter { !$0.isEmpty }
    if let column, let close = closestName(to: column, among: names) {
      return "Did you mean \(quoted(close))?"
    }
    if names.count == 1 {
      return "The only column is \(quoted(names[0])); "
        + "columns are separated by comma, semicolon, tab or bar."
    }
    let shown = names.prefix(12).map { shortened($0) }.joined(separator: ", ")
    return "The columns are \(shown)\(names.count > 12 ? ", …" : "")."
  }

  private var numberRemedy: String {
    if let value, let point = decimalPoint(value) {
      return "Write decimals with a point: \(point)."
    }
    return "If it means missing, add --missing \(argument(value)); "
      + "if the column is categorical, add --factor \(argument(column))."
  }
}

/// `1.5` for `1,5`; nil if the text is not a number with a decimal comma.
private func decimalPoint(_ text: String) -> String? {
  let parts = text.split(separator: ",", omittingEmptySubsequences: false)
  guard parts.count == 2, text.utf8.count <= 40 else { return nil }
  let point = parts.joined(separator: ".")
  return Array(point.utf8).withUnsafeBufferPointer { readNumber($0) } != .text ? point : nil
}

private func counted(_ n: Int, _ noun: String) -> String { n == 1 ? "1 \(noun)" : "\(n) \(noun)s" }

private func sizeText(_ bytes: Int) -> String {
  bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes) bytes"
}

/// The text in double quotes, shortened, control characters escaped.
private func quoted(_ text: String) -> String { "\"" + shortened(text) + "\"" }

private func shortened(_ text: String) -> String {
  let limit = 40
  var result = ""
  for (n, scalar) in text.unicodeScalars.enumerated() {
    if n == limit { return result + "…" }
    switch scalar {
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case _ where scalar.isUnprintable:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// The text as one word of a shell command: bare if a name, otherwise in double quotes.
private func argument(_ text: String?) -> String {
  guard let text else { return "COL" }
  let isWord =
    !text.isEmpty
    && text.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        || $0 == 95 || $0 == 46
    }
  return isWord ? text : quoted(text)
}
