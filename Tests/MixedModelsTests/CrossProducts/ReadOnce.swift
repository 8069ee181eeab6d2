// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A table as a stream gives it.
struct ReadOnce: TableSource {
  let table: DataSource
  var name: String { table.name }
  var canBeReadAgain: Bool { false }

  func open(_ options: ReadingOptions) throws(DataError) -> any TableReading {
    try table.open(options)
  }
}
