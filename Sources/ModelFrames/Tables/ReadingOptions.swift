// SPDX-License-Identifier: GPL-2.0-or-later

/// How a table becomes columns.
public struct ReadingOptions: Sendable {
  /// Columns that are categorical even if their values are numbers.
  public var categoricalColumns: Set<String> = []
  /// Texts that mean "missing", besides the empty field, `NA` and `NaN`.
  ///
  /// In numeric columns -99 means -99.0 too.
  public var missingTexts: Set<String> = []
  /// Of all sources; text in others than UTF-8 is converted as it is read.
  public var encoding = TextEncoding.utf8
  /// Whether decimals follow a comma, as in `0,25`.
  public var decimalComma = false
  /// Field separator; nil detects `,`, `;` or tab from the header line.
  public var separator: UInt8?
  /// Workers that parse; 0 means all cores.
  public var threads = 0
  /// Bytes of text in one chunk; a row of a table in memory counts as 32.
  ///
  /// A chunk is cut at the last record that ends in it, so the cuts (and every sum) depend on the
  /// data alone, never on the number of threads or on how a stream happened to arrive.
  public var chunkBytes = 1 << 20
  /// A record longer than this is an error: the file is no table, or a quote is never closed.
  public var maximumRecordBytes = 1 << 26
  /// Whether a header without rows is a table: a part of one may well be empty.
  public var allowsNoRows = false

  /// Whether all columns of a row are wanted as text, beside those that are read.
  package var wantsRecords = false

  public init() {}
}
