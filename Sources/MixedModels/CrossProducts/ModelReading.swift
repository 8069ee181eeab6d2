// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FitOptions {
  /// Columns that have another place than in the formula.
  fileprivate var columnsBesidesTerms: Set<String> {
    Set(weights.map { [$0] + Expression(weights: $0).columns } ?? [])
      .union([offset, clusters].compactMap(\.self))
      .union(
        residualBy.flatMap { try? StrataFormula($0) }?.factors.flatMap(\.expression.columns) ?? [])
  }
}

/// A table opened for one model: the formula bound, the raw basis centred on the first rows.
struct ModelReading {
  let specification: ModelSpecification
  let reader: TableReader
  /// Columns that the user or their type says are categorical.
  let declared: Set<String>
  let options: FitOptions
  /// Whether factors of many levels may become sparse columns.
  let settlesFactors: Bool
  private let names: [String]

  /// - Parameter settlesFactors: Whether factors of many levels may become sparse columns.
  /// - Throws: `FormulaError`, `DataError`, `FitError`.
  init(
    _ formula: Formula, _ data: [any TableSource], _ options: FitOptions, settlesFactors: Bool = false
  ) throws {
    self.settlesFactors = settlesFactors
    reader = try Self.reader(data, options)
    declared = reader.declaredLabels
    let formula = try formula.replacingDot(by: reader.header, besides: options.columnsBesidesTerms)
    var options = options
    let means = try GroupMeanReading(formula).means(reader)
    options.splines.merge(
      try SplineReading(formula, known: options.splines, means: means).knots(reader)) { $1 }
    if !settlesFactors { options.sparseFixed = .none }
    var dense = options
    dense.sparseFixed = .none
    var specification = try ModelBinder.bind(
      formula, to: reader, table: data[0].name, options: dense)
    options = try Self.settled(options, formula, reader, specification)
    if !options.setApart.isEmpty {
      specification = try ModelBinder.bind(
        formula, to: reader, table: data[0].name, options: options)
    }
    specification.basis.groupMeans = means
    if let sample = try reader.sample(specification.columns.requests) {
      specification.centre(on: sample)
    }
    self.specification = specification
    self.options = options
    names = data.map(\.name)
  }

  /// A table that is read as an earlier one was: the same columns, centred alike.
  ///
  /// - Throws: `DataError`.
  init(_ specification: ModelSpecification, _ data: [any TableSource], _ options: FitOptions) throws {
    reader = try Self.reader(data, options)
    declared = reader.declaredLabels
    for request in specification.columns.requests { _ = try reader.kind(of: request.name) }
    try reader.requireUnits(of: specification.columns.requests, as: specification.columnKinds)
    settlesFactors = false
    self.specification = specification
    self.options = options
    names = data.map(\.name)
  }

  private static func reader(
    _ data: [any TableSource], _ options: FitOptions
  ) throws -> TableReader {
    try options.check()
    if let kind = options.coefficientCovariance, kind != .model, !kind.isOfRows, options.clusters == nil,
      options.residual == nil
    {
      throw InferenceError.withoutClusters
    }
    var reading = options.reading
    reading.threads = options.threads
    reading.categoricalColumns = declared(options)
    let reader = try TableReader(data, options: reading)
    for name in reading.categoricalColumns { _ = try reader.kind(of: name) }
    return reader
  }

  static func declared(_ options: FitOptions) -> Set<String> {
    options.reading.categoricalColumns.union(options.contrasts.keys).union(options.levels.keys)
  }

  /// One pass over the rows.
  ///
  /// - Throws: `DataError`, `FitError`.
  func crossProducts() throws -> CrossProducts {
    if let residual = specification.residual { return try subjectProducts(residual) }
    if let serial = specification.serial { return try serialProducts(serial) }
    return try crossProducts(also: { _, _ in () }, consume: { _, _, _ in })
  }

  /// The same, with what `also` makes of the rows of every chunk, in parallel; `consume` gets it in the
  /// rows' order, with the places of the chunk's cells and columns among those of all rows so far.
  ///
  /// - Throws: `DataError`, `FitError`; what `consume` throws.
  func crossProducts<Also: Sendable>(
    also: @Sendable (RowBlock, CrossProducts) throws -> Also,
    consume: (Also, CrossProducts.Places, CrossProducts) throws -> Void
  ) throws -> CrossProducts {
    reader.progress = options.progress.map { report in
      { try report(.reading(bytes: $0.bytes, totalBytes: $0.totalBytes, rows: $0.rows)) }
    }
    try ProductsSize.checkPairs(ofGroups: specification.basis.groups.count)
    var total = CrossProducts(specification)
    var watch = MemoryWatch()
    let workers = min(threadCount(options.threads), 4)  // more are seldom at one point together
    let watched = watchedFactors
    var valued: Set<String> = []  // columns with a value in some row
    var undefined: [String: Int] = [:]
    try forEachBlock({ [specification, watched] rows in
      try watched?.check(rows.cellSets, specification.basis)
      try CrossProducts.checkMemory(specification, rows: rows, workers: workers)
      let part = CrossProducts(specification, rows: rows)
      return (part, try also(rows, part), rows.valuedColumns, rows.undefinedCounts)
    }) { part, rest, columns, counts in
      valued.formUnion(columns)
      undefined.merge(counts, uniquingKeysWith: +)
      try consume(rest, try total.add(part), total)
      try watched?.check(total.cellSets, specification.basis)
      try watch.check(total)
    }
    total.finish()
    total.settleKinds()
    try refuseMisreadCovariates(total)
    total.notes = notes(total) + undefined.sorted { $0.key < $1.key }.map(Self.undefinedNote)
    if total.omittedObservations > 0 {
      total.emptyColumns = specification.columns.requests.map(\.name)
        .filter { !valued.contains($0) }
    }
    total.data = names
    return total
  }

  /// A second pass over the rows.
  func forEachBlockAgain<T: Sendable>(
    _ transform: @Sendable (RowBlock) throws -> T, consume: (T) throws -> Void
  ) throws {
    reader.progress = options.progress.map { report in
      { try report(.residuals(bytes: $0.bytes, totalBytes: $0.totalBytes, rows: $0.rows)) }
    }
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
