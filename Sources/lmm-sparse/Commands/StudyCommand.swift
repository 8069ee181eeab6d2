// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Reports
import Studies

/// What the estimators do when a model is true.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Monte-Carlo study of the estimators: bias, spread, coverage, power.",
    discussion: """
      Without a formula: math = 1 + 0.8 physics + N(0, 4) of the school + N(0, 1), 30 students in each of 5, 30 \
      and 100 schools; two figures, study-slope.svg and study-variance.svg, are drawn in the current folder.

      With one, truth and design are stated as for simulate. Of --levels, --rows-per and --rows, lists make \
      one design for every combination:

          lmm-sparse study 'y ~ x + (1 + x | g)' --beta 1,0.8 --sd g=2,0.5 --levels g=5,30,100 --rows-per g=30

      Of a model file, the study is of its own design: rows, levels and covariates are those of the fit, and so are \
      the parameters, unless --beta, --sd and --sigma state others; --copies has more levels or rows. This is the power of a \
      study like the one that was done:

          lmm-sparse study sleep.lmm --beta Days=2,5 --copies Subject=1,2 --method reml

      Of a fit with a matrix of visits, --residual 'us(week | patient)', --sd takes Residual:12=11 and --copies patient=2.

      Covariates and levels of a design are drawn once; every replicate draws random effects and residuals, \
      as cross-products without rows. The same seed gives the same numbers whatever the number of threads.
      \(Study.jsonHelp)
      """)

  @Argument(help: "The formula; default: the study of schools.", completion: .file())
  var formula: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Numbers of levels of a factor, one design for each; repeatable.", valueName: "factor=n,…"))
  var levels: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Rows of every level, or of every combination 'a:b=1'; default: 30.",
      valueName: "factor=n,…"))
  var rowsPer: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Rows of the table.", valueName: "n,…"))
  var rows: String?

  @OptionGroup(title: "Truth and covariates") var stated: SimulationArguments

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Of a model file: so many times the levels of a grouping factor, with their rows; or rows=n, the rows at the same levels; repeatable.",
      valueName: "factor=n,…"))
  var copies: [String] = []

  @Option(.studyReplicates, "Responses to simulate of every design", valueName: "n")
  var replicates = 1000

  @Option(.seed, "Seed of the random numbers", valueName: "s") var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Criteria to fit by: reml, ml, or both.", valueName: "reml,ml"))
  var method = "reml,ml"

  @Option(help: ArgumentHelp("Degrees of freedom of t.", valueName: "method"))
  var ddf: DegreesOfFreedomArguments.Method = .satterthwaite

  @OptionGroup var coverage: CoverageArgument

  @Flag(help: "Coverage of profile intervals, too, of the fits by maximum likelihood.")
  var profile = false

  @Option(
    help: ArgumentHelp(
      "Draw figures into files that begin so; .svg (default), .png, .pdf or .gp at its end says what they are.",
      valueName: "prefix"), completion: .file())
  var figures: String?

  @Flag(help: "Draw no figures.")
  var noFigures = false

  @Option(help: ArgumentHelp("Write all replicates as a table.", valueName: "file"), completion: .file())
  var replicatesFile: String?

  @Option(.threads, "Threads; default: all cores", valueName: "n") var threads: Int?

  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws {
    if profile, try !methods().contains(.ml) {
      throw ValidationError("--profile is for fits by maximum likelihood: add ml to --method.")
    }
    if figures != nil, noFigures {
      throw ValidationError("--figures and --no-figures exclude each other.")
    }
    if replicatesFile == "-", report.output == nil || report.output == "-" {
      throw ValidationError("--replicates-file - needs --output FILE for the report.")
    }
    if let stored = storedFit { return try checkFit(stored) }
    if !copies.isEmpty {
      throw ValidationError("--copies is for a model file, such as model.lmm.")
    }
    if let formula {
      // Errors of the formula itself are told by the run.
      if (try? Formula(formula)) != nil { _ = try stating { try designs() } }
      return
    }
    let design = [
      ("--levels", levels.isEmpty), ("--rows-per", rowsPer == nil), ("--rows", rows == nil),
    ].filter { !$0.1 }.map(\.0)
    if let option = (design + stated.given).first {
      throw ValidationError(
        "\(option) belongs to a formula. Write one, such as 'math ~ physics + (1 | school)', or leave the option out."
      )
    }
  }

  private var storedFit: String? {
    formula.flatMap { !$0.contains("~") && ModelFile.isMeant(by: $0) ? $0 : nil }
  }

  private func checkFit(_ path: String) throws {
    let foreign =
      [("--levels", levels.isEmpty), ("--rows-per", rowsPer == nil), ("--rows", rows == nil)]
      .filter { !$0.1 }.map(\.0) + stated.given.filter { !["--beta", "--sd", "--sigma"].contains($0) }
    guard let option = foreign.first else { return }
    throw ValidationError(
      "\(option) is for a formula; \(path) has a design of its own. Change it by --beta, --sd, --sigma and --copies.")
  }

  /// The designs of a fit.
  private func designs(ofFit path: String) throws -> [StudyDesign] {
    var options = FitOptions()
    options.threads = threads ?? 0
    options.degreesOfFreedom = .none
    let fitted = try FittedModel(contentsOf: path, options: options)
    guard fitted.fit.convergence.converged else {
      throw SearchStopped(formula: path, messages: fitted.fit.convergence.messages)
    }
    var changes = FittedStudyChanges()
    (changes.coefficients, changes.deviations, changes.copies) = (stated.beta, stated.sd, copies)
    changes.sigma = stated.sigma
    return try StudyDesign.designs(of: fitted, changes)
  }

  func run() throws {
    let designs = try storedFit.map { path in try stating { try self.designs(ofFit: path) } } ?? designs()
    let drawing = try StudyDrawing(
      prefix: noFigures ? nil : figures ?? (formula == nil ? "study" : nil),
      isAsked: figures != nil, isSchools: formula == nil)
    var files = try RunFiles(
      reading: stated.files + [storedFit].compactMap(\.self), output: report.output, others: ["--replicates-file": replicatesFile])
    try drawing?.check(files)
    try report.write(files) { progress in
      var settings = StudySettings()
      (settings.replicates, settings.seed) = (replicates, seed)
      (settings.methods, settings.level) = (try methods(), coverage.level)
      settings.degreesOfFreedom = ddf.method
      settings.wantsProfiles = profile
      settings.threads = threads ?? 0
      settings.progress = { progress?.show("replicate", $0, of: $1) }
      let study = try stating { try Study(designs, settings) }
      progress?.clear()
      try files["--replicates-file"]?.write(StudyReplicates(study).report(), as: .tidy)
      try drawing?.draw(study, &files, isQuiet: report.progress.quiet)
      return study.report()
    }
  }

  private func methods() throws -> [CriterionKind] {
    let methods = try method.split(separator: ",").map { word -> CriterionKind in
      switch word {
      case "reml", "REML": return .reml
      case "ml", "ML": return .ml
      default: throw ValidationError("--method takes reml, ml or reml,ml, not '\(method)'.")
      }
    }
    guard !methods.isEmpty, Set(methods).count == methods.count else {
      throw ValidationError("--method takes reml, ml or reml,ml, not '\(method)'.")
    }
    return methods
  }

  private func designs() throws -> [StudyDesign] {
    guard let formula else { return StudyDesign.schools }
    var settings = try stated.settings()
    settings.levels = levels
    return try StudyDesign.grid(Formula(formula), settings, rowsPer: rowsPer, rows: rows)
  }
}
