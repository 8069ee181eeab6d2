// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import NumericalMethods

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Sums one part of a table up, for a fit elsewhere or later.
struct CrossprodCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crossprod",
    abstract: "Save the cross-products of one part of the data.",
    discussion: """
      All that a model needs of its rows, in one file whose size depends on the levels and not on \
      the rows. Parts are added up by fit, in any order:

          lmm-sparse crossprod 'y ~ x + (x | g)' part1.csv -o part1.lmm
          lmm-sparse crossprod 'y ~ x + (x | g)' part2.csv -o part2.lmm
          lmm-sparse fit 'y ~ x + (x | g)' part1.lmm part2.lmm

      or by crossprod itself, to one file again. Give all parts the same options. A part may be \
      empty but for its header.
      """)

  @Argument(help: "The model, such as 'y ~ x + (x | group)'.", completion: .file())
  var formula: String

  @Argument(
    help: ArgumentHelp(
      """
      CSV or TSV files with a header line, gzipped or not, Parquet or Arrow files, - for standard input, or model files \
      (.lmm). All are added up.
      """, valueName: "data"), completion: .file())
  var tables: [String] = []

  @OptionGroup var more: DataArgument

  /// All that is to be added up.
  var data: [String] { tables + more.data }

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "The file to write, whole or not at all; - for standard output.", valueName: "file.lmm"), completion: .file())
  var output: String

  @Option(help: ArgumentHelp("Column of prior weights.", valueName: "column"))
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "Column added to the linear predictor with coefficient 1.", valueName: "column"))
  var offset: String?

  @OptionGroup var absorbed: AbsorbedArguments

  @Option(
    help: ArgumentHelp(
      "Residual variances by stratum: a column, or '~ a + b' for every combination of levels.",
      valueName: "column"))
  var residualBy: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Covariances of a subject's residuals: 'us(visit | subject)' and the other structures of visits, of which a fit may take any, or, beside random effects, 'ar1(time | subject)' or 'car1(time | subject)'. All rows of a subject must be in one part.",
      valueName: "structure"))
  var residual: String?

  @Option(
    help: ArgumentHelp(
      "Column of clusters to sum for, so that covariances can be cluster-robust.",
      valueName: "column"))
  var cluster: String?

  @OptionGroup(title: "Data") var reading: ReadingArguments

  @Option(.threads, "Threads; default: all cores", valueName: "n") var threads: Int?

  @OptionGroup var progress: ProgressArguments

  func validate() throws {
    try checkFormula(formula, data, command: "crossprod")
    if output == "-", isatty(STDOUT_FILENO) == 1 {
      throw ValidationError("the file is binary. Name it with -o FILE.lmm, or pipe it on.")
    }
  }

  func run() throws {
    let files = try RunFiles(reading: data + reading.files, output: output)
    let progress = progress.line
    var options = FitOptions()
    (options.weights, options.offset, options.clusters) = (weights, offset, cluster)
    options.residualBy = residualBy
    absorbed.set(&options)
    options.residual = try residual.map { try ResidualTerm($0) }
    try reading.set(&options)
    (options.threads, options.reading.threads) = (threads ?? 0, threads ?? 0)
    options.reading.allowsNoRows = true
    options.progress = { progress?.show($0) }
    let products = try ModelInput(arguments: data).crossProducts(
      absorbed.formula(formula), options: options)
    progress?.clear()
    try files.report.write { try products.write(to: $0.sink) }
    self.progress.tell(products.notes)
  }
}
