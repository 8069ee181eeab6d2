// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// What a model is fitted to: saved cross-products, tables of rows, or both, which are added up.
package struct ModelInput: Sendable {
  /// Model files.
  package let files: [String]
  /// Together one table.
  package let data: [any TableSource]
  /// All of them as reports name them, in the order given.
  package let names: [any TableSource]

  package init(files: [String], data: [any TableSource]) {
    (self.files, self.data) = (files, data)
    names = files.map { DataSource.file($0) } + data
  }

  /// Tells model files from tables, see `ModelFile.isMeant`.
  package init(arguments: [String]) {
    let isFile = arguments.map { ModelFile.isMeant(by: $0) }
    files = zip(arguments, isFile).filter(\.1).map(\.0)
    data = zip(arguments, isFile).filter { !$0.1 }.map { tableSource(argument: $0.0) }
    names = arguments.map { tableSource(argument: $0) }
  }

  /// The cross-products of a formula over all of them.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`, `ModelFileError`.
  package func crossProducts(_ formula: Formula, options: FitOptions) throws -> CrossProducts {
    try formula.checkStructures()
    if let residual = options.residual, !residual.isSerial(beside: formula) {
      try FittedModel.checkRepeated(residual, formula, options)
    }
    guard let first = files.first else {
      return try CrossProducts(formula, data: data, options: options)
    }
    let repeats = try RepeatedRows(self)
    var total = try CrossProducts(contentsOf: first)
    let chosen = Set(options.levels.keys).union(options.contrasts.keys)
      .union(options.defaultContrast == nil ? [] : total.specification.codedFactors)
    for file in files.dropFirst() {
      try total.merge(CrossProducts(contentsOf: file), names: (first, file), chosen: chosen)
    }
    if !data.isEmpty {
      var options = options
      options.reading.allowsNoRows = true
      options.splines = total.specification.options.splines
      options.sparseFixed = .factors(total.specification.options.setApart)
      let rows = try CrossProducts(formula, data: data, options: options)
      try total.merge(rows, names: (first, data[0].name), chosen: chosen)
    }
    try total.check(options, name: first)
    total = try total.narrowed(to: formula, name: first)
    total.notes += repeats.notes
    return total
  }
}

extension CrossProducts {
  /// Refuses options that came too late for cross-products that were made without them.
  package func check(_ options: FitOptions, name: String) throws {
    let model = specification.options
    for (given, made, option) in [
      (options.weights, model.weights, "weights"), (options.offset, model.offset, "offset"),
    ] {
      if let given, given != made {
        throw ModelFileError(
          name,
          .unusable(
            "it was made \(made.map { "with --\(option) \($0)" } ?? "without --\(option)"), so --\(option) \(given) comes too late. Make the cross-products with it."
          ))
      }
    }
    if let given = options.residualBy, try model.residualBy.map(StrataFormula.init)?.name != StrataFormula(given).name {
      let made = model.residualBy.map { "with \(Setting.residualBy) “\($0)”" }
      throw ModelFileError(
        name,
        .unusable(
          "it was made \(made ?? "without \(Setting.residualBy)"), so \(Setting.residualBy) “\(given)” comes too late. Make the cross-products with it."
        ))
    }
    if let given = options.residual, !specification.hasSums(of: given) {
      throw ModelFileError(
        name,
        .unusable(
          "it was made \(model.residual.map { "with \(Setting.residual($0.text))" } ?? "without \(Setting.residual())"), so \(Setting.residual(given.text)) comes too late. Make the cross-products with it."
        ))
    }
    let chosen = Set(options.levels.keys).union(options.contrasts.keys)
      .union(options.reading.categoricalColumns)
    let factors = Set(basis.factors.map(\.name))
    for column in chosen.sorted() where !factors.contains(column) {
      throw FitError.notAFactor(column: column, name: name)
    }
    if let text = options.reading.missingTexts.subtracting(model.missingTexts).sorted().first {
      throw ModelFileError(
        name,
        .unusable(
          "it was made without \(Setting.missingText()) “\(text)”, which comes too late. Make the cross-products with it."
        ))
    }
    if !options.omitsMissing, omittedObservations > 0 {
      throw ModelFileError(
        name,
        .unusable(
          "\(omittedObservations) rows with a missing value were left out when it was made, and \(Setting.omitsMissing(false)) allows none."
        ))
    }
  }
}

extension ModelPlan {
  /// For rows, saved cross-products, or both together.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`, `ModelFileError`.
  package init(_ formula: Formula, from input: ModelInput, options: FitOptions) throws {
    let products = try input.crossProducts(formula, options: options)
    guard products.specification.residual == nil else {
      try self.init(repeated: products, options)
      return
    }
    try self.init(products, options: options)
  }
}
