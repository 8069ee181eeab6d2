// SPDX-License-Identifier: GPL-2.0-or-later

public import ModelFrames

/// The simulated rows as a table, a block of them at a time drawn when it is read; the values are
/// those of `writeCSV`.
extension Simulation: TableSource {
  public func open(_ options: ReadingOptions) -> any TableReading {
    SimulationReading(self, options)
  }
}

/// One pass over the rows of a simulation.
private final class SimulationReading: TableReading {
  let layout: TableLayout
  private let blocks: SimulatedBlocks
  private var index = 0  // of the next block

  init(_ simulation: Simulation, _ options: ReadingOptions) {
    layout = TableLayout(name: simulation.name, columnNames: simulation.design.columnNames)
    blocks = SimulatedBlocks(simulation, layout, options)
  }

  var hasRows: Bool { blocks.simulation.blockCount > 0 }
  var isShort: Bool { blocks.simulation.blockCount == 1 }
  var labelColumns: Set<String> { blocks.table(0).reading.labelColumns }

  func kind(of column: String) throws(DataError) -> ColumnKind {
    try blocks.table(0).reading.kind(of: column)
  }

  func first(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    _ = try blocks.table(0).reading.first(columns)  // says what columns there are
    return SimulatedBlock(blocks: blocks, index: 0, columns: columns)
  }

  func next(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    guard index < blocks.simulation.blockCount else { return nil }
    defer { index += 1 }
    return SimulatedBlock(blocks: blocks, index: index, columns: columns)
  }
}

/// The blocks of a simulation as tables in memory.
private struct SimulatedBlocks: Sendable {
  let simulation: Simulation
  let layout: TableLayout
  private let options: ReadingOptions
  /// Of covariates and factors; nil for those whose values are numbers.
  private let covariateLabels, factorLabels: [LevelDictionary?]

  init(_ simulation: Simulation, _ layout: TableLayout, _ options: ReadingOptions) {
    (self.simulation, self.layout) = (simulation, layout)
    var options = options
    options.chunkBytes = .max  // one chunk of every block
    self.options = options
    covariateLabels = simulation.design.covariates.map {
      if case .labels(let labels) = $0.distribution { LevelDictionary(labels) } else { nil }
    }
    factorLabels = simulation.design.factors.map { $0.labels.map { LevelDictionary($0) } }
  }

  /// A block, and the first of its rows that has no finite response.
  func table(_ index: Int) -> (reading: any TableReading, unusable: Int?) {
    let (design, rows) = (simulation.design, simulation.rows(ofBlock: index))
    var columns = [ColumnTable.Column.numbers(design.writtenResponse(rows))]
    for (values, labels) in zip(rows.covariates, covariateLabels) {
      columns.append(
        labels.map { .labels(codes: values.map { Int32($0) }, of: $0) } ?? .numbers(values))
    }
    for (f, factor) in design.factors.enumerated() where factor.isWritten {
      let levels = rows.levels[f]
      columns.append(
        factorLabels[f].map { .labels(codes: levels, of: $0) }
          ?? .numbers(levels.map { Double(Int($0) + factor.firstNumber) }))
    }
    let table = ColumnTable(ofEqualLengths: Array(zip(layout.columnNames, columns)), layout.name)
    return (table.open(options), rows.response.firstIndex { !$0.isFinite })
  }
}

/// Rows that are drawn when they are read.
private struct SimulatedBlock: TableRows {
  let blocks: SimulatedBlocks
  let index: Int
  let columns: [ColumnRequest]

  var layout: TableLayout { blocks.layout }
  var bytesRead: Int { 0 }
  private var firstRow: Int { index * Simulation.blockRows }

  func chunk() -> TableChunk {
    let (reading, unusable) = blocks.table(index)
    // The columns were looked at before, and a block has rows.
    guard unusable == nil, let chunk = (try? reading.first(columns))??.chunk() else {
      let error = blocks.simulation.noFiniteResponse(inRow: firstRow + (unusable ?? 0))
      return TableChunk(
        rowCount: 0, columns: columns.map { _ in ColumnChunk() }, rows: self, failure: { error })
    }
    var failure: (@Sendable () -> any Error)?
    if chunk.failure != nil {
      let error = DataError(.notFinite, at: place(ofRow: chunk.rowCount))
      failure = { error }
    }
    return TableChunk(
      rowCount: chunk.rowCount, columns: chunk.columns, rows: self, failure: failure)
  }

  func place(ofRow row: Int) -> RowPlace { RowPlace(file: layout.name, row: firstRow + row + 1) }

  func forEachRecord(
    _ count: Int, _ body: (_ record: UnsafeBufferPointer<UInt8>) throws -> Void
  ) rethrows {
    try (try? blocks.table(index).reading.first([]))??.forEachRecord(count, body)
  }
}

extension LevelDictionary {
  fileprivate init(_ labels: [String]) {
    self.init()
    for label in labels { _ = code(for: label) }
  }
}
