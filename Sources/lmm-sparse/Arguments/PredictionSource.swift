// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// A MODEL whose predictions are wanted, and the rows they are wanted for.
struct PredictionSource: ParsableArguments {
  enum Columns: String, CaseIterable, ExpressibleByArgument {
    case all, none

    var input: RowTable.InputColumns { self == .all ? .all : .none }
  }

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "CSV, TSV, Parquet or Arrow files with the rows, or - for standard input; several files are one table.",
      valueName: "file"), completion: .file())
  var data: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "For a model that is a formula: the data it is fitted to.", valueName: "file"), completion: .file())
  var train: [String] = []

  @Option(
    help: ArgumentHelp(
      "Columns of the rows to copy before the new ones: all or none.", valueName: "which"))
  var columns: Columns = .all

  @Flag(
    help: """
      Allow levels of grouping factors that the fit has not seen: their random effects \
      are zero, with their whole variance.
      """)
  var allowNewLevels = false

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("Write the table to a file, whole or not at all.", valueName: "file"), completion: .file())
  var output: String?

  @OptionGroup var progress: ProgressArguments

  @OptionGroup(title: "Model") var model: ModelArguments
  @OptionGroup(title: "Data") var reading: ReadingArguments
  @OptionGroup(title: "Search") var search: SearchArguments

  var rows: [any TableSource] { data.map { tableSource(argument: $0) } }

  /// - Throws: `ValidationError` where a model or rows are missing.
  func check(_ argument: String, trainsOnRows: Bool) throws {
    try model.absorbed.check([argument])
    guard !data.isEmpty else { throw ValidationError("name the rows after --data.") }
    if let file = data.first(where: { ModelFile.isMeant(by: $0) }) {
      throw ValidationError("\(file) is a model file, and --data needs rows.")
    }
    guard argument.contains("~") else {
      if ModelFile.isMeant(by: argument) { return }
      throw ValidationError(
        "'\(argument)' is no model: name a model file, or write a formula such as 'y ~ x + (1 | group)'."
      )
    }
    guard train.isEmpty else {
      return try checkReadableAgain(
        train.filter(data.contains), "it is read for the fit and again for its rows")
    }
    if !trainsOnRows {
      throw ValidationError("a formula needs the data it is fitted to. Name them after --train.")
    }
    try checkReadableAgain(data, "the table is read for the fit and again for its rows")
  }

  /// The model's predictor; a formula is fitted to --train, or to --data without it.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`, `ModelFileError`; `SearchStopped`.
  func predictor(
    _ argument: String, _ degreesOfFreedom: DegreesOfFreedomMethod = .none
  ) throws -> LinearPredictor {
    let line = progress.line
    var options = FitOptions()
    try model.set(&options)
    try reading.set(&options)
    try search.set(&options)
    options.degreesOfFreedom = degreesOfFreedom
    options.progress = { line?.show($0) }
    let predictor =
      argument.contains("~")
      ? try LinearPredictor(
        model.formula(argument), from: ModelInput(arguments: train.isEmpty ? data : train),
        options: options)
      : try LinearPredictor(contentsOf: argument, options: options)
    line?.clear()
    progress.tell(predictor.readingNotes)
    guard predictor.fit.convergence.converged else {
      throw SearchStopped(formula: argument, messages: predictor.fit.convergence.messages)
    }
    progress.tell(predictor.fit.convergence.messages)
    return predictor
  }

  /// With a model file, --weights and --offset name columns of the rows.
  func options(_ argument: String) throws -> PredictionOptions {
    var fitting = FitOptions()
    try reading.set(&fitting)
    var options = PredictionOptions()
    options.reading = fitting.reading
    options.reading.threads = search.threads ?? 0
    options.allowsNewLevels = allowNewLevels
    if !argument.contains("~") { (options.weights, options.offset) = (model.weights, model.offset) }
    return options
  }

  /// Where the output goes; made before the work begins.
  ///
  /// - Throws: `OutputError`.
  func destination(_ argument: String) throws -> ReportDestination {
    let models = argument.contains("~") ? [] : [argument]
    return try RunFiles(reading: data + train + reading.files + model.files + search.files + models,
      output: output).report
  }

  /// Writes a table, and what there is to say about it to standard error.
  func write(
    _ argument: String, _ degreesOfFreedom: DegreesOfFreedomMethod = .none,
    _ table: (LinearPredictor, PredictionOptions) throws -> RowTable
  ) throws {
    let destination = try destination(argument)
    let line = progress.line(besidesRowsIn: output)
    var options = try options(argument)
    options.progress = { line?.show($0) }
    let table = try table(predictor(argument, degreesOfFreedom), options)
    var notes: [String] = []
    try destination.write { stream in notes = try table.write(rows) { try stream.write($0) } }
    line?.clear()
    progress.tell(notes)
  }
}
