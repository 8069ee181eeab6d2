// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Reports

/// Draws a figure of a model or of a table of results.
struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draw a figure of a model or of a table of results.",
    discussion: """
      gnuplot draws (Debian: gnuplot-nox) to .svg, .png or .pdf; .gp writes its commands instead:

          lmm-sparse plot data sleep.lmm --data sleepstudy.csv -o lines.svg
          lmm-sparse plot data sleep.lmm --data sleepstudy.csv --layout lines -o spaghetti.svg
          lmm-sparse plot caterpillar sleep.lmm --terminal
          lmm-sparse plot means trial.lmm --means '~ week:arm | sex' -o means.svg

      KIND is one of
        data         rows and what is fitted to them, by level; needs the rows after --data.
                     In panels, or with --layout lines as the lines of all levels in one panel
        residuals    residuals against fitted values; needs the rows
        qq           normal quantiles of the conditional modes, with the rows of residuals, too
        coefficients estimates of the fixed part with 95 % intervals
        means        marginal means or slopes, as emmeans computes them, of what --means names: the first
                     variable along the axis, others in colours, a panel for each level behind |
        deviations   residual standard deviations by stratum, or by visit and arm, with 95 % intervals
        correlations correlation matrices of residuals and random effects
        caterpillar  conditional modes with 95 % intervals, sorted
        shrinkage    estimates from each level's own rows against those of the model
        map          effects of plots, ar1(row):ar1(column), where they lie
        correlogram  correlations of these effects along each axis, by distance, beside the model's
        variogram    differences between residuals of one subject by the time between them, of --residual; needs
                     the rows
        trace        the search for the optimum
        profile      ζ of all parameters; or of a table that confint --curves wrote, as MODEL
        study        estimates of one --parameter, design by design, of a table that
                     study --replicates-file wrote
        scaling      time and memory, of a table that Benchmarks/Scaling wrote

      Of millions of rows or levels densities and levels at equally spaced ranks are drawn.
      """)

  @Argument(help: "What to draw.")
  var kind: String

  @Argument(help: "The model: a model file, or a formula with --data; or a table of results.", completion: .file())
  var model: String

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The figure's file: .svg, .png, .pdf or .gp.", valueName: "file"), completion: .file())
  var output: String?

  @Flag(help: "Draw with characters, as wide as the terminal.")
  var terminal = false

  @Option(help: ArgumentHelp("The grouping factor to show.", valueName: "name"))
  var group: String?

  @Option(
    name: .customLong("x"),
    help: ArgumentHelp(
      "The number or factor on the horizontal axis of data.", valueName: "name"))
  var covariate: String?

  @Option(
    help: ArgumentHelp(
      "How data lays levels out: panels, one for each, or lines, all in one panel.",
      valueName: "layout"))
  var layout: DataLayout?

  @Option(
    help: ArgumentHelp(
      "The parameter that study shows, such as 'var_(Intercept)|school'; default: the first variance of random effects.",
      valueName: "name"))
  var parameter: String?

  @Option(help: ArgumentHelp("What means shows: '~ f', '~ f:g | h'.", valueName: "formula"))
  var means: String?

  @OptionGroup(title: "Marginal means") var grid: MeansArguments
  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments

  @OptionGroup(title: "Appearance") var appearance: AppearanceArguments

  @OptionGroup var progress: ProgressArguments

  @OptionGroup var source: ModelSource

  func validate() throws {
    let kind: FigureKind
    do {
      kind = try FigureKind(name: self.kind)
      if let output, !terminal { _ = try FigureTerminal(path: output) }
    } catch {
      throw ValidationError(error.description)
    }
    if output == nil, !terminal {
      throw ValidationError(
        "name the figure's file after -o, such as -o \(kind.rawValue).svg, or ask for --terminal.")
    }
    if terminal, appearance.size != nil {
      throw ValidationError("--size is for files; --terminal is as wide as the terminal.")
    }
    if covariate != nil, kind != .data {
      throw ValidationError("--x is for the figure data.")
    }
    if layout != nil, kind != .data {
      throw ValidationError("--layout is for the figure data.")
    }
    if group != nil, ![.data, .qq, .caterpillar, .shrinkage, .map, .correlogram].contains(kind) {
      throw ValidationError("--group is for the figures data, qq, caterpillar, shrinkage, map and correlogram.")
    }
    guard (means != nil) == (kind == .means) else {
      throw ValidationError(
        kind == .means
          ? "say what to draw means of after --means, such as --means '~ f'."
          : "--means is for the figure means.")
    }
    if kind == .means { try grid.check() } else if grid.areGiven {
      throw ValidationError("--at, --trends, --type and --cell-weights are for the figure means.")
    }
    if tests.areGiven, ![.coefficients, .means].contains(kind) {
      throw ValidationError(
        "--ddf, --vcov and --cluster are for the figures coefficients and means: \(kind.rawValue) tests nothing."
      )
    }
    if parameter != nil, kind != .study {
      throw ValidationError("--parameter is for the figure study.")
    }
    if isModel || !kind.takesTable {
      guard kind.takesModel else {
        throw ValidationError(
          "the figure \(kind.rawValue) is drawn from a table of results, and \(model) is a model. See lmm-sparse plot --help."
        )
      }
      try source.check([model])
    }
    if kind.needsRows, source.data.isEmpty {
      throw ValidationError(FigureError.needsRows(kind: kind.rawValue).description)
    }
  }

  func run() throws {
    let files = try RunFiles(reading: source.files(of: [model]), output: output)
    let line = progress.line
    let figure = try figure(FigureKind(name: kind), progress: line)
    line?.clear()
    let drawing = try figure.drawn(on: target, appearance.labels)
    try files.report.write { try $0.write(drawing) }
  }

  private var isModel: Bool { model.contains("~") || ModelFile.isMeant(by: model) }

  private var target: FigureTerminal {
    get throws {
      guard !terminal, let output else {
        let size = terminalSize()
        return .text(columns: size.columns, rows: min(max(size.rows - 2, 16), 30))
      }
      return try FigureTerminal(path: output)
    }
  }

  private func figure(_ kind: FigureKind, progress: ProgressLine?) throws -> any Figure {
    if kind.takesTable, !isModel {
      return try Reports.figure(kind, ofTable: model, parameter: parameter)
    }
    let rows = kind.usesRows ? try source.rows(for: model) : []
    if kind.needsRows, rows.isEmpty { throw FigureError.needsRows(kind: kind.rawValue) }
    let fitted = try source.figureSource(
      model, wantsModes: kind.needsConditionalModes, tests, progress: progress)
    self.progress.tell(fitted.fit.convergence.messages)
    if let means {
      var options = try grid.options()
      options.method = tests.method
      return try fitted.figure(MeansSpecification(means), options)
    }
    return try fitted.figure(
      kind, data: rows, group: group, covariate: covariate, layout: layout ?? .panels)
  }
}

extension DataLayout: ExpressibleByArgument {}
