// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
package import NumericalMethods

extension Fit {
  /// Reads a fit that was saved; no rows and no search.
  ///
  /// Estimates are computed from the cross-products in the file, at the θ in the file.
  ///
  /// `options` say how to compute: threads, solver, conditional modes. What belongs to the model
  /// comes from the file.
  ///
  /// - Throws: `ModelFileError` if the file is none of ours, holds no fit, is damaged, or if its
  ///   cross-products do not reproduce the criterion to 10⁻¹⁰ of its size.
  public init(contentsOf path: String, options: FitOptions = FitOptions()) throws {
    self = try FitRun.restored(from: path, options: options).fit(scaledResiduals: nil)
  }

  /// Fits a model to data and saves the fit with its cross-products.
  ///
  /// The file is there when the fit is, or not at all. Cross-products go to the disk before the
  /// search begins, so that saving takes no memory.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`; `ModelFileError` if it cannot be written.
  public init(
    _ formula: Formula, data: [DataSource], options: FitOptions = FitOptions(),
    savingTo path: String
  ) throws {
    self = try saving(to: path) {
      try Fit(formula, from: ModelInput(files: [], data: data), options: options, savingTo: $0)
    }
  }

  /// Fits the model that cross-products were made for and saves both.
  ///
  /// - Throws: `FitError`; `ModelFileError` if the file cannot be written.
  public init(
    _ products: CrossProducts, options: FitOptions = FitOptions(), savingTo path: String
  ) throws {
    self = try saving(to: path) { sink in
      let writer = ModelFileWriter(sink)
      let run = try FitRun([], options, writer: writer) { products }
      let fit = try run.fit(scaledResiduals: nil)
      try run.save(fit, to: writer)
      return fit
    }
  }

  /// Fits a formula to rows, to saved cross-products, or to both together.
  ///
  /// The fit and its cross-products are saved to `sink`, if there is one.
  ///
  /// - Throws: what the public initializers throw.
  package init(
    _ formula: Formula, from input: ModelInput, options: FitOptions, savingTo sink: ByteSink? = nil
  ) throws {
    let writer = sink.map { ModelFileWriter($0) }
    let run = try FitRun(input.names, options, writer: writer) {
      try input.crossProducts(formula, options: options)
    }
    // Rows that went into a file cannot be read again.
    let fit =
      try input.files.isEmpty ? run.report(readingAgain: input.data) : run.fit(scaledResiduals: nil)
    if let writer { try run.save(fit, to: writer) }
    self = fit
  }
}

private func saving(to path: String, _ fit: (ByteSink) throws -> Fit) throws -> Fit {
  var result: Fit?
  try writeModelFile(path) { result = try fit($0) }
  return result!
}
