// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Reports

/// The parametric bootstrap of one model, or of the likelihood-ratio test of two.
struct BootstrapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bootstrap",
    abstract: "Parametric bootstrap: intervals for all parameters, or a test of two nested models.",
    discussion: """
      Responses are simulated from the fitted model by their cross-products, without rows, and refitted:

          lmm-sparse bootstrap 'y ~ x + (x | g)' --data t.csv --replicates 1000 --seed 1
          lmm-sparse bootstrap 'y ~ x + (x | g)' 'y ~ x + (1 | g)' --data t.csv --replicates 1000

      With two models, responses are those of the smaller one, and both are fitted to them. The same seed \
      gives the same numbers whatever the number of threads. With --checkpoint an interrupted run goes on \
      when its command is repeated, also with more --replicates.
      Of one model, \(BootstrapReport.jsonHelp)
      Of two, \(BootstrapTest.jsonHelp)
      """)

  @Argument(
    help: "The model, and perhaps one to test against it: model files, or formulas with --data.")
  var models: [String]

  @Option(.replicates, "Responses to simulate", valueName: "n") var replicates = 1000

  @Option(.seed, "Seed of the random numbers", valueName: "s") var seed: UInt64 = 1

  @OptionGroup var coverage: CoverageArgument

  @Option(help: ArgumentHelp("Write all replicates as a table.", valueName: "file"), completion: .file())
  var csv: String?

  @Option(
    help: ArgumentHelp(
      "Keep replicates there from time to time, and go on from what it holds.", valueName: "file"), completion: .file())
  var checkpoint: String?

  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws {
    try source.check(models)
    guard models.count <= 2 else {
      throw ValidationError(
        "bootstrap takes one model, or two to test one against the other, not \(models.count).")
    }
    if checkpoint == "-" { throw ValidationError("--checkpoint takes a file, not '-'.") }
    if csv == "-", report.output == nil || report.output == "-" {
      throw ValidationError("--csv - needs --output FILE for the report.")
    }
  }

  func run() throws {
    let files = try RunFiles(
      reading: source.files(of: models), output: report.output,
      others: ["--csv": csv, "--checkpoint": checkpoint])
    let table = files["--csv"]
    let store = try checkpoint.flatMap { path in
      try files["--checkpoint"].map { try CheckpointFile(path: path, destination: $0) }
    }
    try report.write(files) { progress in
      let fitted = try models.map { try source.fitted($0, progress: progress) }
      let notes = fitted.flatMap(\.fit.convergence.messages)
      if fitted.count == 2 {
        let comparison = try BootstrapComparison(
          (name: models[0], model: fitted[0]), (name: models[1], model: fitted[1]))
        let test = try keeping(
          store, comparison.fingerprint(seed: seed), BootstrapTest.names, progress
        ) { try comparison.test($0) }
        try write(test.replicates, BootstrapTest.names, to: table)
        return test.report(notes: notes)
      }
      let names = fitted[0].bootstrapNames
      let bootstrap = try keeping(
        store, fitted[0].bootstrapFingerprint(seed: seed), names, progress
      ) { try fitted[0].bootstrap($0) }
      try write(bootstrap.replicates, names, to: table)
      return BootstrapReport(bootstrap, level: coverage.level).report(notes: notes)
    }
  }

  /// Runs a series that goes on from the checkpoint and leaves its replicates there.
  private func keeping<Result>(
    _ store: CheckpointFile?, _ fingerprint: String, _ names: [String], _ progress: ProgressLine?,
    _ run: (BootstrapOptions) throws -> Result
  ) throws -> Result {
    var options = BootstrapOptions()
    (options.replicates, options.seed) = (replicates, seed)
    options.completed = try store?.replicates(fingerprint: fingerprint, names: names) ?? []
    tell(options.completed.count, done: options.completed.count)
    options.progress = { all in
      progress?.show("replicate", all.count, of: replicates)
      let kept = try store?.keep(
        all, fingerprint: fingerprint, names: names, isLast: all.count >= replicates)
      tell(kept ?? 0, done: all.count)
    }
    let result = try run(options)
    tellOnInterrupt("")
    progress?.clear()
    return result
  }

  /// What an interrupt says.
  private func tell(_ kept: Int, done: Int) {
    guard let checkpoint else {
      return tellOnInterrupt(
        "interrupted at replicate \(done) of \(replicates), and none is kept. With --checkpoint FILE the run can go on.\n"
      )
    }
    tellOnInterrupt(
      "interrupted: \(kept) of \(replicates) replicates are kept in \(printableText(checkpoint)). Repeat the command to go on.\n"
    )
  }

  private func write(
    _ replicates: [BootstrapReplicate], _ names: [String], to table: ReportDestination?
  ) throws {
    try table?.write(BootstrapReplicates(replicates, names: names).report(), as: .tidy)
  }
}
