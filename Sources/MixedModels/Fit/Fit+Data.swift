// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

extension Fit {
  /// Fits a model to data in one pass over the rows (a second one only for the scaled residuals).
  ///
  /// - Throws: `FormulaError`, `DataError` or `FitError`, each saying what to do.
  public init(_ formula: Formula, data: [DataSource], options: FitOptions = FitOptions()) throws {
    self = try FitRun(formula, data: data, options: options).report(readingAgain: data)
  }

  /// Fits the model that cross-products were made for; no rows are read.
  ///
  /// - Throws: `FitError`.
  public init(_ products: CrossProducts, options: FitOptions = FitOptions()) throws {
    self = try FitRun(
      products.specification.formula, data: [], options: options, products: products
    ).fit(scaledResiduals: nil)
  }
}

extension FittedModel {
  /// Fits a model to data, in one pass over the rows.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`.
  public init(_ formula: Formula, data: [DataSource], options: FitOptions = FitOptions()) throws {
    self = try FitRun(formula, data: data, options: options).fittedModel()
  }

  /// Fits the model that cross-products were made for.
  ///
  /// - Throws: `FitError`.
  public init(_ products: CrossProducts, options: FitOptions = FitOptions()) throws {
    self = try FitRun(
      products.specification.formula, data: [], options: options, products: products
    ).fittedModel()
  }
}
