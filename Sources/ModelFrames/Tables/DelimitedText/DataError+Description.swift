// SPDX-License-Identifier: GPL-2.0-or-later

extension DataError: CustomStringConvertible {
  /// Place, problem and remedy in one line, without `error:`.
  public var description: String {
    let text = MessageText(sentence: statement + (remedy.map { " " + $0 } ?? "")).description
    guard let file else { return text }
    let place = file == "-" ? "standard input" : printableText(file, limit: MessageText.pieceLimit)
    return place + RowPlace.suffix(line: line, row: row) + ": " + text
  }

  private var quotedColumn: String { inDoubleQuotes(column ?? "?") }
  private var quotedValue: String { inDoubleQuotes(value ?? "") }

  private var categorical: Setting { .categoricalColumn(column ?? "COL") }
  private var missing: Setting { .missingText(value ?? "COL") }

  private var statement: String {
    switch problem {
    case .fileNotFound: "no such file."
    case .isDirectory: "is a directory, not a file."
    case .systemError(let reason): "cannot be read (\(reason))."
    case .corruptGzip: "the gzip data are corrupt."
    case .truncatedGzip: "the gzip data end too early."
    case .unsupportedFormat(let format, _): "looks like \(format), not like CSV text."
    case .nullByte: "holds a zero byte, so it is no text."
    case .notUTF8:
      (column.map {
        $0 == value
          ? "the column name \(quotedValue)" : "\(quotedValue) in column \(inDoubleQuotes($0))"
      } ?? quotedValue)
        + " is not UTF-8 text."
    case .markedUTF8: "begins with the mark of UTF-8 text."
    case .empty: "is empty."
    case .noRows: "has a header, but no rows."
    case .noColumns: "has no columns."
    case .unequalLength(let count, let first):
      "column \(quotedColumn) has \(counted(count, "row")), the first column \(first)."
    case .standardInputTwice: "named more than once among the data."
    case .namedTwice(let other):
      "is the same file as \(inDoubleQuotes(other)), so its rows would count twice."
    case .sameContents(let other):
      "has the same contents as \(inDoubleQuotes(other)), so its rows would count twice."
    case .cannotReadAgain: "a second pass is needed, but the data can be read only once."
    case .streamFailed(let reason): "the stream of rows ended with an error (\(reason))."
    case .malformedBatch(let words):
      column.map { "column \(inDoubleQuotes($0)): \(words)." } ?? "\(words)."
    case .unusableSeparator(let byte):
      "\(inDoubleQuotes(String(UnicodeScalar(byte)))) cannot separate fields."
    case .duplicateColumn: "two columns are named \(quotedColumn)."
    case .unknownColumn: "no column \(quotedColumn)."
    case .raggedRow(let fields, let headerFields):
      "\(counted(fields, "field")), but the header has \(headerFields)."
    case .textAfterClosingQuote: "text follows the closing quote of a field."
    case .blankSeparatedHeader: "the names of the columns are separated by blanks."
    case .unclosedQuote: "the quote that opens here is never closed."
    case .recordTooLong(let limit): "a record of more than \(sizeText(limit))."
    case .headerTooLong(let limit): "the header line has more than \(sizeText(limit))."
    case .tooManyColumns(let limit): "the header line has more than \(limit) columns."
    case .outOfMemory: "there is no memory left to read it."
    case .carriageReturnsOnly: "lines end in a carriage return alone."
    case .notANumber: "\(quotedValue) in numeric column \(quotedColumn)."
    case .notALogical: "\(quotedValue) in logical column \(quotedColumn)."
    case .notAnInstant: "\(quotedValue) in column \(quotedColumn), whose first rows are dates or times."
    case .notFinite: "\(value ?? "Inf") in column \(quotedColumn) is not finite."
    case .decimalComma: "\(quotedValue) in column \(quotedColumn) has a decimal comma."
    case .wordAmongNumbers(let number), .logicalAmongNumbers(let number):
      "\(quotedValue) in column \(quotedColumn) stands among numbers such as \(number)."
    case .unsuitable(let message, _):
      (value.map { "\(inDoubleQuotes($0)) in column \(quotedColumn): " }
        ?? column.map { "column \(inDoubleQuotes($0)): " } ?? "") + message
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
    case .notUTF8(let isLatin1):
      "Name its encoding, \(isLatin1 ? "\(Setting.encoding(.latin1)) or " : "")\(Setting.encoding(.windows1252)), "
        + "or convert it: iconv -f ENCODING -t UTF-8."
    case .markedUTF8: "Leave \(Setting.encoding()) out."
    case .empty: "A header line with the names of the columns is needed."
    case .noColumns: "A table needs one at least."
    case .unequalLength: "Give every column a value for each row; NaN and nil are missing ones."
    case .noRows: "Check that the table was exported whole."
    case .standardInputTwice, .namedTwice: "Name it once."
    case .sameContents: "Name one of them."
    case .cannotReadAgain: "Save the data in a file and name that."
    case .unusableSeparator: "Use a comma, semicolon, tab or bar."
    case .duplicateColumn: "Rename one of them."
    case .unknownColumn(let available): columnRemedy(available)
    case .raggedRow(let fields, let headerFields):
      headerFields == 1
        ? "If line 1 is a title or a comment, take it out: tail -n +2 FILE; if the separator was not "
          + "found, name it: \(Setting.separator())."
        : fields == headerFields + 1
          ? "Quote fields that hold the separator; if the first column holds row names, "
            + "name it in the header."
          : "Quote fields that hold the separator, and fill up short rows."
    case .textAfterClosingQuote: "Double a quote that belongs to the field's text."
    case .blankSeparatedHeader:
      "Add \(Setting.separator(" ")), after tr -s ' ' if there are several; if rows begin with their names, "
        + "name that column in the header."
    case .unclosedQuote: "Close it, or double a quote that belongs to the text."
    case .recordTooLong, .headerTooLong, .tooManyColumns:
      "Check for an unclosed quote, or whether this is a table at all."
    case .outOfMemory: "Raise the limit of memory (ulimit -v), or use fewer \(Setting.threads)."
    case .carriageReturnsOnly: #"Convert it with: tr '\r' '\n'."#
    case .notANumber, .wordAmongNumbers: numberRemedy
    case .decimalComma: decimalRemedy
    case .logicalAmongNumbers:
      "Write all values alike; if the column is categorical, add \(categorical)."
    case .notALogical, .notAnInstant:
      "If it means missing, add \(missing); "
        + "if the column is categorical, add \(categorical)."
    case .notFinite: "Remove the row or write NA."
    case .systemError, .unsuitable, .streamFailed: nil
    case .malformedBatch:
      column == nil
        ? "Check what makes the stream." : "Convert the column to numbers, texts, dates or a dictionary."
    }
  }

  private func columnRemedy(_ available: [String]) -> String {
    let names = available.filter { !$0.isEmpty }
    if let column, let close = closestName(to: column, among: names) {
      return "Did you mean \(inDoubleQuotes(close))?"
    }
    return columnsFound(available)
  }

  private var decimalRemedy: String {
    "Read decimals with a comma: \(Setting.decimalComma); if the column is categorical, "
      + "add \(categorical)."
  }

  private var numberRemedy: String {
    if let value, hasDecimalComma(value) {
      return decimalRemedy
    }
    return "If it means missing, add \(missing); "
      + "if the column is categorical, add \(categorical)."
  }
}

private func counted(_ n: Int, _ noun: String) -> String { n == 1 ? "1 \(noun)" : "\(n) \(noun)s" }

private func sizeText(_ bytes: Int) -> String {
  bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes) bytes"
}
