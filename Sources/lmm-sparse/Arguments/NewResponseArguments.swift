// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// New responses of a saved fit: for which rows, how many, and how.
struct NewResponseArguments: ParsableArguments {
  enum RandomEffects: String, CaseIterable, ExpressibleByArgument {
    case new, kept
  }

  enum Columns: String, CaseIterable, ExpressibleByArgument {
    case all, none
  }

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "CSV, TSV, Parquet or Arrow files with the rows, or - for standard input; several files are one table.",
      valueName: "file"), completion: .file())
  var data: [String] = []

  @Option(.responses, "Responses to draw; default: 1", valueName: "n") var replicates: Int?

  @Option(
    help: ArgumentHelp(
      "Random effects: new ones for every response (default), or the conditional modes kept.",
      valueName: "which"))
  var random: RandomEffects?

  @Option(
    help: ArgumentHelp(
      "Columns of the rows to copy before the new ones: all (default) or none.",
      valueName: "which"))
  var columns: Columns?

  @OptionGroup var text: TextArguments

  /// Options that were given.
  var given: [String] {
    [
      ("--data", data.isEmpty), ("--replicates", replicates == nil), ("--random", random == nil),
      ("--columns", columns == nil), ("--encoding", text.encoding == .utf8),
      ("--decimal", text.decimal == "."),
    ].filter { !$0.1 }.map(\.0)
  }

  /// - Throws: `ValidationError`.
  func check(_ model: String) throws {
    guard !data.isEmpty else {
      throw ValidationError("name the rows after --data; \(model) holds none.")
    }
    if let file = data.first(where: { ModelFile.isMeant(by: $0) }) {
      throw ValidationError("\(file) is a model file, and --data needs rows.")
    }
  }

  /// Draws and writes.
  ///
  /// - Throws: `ModelFileError`, `DataError`, `InferenceError`, `OutputError`.
  func write(
    _ model: String, seed: UInt64, threads: Int?, output: String?, _ progress: ProgressArguments
  ) throws {
    let files = try RunFiles(reading: data + [model], output: output)
    var fitting = FitOptions()
    fitting.threads = threads ?? 0
    fitting.degreesOfFreedom = .none
    var options = PredictionOptions()
    options.reading.threads = threads ?? 0
    text.set(&options.reading)
    let line = progress.line(besidesRowsIn: output)
    options.progress = { line?.show($0) }
    let responses = try NewResponses(
      LinearPredictor(contentsOf: model, options: fitting), count: replicates ?? 1, seed: seed,
      random: random == .kept ? .kept : .new, input: columns == Columns.none ? .none : .all,
      options: options)
    var notes: [String] = []
    try files.report.write { stream in
      notes = try responses.write(data.map { tableSource(argument: $0) }) { try stream.write($0) }
    }
    line?.clear()
    progress.tell(notes)
  }
}
