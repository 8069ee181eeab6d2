// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Reports

/// Where the models come from that a command names, and how they are fitted: the only place that
/// turns a MODEL on the command line into a fitted one.
struct ModelSource: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "CSV, TSV, Parquet or Arrow files for models that are formulas; several files are one table.",
      valueName: "file"), completion: .file())
  var data: [String] = []

  @OptionGroup(title: "Model") var model: ModelArguments
  @OptionGroup(title: "Data") var reading: ReadingArguments
  @OptionGroup(title: "Search") var search: SearchArguments

  /// All files that are read for these models.
  func files(of models: [String]) -> [String] {
    data + reading.files + model.files + search.files + models.filter { !$0.contains("~") }
  }

  /// - Throws: `ValidationError` where a model cannot be had.
  func check(_ models: [String]) throws {
    try model.absorbed.check(models)
    for argument in models where !argument.contains("~") {
      if ModelFile.isMeant(by: argument) { continue }
      throw ValidationError(
        "'\(argument)' is no model: it has no ~. Write a formula such as 'y ~ x + (1 | group)', and name the table after --data."
      )
    }
    let formulas = models.filter { $0.contains("~") }
    if !formulas.isEmpty, data.isEmpty {
      throw ValidationError("a formula needs a table. Name its files after --data.")
    }
    if formulas.count > 1 {
      try checkReadableAgain(data, "the table is read for each of the \(formulas.count) formulas")
    }
  }

  /// - Throws: `FormulaError`, `DataError`, `FitError`; `SearchStopped` if there is no optimum.
  func fitted(
    _ argument: String, wantsModes: Bool = false, tests: DegreesOfFreedomArguments? = nil,
    keepsCrossProducts: Bool = false, progress: ProgressLine?
  ) throws -> FittedModel {
    var options = try options(wantsModes: wantsModes, progress: progress)
    tests?.set(&options)
    options.keepsCrossProducts = keepsCrossProducts
    let fitted =
      argument.contains("~")
      ? try FittedModel(
        model.formula(argument), from: ModelInput(arguments: data), options: options)
      : try FittedModel(contentsOf: argument, options: options)
    progress?.clear()
    guard fitted.fit.convergence.converged else {
      throw SearchStopped(formula: argument, messages: fitted.fit.convergence.messages)
    }
    return fitted
  }

  /// The same for several models, of which some formulas may have no random effects.
  func fittedToCompare(_ arguments: [String], progress: ProgressLine?) throws -> [FittedModel] {
    let fixed = try arguments.map { argument -> Formula? in
      guard argument.contains("~"), model.residual == nil else { return nil }
      let formula = try model.formula(argument)
      return formula.randomTerms.isEmpty && formula.absorbedFactors.isEmpty ? formula : nil
    }
    let mixed = try zip(arguments, fixed).map { argument, formula in
      formula == nil ? try fitted(argument, progress: progress) : nil
    }
    guard let other = mixed.compactMap(\.self).first else {
      return try arguments.map { try fitted($0, progress: progress) }  // says what is missing
    }
    let options = try options(wantsModes: false, progress: progress)
    return try zip(fixed, mixed).map { formula, model in
      try model
        ?? FittedModel(
          withoutRandomEffects: formula!, likeRowsOf: other, from: ModelInput(arguments: data),
          options: options)
    }
  }

  func options(wantsModes: Bool, progress: ProgressLine?) throws -> FitOptions {
    var options = FitOptions()
    options.wantsConditionalModes = wantsModes
    try model.set(&options)
    try reading.set(&options)
    try search.set(&options)
    options.progress = { progress?.show($0) }
    return options
  }

  /// The same for figures, with the way back to the rows, and the report's tests.
  func figureSource(
    _ argument: String, wantsModes: Bool, _ tests: DegreesOfFreedomArguments? = nil,
    progress: ProgressLine?
  ) throws -> FigureSource {
    var options = try options(wantsModes: wantsModes, progress: progress)
    tests?.set(&options)
    let source =
      argument.contains("~")
      ? try FigureSource(model.formula(argument), from: ModelInput(arguments: data), options: options)
      : try FigureSource(contentsOf: argument, options: options)
    progress?.clear()
    guard source.fit.convergence.converged else {
      throw SearchStopped(formula: argument, messages: source.fit.convergence.messages)
    }
    return source
  }

  /// The files after --data that hold rows.
  ///
  /// - Throws: `ValidationError` for rows that could not be read a second time.
  func rows(for model: String) throws -> [any TableSource] {
    let input = ModelInput(arguments: data)
    let isFormula = model.contains("~")
    // Rows that went into cross-products already are not among the files.
    guard isFormula ? input.files.isEmpty : !input.data.isEmpty else { return [] }
    if isFormula { try checkReadableAgain(data, "the rows are read more than once") }
    return input.data
  }
}

/// Refuses standard input and pipes where a table is read twice, before anything waits for them.
///
/// - Throws: `ValidationError`.
func checkReadableAgain(_ files: [String], _ reason: String) throws {
  guard let once = files.map(DataSource.init(argument:)).first(where: \.isReadOnce) else { return }
  let name = once == .standardInput ? "standard input" : "the pipe \(once.name)"
  throw ValidationError(
    "\(reason), and \(name) can be read once only. Write the table to a file first.")
}

/// Tests away from the optimum would mean nothing.
struct SearchStopped: Error, CustomStringConvertible {
  let formula: String
  let messages: [String]

  var description: String {
    let reasons = messages.isEmpty ? "" : ": " + messages.joined(separator: "; ")
    let text: MessageText =
      "the search for “\(formula)” did not converge\(MessageText(sentence: reasons)). Allow more --max-evaluations, or try another --optimizer."
    return text.description
  }
}
