// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// What a model says of the rows of a table, a chunk at a time as it is asked for; used from one thread at a
/// time.
package final class PredictionPull {
  /// Of the columns.
  package let names: [String]
  private let predictor: LinearPredictor
  private let columns: [RowColumn]
  private let chunks: TablePull<Part>
  private let tableNotes: [String]
  private var inestimable: InestimableRows
  private var (count, complete) = (0, 0)

  private let statistics: RowStatistics
  private var normalization: NormalizedResiduals?

  private struct Part: Sendable {
    let predicted: PredictedRows
    let rows: NewRows
    let source: any TableRows
    /// Of the columns; nil where they wait for what rows before leave of residuals.
    let values: [[Double]]?
  }

  /// `.lower` and `.upper` are the limits of `interval`.
  ///
  /// - Throws: what `RowTable.write` throws.
  package init(
    _ predictor: LinearPredictor, _ data: [any TableSource], _ columns: [RowColumn],
    interval: PredictionInterval? = nil, options: PredictionOptions = PredictionOptions()
  ) throws {
    var options = options
    options.wantsStandardErrors = columns.contains { $0.needsStandardErrors }
    options.wantsResiduals = columns.contains { $0.needsResponse }
    options.wantsCorrelations = columns.contains(.normalizedResidual)
    if case .prediction = interval { options.wantsRowVariances = true }
    try interval?.check(options.degreesOfFreedom)
    try predictor.requireSupport(of: columns)
    let statistics = RowStatistics(predictor, interval)
    let table = try NewTable(predictor, data, options)
    (self.predictor, self.columns, names) = (predictor, columns, columns.map(\.rawValue))
    (tableNotes, inestimable) = (table.notes, InestimableRows(predictor))
    (self.statistics, normalization) = (statistics, NormalizedResiduals(predictor.fitted, columns))
    let waits = normalization != nil
    chunks = try TablePull(table.reader, table.rows.working.design.columns) {
      [columns, predict = table.rows] chunk in
      let (predicted, rows) = try predict.predicted(chunk)
      return Part(
        predicted: predicted, rows: rows, source: chunk.rows,
        values: waits ? nil : statistics.values(columns, predicted))
    }
  }

  /// The values of the next rows, an array for every column, NaN where there is none; nil after the last.
  ///
  /// - Throws: what `RowTable.write` throws.
  package func next() throws -> [[Double]]? {
    guard let part = try chunks.next() else {
      try predictor.checkLeverages(columns, complete: complete)
      return nil
    }
    var rows = part.predicted
    normalization?.add(to: &rows, part.rows, part.source)
    inestimable.add(rows.inestimable, after: count)
    (count, complete) = (count + rows.fitted.count, complete + rows.completeCount)
    return part.values ?? statistics.values(columns, rows)
  }

  /// For the user, of the rows so far.
  package var notes: [String] { tableNotes + inestimable.notes + (normalization?.notes ?? []) }
}
