// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

/// Fitted values and residuals of all rows at once, for data that fit in memory.
public struct FittedRows: Sendable {
  public private(set) var fit: Fit
  /// Xβ + Zb + offset, one per complete row.
  public private(set) var fitted: [Double] = []
  /// Xβ + offset
  public private(set) var fixed: [Double] = []
  /// y − fitted
  public private(set) var residuals: [Double] = []

  /// Fits the model and reads the rows a second time.
  ///
  /// - Throws: what `Fit.init` throws.
  public init(_ formula: Formula, data: [any TableSource], options: FitOptions = FitOptions())
    throws
  {
    let model = try FittedModel(formula, data: data, options: options.discardingCrossProducts)
    fit = try model.finished()
    try model.residualPass().forEach { rows in
      fitted += rows.fitted
      fixed += rows.fixed
      residuals += rows.residuals
    }
  }
}
