// SPDX-License-Identifier: GPL-2.0-or-later

/// What is wrong with a Parquet file, in words that follow its name: "ends in the middle of a page".
package struct ParquetFault: Error, Sendable, Equatable {
  package let words: String
  /// What to do about it; nil: the file is damaged.
  package let remedy: String?

  init(_ words: String, remedy: String? = nil) { (self.words, self.remedy) = (words, remedy) }
}
