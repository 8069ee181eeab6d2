// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

extension CrossProducts {
  /// The cross-products of a model over all rows of the data, in one pass;
  /// in a second one, where a factor of the fixed part has many levels that the first rows do not show.
  ///
  /// - Throws: `FormulaError`, `DataError` or `FitError`.
  public init(_ formula: Formula, data: [any TableSource], options: FitOptions = FitOptions())
    throws
  {
    if let residual = options.residual, !residual.isSerial(beside: formula) {
      // Subjects are the clusters; sums by visits have no sparse columns.
      var options = options
      options.clusters = nil
      self = try ModelReading(formula, data, options).crossProducts()
      return
    }
    do {
      self = try ModelReading(formula, data, options, settlesFactors: true).crossProducts()
    } catch let found as SetApartFactors.ManyLevels {
      var options = options
      options.sparseFixed = .factors(found.names)
      self = try ModelReading(formula, data, options, settlesFactors: true).crossProducts()
    }
  }
}
