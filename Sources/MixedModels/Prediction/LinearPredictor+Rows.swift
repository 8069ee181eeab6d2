// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

extension LinearPredictor {
  /// Predictions for the rows of a table, chunk by chunk in their order.
  ///
  /// Rows with a missing value in a column that is needed are predicted as NaN.
  ///
  /// - Throws: `DataError`, which names the line of a level that the fit has not seen;
  ///   `FormulaError` or `InferenceError` for random effects that the model has not; what `consume`
  ///   throws.
  public func predict(
    _ data: [any TableSource], options: PredictionOptions = PredictionOptions(),
    consume: (PredictedRows) throws -> Void
  ) throws {
    let table = try NewTable(self, data, options)
    try table.reader.read(
      table.rows.working.design.columns,
      transform: { [rows = table.rows] in try rows($0) }, consume: consume)
  }
}

/// A table that is open for predictions.
struct NewTable {
  let reader: TableReader
  let rows: RowPredictor
  /// In words for the user.
  let notes: [String]

  /// - Throws: `DataError`, `FormulaError`, `InferenceError`, `CholmodError`.
  init(_ predictor: LinearPredictor, _ data: [any TableSource], _ options: PredictionOptions) throws {
    let model = predictor.products.specification.options
    var reading = options.reading
    reading.missingTexts.formUnion(model.missingTexts)
    reading.categoricalColumns = []
    let reader = try TableReader(data, options: reading)
    reader.progress = options.progress.map { report in
      { try report(.predicting(bytes: $0.bytes, totalBytes: $0.totalBytes, rows: $0.rows)) }
    }
    self.reader = reader
    var weights = options.weights.map { Expression.column($0) }
    var notes: [String] = []
    if weights == nil, let own = predictor.products.basis.weights {
      let header = reader.header
      if let missing = own.columns.first(where: { !header.contains($0) }) {
        notes.append("the model has weights, but the rows have no column \(missing): theirs are 1.")
      } else {
        weights = own
      }
    }
    self.notes = notes
    rows = try RowPredictor(predictor, options, weights: weights)
    for request in rows.working.design.columns where !reader.header.contains(request.name)
    {
      _ = try reader.kind(of: request.name)  // says what there is
    }
    try reader.requireUnits(of: rows.working.design.columns, as: predictor.products.specification.columnKinds)
  }
}
