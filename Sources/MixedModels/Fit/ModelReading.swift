// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A table opened for one model: the formula bound, the raw basis centred on the first rows.
struct ModelReading {
  let specification: ModelSpecification
  private let reader: TableReader
  private let options: FitOptions
  private let names: [String]

  /// - Throws: `FormulaError`, `DataError`, `FitError`.
  init(_ formula: Formula, _ data: [DataSource], _ options: FitOptions) throws {
    var reading = options.reading
    reading.threads = options.threads
    reading.categoricalColumns.formUnion(options.contrasts.keys)
    reading.categoricalColumns.formUnion(options.levels.keys)
    reader = try TableReader(data, options: reading)
    for name in reading.categoricalColumns { _ = try reader.kind(of: name) }
    var specification = try ModelBinder.bind(
      formula, to: reader, table: data[0].name, options: options)
    if let sample = try reader.sample(specification.columns.requests) {
      specification.centre(on: sample)
    }
    self.specification = specification
    self.options = options
    names = data.map(\.name)
  }

  /// One pass over the rows.
  ///
  /// - Throws: `DataError`, `FitError`.
  func crossProducts() throws -> CrossProducts {
    reader.progress = options.progress.map { report in
      { report(.reading(bytes: $0.bytes, totalBytes: $0.totalBytes, rows: $0.rows)) }
    }
    var total = CrossProducts(specification)
    var watch = MemoryWatch()
    try forEachBlock({ [specification] in CrossProducts(specification, rows: $0) }) { part in
      total.add(part)
      try watch.check(total)
    }
    total.finish()
    total.data = names
    return total
  }

  /// A second pass over the rows.
  func forEachBlockAgain<T: Sendable>(
    _ transform: @Sendable (RowBlock) throws -> T, consume: (T) throws -> Void
  ) throws {
    reader.progress = options.progress.map { report in { report(.residuals(rows: $0.rows)) } }
    try forEachBlock(transform, consume: consume)
  }

  /// Turns chunks into row blocks and what is wanted of them, in parallel; hands that over in the
  /// rows' order.
  private func forEachBlock<T: Sendable>(
    _ transform: @Sendable (RowBlock) throws -> T, consume: (T) throws -> Void
  ) throws {
    let (basis, columns, omits) = (specification.basis, specification.columns, options.omitsMissing)
    try reader.read(
      columns.requests,
      transform: { chunk in
        try transform(RowBlock(chunk, basis: basis, columns: columns, omitsMissing: omits))
      }, consume: consume)
  }
}
