// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A table opened for one model: the formula bound, the raw basis centred on the first rows.
struct ModelReading {
  let specification: ModelSpecification
  let basis: RawBasis
  private let reader: TableReader
  private let options: FitOptions

  /// - Throws: `FormulaError`, `DataError`, `FitError`.
  init(_ formula: Formula, _ data: [DataSource], _ options: FitOptions) throws {
    var reading = options.reading
    reading.threads = options.threads
    reading.categoricalColumns.formUnion(options.contrasts.keys)
    reading.categoricalColumns.formUnion(options.levels.keys)
    reader = try TableReader(data, options: reading)
    for name in reading.categoricalColumns { _ = try reader.kind(of: name) }
    specification = try ModelBinder.bind(
      formula, to: reader, table: data[0].name, options: options)
    let slopes = specification.fixed.terms.filter { $0.factors.isEmpty && $0.numbers.count == 1 }
    let columns = specification.columns
    basis = try reader.sample(columns.requests).map { [specification] sample in
      specification.basis.centred(
        on: sample, columns: columns,
        slopes: specification.fixed.hasIntercept ? Set(slopes.map { $0.numbers[0].atom }) : [])
    } ?? specification.basis
    self.options = options
  }

  /// One pass over the rows.
  func crossProducts() throws -> CrossProducts {
    reader.progress = options.progress.map { report in
      { report(.reading(bytes: $0.bytes, totalBytes: $0.totalBytes, rows: $0.rows)) }
    }
    var total = CrossProducts(basis)
    try forEachBlock(
      { [basis] in CrossProducts(basis, rows: $0) }, consume: { total.merge($0) })
    total.finish()
    return total
  }

  /// A second pass over the rows.
  func forEachBlockAgain<T: Sendable>(
    _ transform: @Sendable (RowBlock) throws -> T, consume: (T) throws -> Void
  ) throws {
    reader.progress = options.progress.map { report in { report(.residuals(rows: $0.rows)) } }
    try forEachBlock(transform, consume: consume)
  }

  /// Turns chunks into row blocks and what is wanted of them, in parallel; hands that over in the rows' order.
  private func forEachBlock<T: Sendable>(
    _ transform: @Sendable (RowBlock) throws -> T, consume: (T) throws -> Void
  ) throws {
    let (basis, columns, omits) = (basis, specification.columns, options.omitsMissing)
    try reader.read(
      columns.requests,
      transform: { chunk in
        try transform(RowBlock(chunk, basis: basis, columns: columns, omitsMissing: omits))
      }, consume: consume)
  }
}
