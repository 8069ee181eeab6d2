// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames
package import NumericalMethods

extension FittedModel {
  /// Reads a fit that was saved; no rows and no search.
  ///
  /// Estimates are computed from the cross-products in the file, at the θ in the file. `options` say
  /// how to compute: threads, solver, conditional modes. What belongs to the model comes from the file.
  ///
  /// - Parameters:
  ///   - path: The model file.
  ///   - options: What does not come from the file.
  ///   - requiresModes: Whether to refuse a model without random effects where conditional modes are wanted.
  /// - Throws: `ModelFileError` if the file is none of ours, holds no fit, is damaged, or if its
  ///   cross-products do not reproduce the criterion to 10⁻¹⁰ of its size.
  public convenience init(
    contentsOf path: String, options: FitOptions = FitOptions(), requiresModes: Bool = true
  ) throws {
    let file = try ModelFile(path)
    guard file.holdsFit else { throw ModelFileError(path, .noFit) }
    let saved = try file.reading { try SavedOptimum(file.archive) }
    var options = options
    options.criterion = saved.criterion
    (options.levels, options.contrasts) = (saved.levels, saved.contrasts)
    options.relationships = saved.relationships
    options.covaryingFactors = saved.covaryingFactors
    (options.knownTheta, options.knownSigma) = (saved.knownTheta, saved.knownSigma)
    options.held = saved.held
    options.coefficientCovariance = options.coefficientCovariance ?? saved.coefficientCovariance
    options.clusters = options.clusters ?? saved.clusters
    let data = saved.data.map { tableSource(argument: $0) }
    try self.init(
      file: file, data, options, saved)
    if repeated != nil {
      options.wantsConditionalModes = options.wantsConditionalModes && requiresModes
      try Self.checkRepeated(options.adopting(products.specification))
    }
    if let part = saved.reported?.difference(from: optimum, model) {
      throw ModelFileError(path, .notOfThisFit("\(part) in \(SavedOptimum.reportMember)"))
    }
  }

  private convenience init(
    file: ModelFile, _ data: [any TableSource], _ options: FitOptions, _ saved: SavedOptimum
  ) throws {
    do {
      let products = try file.reading { try file.crossProducts() }
      if products.specification.residual != nil {
        try self.init(
          repeatedIn: file, products, data, options, saved)
        return
      }
      try self.init(
        data, options,
        restored: { model, products, options in
          try file.reading { try saved.restored(model, products, options) }
        }, { products })
    } catch let error as ModelFileError {
      throw error
    } catch let error as NotReproduced {
      throw ModelFileError(file.path, .notReproduced(saved: error.saved, found: error.found))
    } catch let error as NotOfThisFit {
      throw ModelFileError(file.path, .notOfThisFit(error.part))
    } catch {
      throw ModelFileError(file.path, .unusable("its fit cannot be computed again: \(error)"))
    }
  }

  /// Fits a formula to rows, to saved cross-products, or to both together; the cross-products go to
  /// `writer`, if there is one, before the search begins.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`, `ModelFileError`.
  package convenience init(
    _ formula: Formula, from input: ModelInput, options: FitOptions, writer: ModelFileWriter? = nil
  ) throws {
    try self.init(input.names, options, didRead: { try writer?.add($0) }) {
      try input.crossProducts(formula, options: options)
    }
  }

  /// Saves the fit with its cross-products.
  ///
  /// The file is there when all of it is, or not at all.
  ///
  /// - Throws: `ModelFileError` if it cannot be written, or if the cross-products were not kept
  ///   (`FitOptions.keepsCrossProducts`).
  public func save(to path: String) throws {
    guard
      repeated != nil
        || options.keepsCrossProducts && !isComparison
    else {
      throw ModelFileError(
        path, .unusable("the fit has not kept its cross-products, so it cannot be saved."))
    }
    let fit = try tested()
    try writeModelFile(path) { sink in
      let writer = ModelFileWriter(sink)
      try writer.add(products)
      try add(fit, to: writer)
    }
  }

  /// Adds the fit to a file that holds its cross-products.
  func add(_ fit: Fit, to writer: ModelFileWriter) throws {
    let columns = Set(products.specification.columnKinds.keys)
    try writer.add(
      SavedOptimum(
        outcome: repeated?.optimum.outcome ?? optimum.outcome, options: options, columns: columns, fit: fit),
      report: fit.json)
    try writer.finish()
  }
}

extension Fit {
  /// Reads a fit that was saved; no rows and no search.
  ///
  /// - Throws: what `FittedModel(contentsOf:)` throws.
  public init(contentsOf path: String, options: FitOptions = FitOptions()) throws {
    self = try FittedModel(contentsOf: path, options: options.discardingCrossProducts).finished()
  }

  /// Fits a model to data and saves the fit with its cross-products.
  ///
  /// The file is there when the fit is, or not at all. Cross-products go to the disk before the
  /// search begins, so that saving takes no memory.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`; `ModelFileError` if it cannot be written.
  public init(
    _ formula: Formula, data: [any TableSource], options: FitOptions = FitOptions(),
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
      let fitted = try FittedModel(
        [], options.discardingCrossProducts, didRead: writer.add
      ) { products }
      let fit = try fitted.finished()
      try fitted.add(fit, to: writer)
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
    let fitted = try FittedModel(
      formula, from: input, options: options.discardingCrossProducts, writer: writer)
    // Rows that went into a file cannot be read again.
    let fit = try fitted.finished(readingAgain: input.files.isEmpty ? input.data : [])
    if let writer { try fitted.add(fit, to: writer) }
    self = fit
  }
}

private func saving(to path: String, _ fit: (ByteSink) throws -> Fit) throws -> Fit {
  var result: Fit?
  try writeModelFile(path) { result = try fit($0) }
  return result!
}
