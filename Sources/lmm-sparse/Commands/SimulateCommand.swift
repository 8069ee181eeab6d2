// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Studies

/// Writes a table drawn from a known model.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Draw a table from a known model.",
    discussion: """
      The model is a formula with its parameters and its design stated:

          lmm-sparse simulate 'y ~ x + (1 + x | g)' --beta 1,0.8 --sd g=2,0.5 --corr g=0.3 \
      --levels g=100 --rows-per g=30 --covariate 'x=normal(5,2)' -o data.csv

      What is not stated has a default: coefficients 0, standard deviations 1, correlations 0, 30 levels, \
      covariates N(0, 1). Levels of nested factors are stated as 'class=1000 in school' or 'class=10 per \
      school'. Rows are stated by --rows, by --rows-per g=30, or by --rows-per subject:item=1, one row for \
      every combination; factors that it leaves out are drawn for every row. Without it the rows of a \
      factor stand together, and of several crossed factors all are drawn for every row.

      Or it is one of the workloads that speed is measured on:

          lmm-sparse simulate slopes1m --rows 50000 --levels g=2000 --seed 7 --output data.csv

      Or it is a saved fit, which draws new responses for the rows of a table and adds them as sim_1, sim_2, …:

          lmm-sparse simulate model.lmm --data rows.csv --replicates 10 --seed 7

      Random effects are drawn anew, or with --random kept are the conditional modes; responses are on the \
      scale of the model's, log(y) if that was fitted.

      The same arguments give the same table, whatever the number of threads.
      """)

  @Argument(help: "A formula, a model file, or the name of a workload; --list shows these.", completion: .file())
  var model: String?

  @Flag(help: "List the workloads: name, rows, formula.")
  var list = false

  @Option(
    .rows, "Rows of the table; default: the workload's, or 30 per level", valueName: "n")
  var rows: Int?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Rows of every level, or of every combination 'a:b=1'.", valueName: "factor=n"))
  var rowsPer: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Number of levels of a factor, \(ValueRange.levels.words); repeatable.", valueName: "factor=n"))
  var levels: [String] = []

  @OptionGroup(title: "Truth and covariates") var stated: SimulationArguments
  @OptionGroup(title: "New responses of a model file") var responses: NewResponseArguments

  @Option(.seed, "Another one, another table", valueName: "n") var seed: UInt64 = 1

  @Option(.threads, "Threads; default: all cores", valueName: "n") var threads: Int?

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "Write the table to a file, whole or not at all; default: standard output.",
      valueName: "file"), completion: .file())
  var output: String?

  @OptionGroup var progress: ProgressArguments

  func validate() throws {
    if list != (model == nil) {
      throw ValidationError(
        list
          ? "--list takes no model."
          : "write a formula such as 'y ~ x + (1 | g)', or name a workload: \(SimulationDesign.workloads.map(\.name).joined(separator: ", "))."
      )
    }
    if let model, ModelFile.isMeant(by: model) {
      if let option = foreignToModelFile.first {
        throw ValidationError("\(option) is for a formula; \(model) has a model of its own.")
      }
      return try responses.check(model)
    }
    if let option = responses.given.first {
      throw ValidationError("\(option) is for a model file, such as model.lmm.")
    }
    // Errors of the formula itself are told by the run.
    if let model, !model.contains("~") || (try? Formula(model)) != nil {
      _ = try stating { try design(model) }
    }
  }

  func run() throws {
    guard let model else { return try writeToStandardOutput(Self.listing) }
    if ModelFile.isMeant(by: model) {
      return try responses.write(model, seed: seed, threads: threads, output: output, progress)
    }
    let design = try design(model)
    let files = try RunFiles(reading: stated.files, output: output)
    let simulation = Simulation(design, seed: seed)
    let line = progress.line(besidesRowsIn: output)
    var drawn = -Simulation.blockRows  // the header comes first
    try files.report.write { stream in
      try simulation.writeCSV(threads: threads ?? 0) {
        try stream.write($0)
        drawn += Simulation.blockRows
        line?.show("row", min(drawn, design.rows), of: design.rows)
      }
    }
    line?.clear()
  }

  private func design(_ model: String) throws -> SimulationDesign {
    guard model.contains("~") else { return try workload(model) }
    var settings = try stated.settings()
    (settings.rows, settings.levels) = (rows, levels)
    guard rowsPer.count <= 1 else {
      throw ValidationError("--rows-per is there twice. Combinations are written 'a:b=1'.")
    }
    settings.rowsPer = rowsPer.first
    return try SimulationDesign(Formula(model), settings)
  }

  /// Options given that say nothing to a model file.
  private var foreignToModelFile: [String] {
    [("--rows", rows == nil), ("--rows-per", rowsPer.isEmpty), ("--levels", levels.isEmpty)]
      .filter { !$0.1 }.map(\.0) + stated.given
  }

  /// The workload with the changes asked for.
  private func workload(_ name: String) throws -> SimulationDesign {
    var design = try SimulationDesign(workload: name)
    let foreign = (rowsPer.isEmpty ? [] : ["--rows-per"]) + stated.given
    if let option = foreign.first {
      throw ValidationError(
        "\(option) is for a formula; the workload \(name) has its own model. Its --rows and --levels can be changed."
      )
    }
    if let rows { try design.setRows(rows) }
    for (factor, count) in try levels.map(levelCount) { try design.setLevels(count, of: factor) }
    return design
  }

  private func levelCount(_ argument: String) throws -> (factor: String, count: Int) {
    let (factor, text) = try columnAssignment(
      argument, option: "--levels", key: "FACTOR", value: "N")
    guard let count = Int(text) else {
      throw ValidationError("--levels '\(argument)': '\(text)' is no number of levels.")
    }
    return (factor, count)
  }

  private static var listing: String {
    let workloads = SimulationDesign.workloads
    let width = workloads.map(\.name.count).max() ?? 0
    return workloads.map { workload in
      let rows = String(workload.rows)
      let gap = String(repeating: " ", count: width + 12 - workload.name.count - rows.count)
      return "\(workload.name)\(gap)\(rows)  \(workload.formula)\n"
    }.joined()
  }
}
