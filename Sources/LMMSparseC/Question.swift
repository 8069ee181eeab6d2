// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports
import Studies

/// A command about one model, with its options.
struct Question {
  private let request: Request
  private let command: Command
  private let forms: ReportForms

  private enum Command: String, CaseIterable {
    case summary, fixef, ranef, anova, drop1, ranova, select, contrast, confint, emmeans, variance, bootstrap
    case study

    /// Beside command and format.
    var options: [String] {
      switch self {
      case .summary: ["ranef", "verbose"] + Self.tests
      case .fixef: ["absorbed", "se"] + Self.tests
      case .ranef: []
      case .anova: ["type"] + Self.tests
      case .drop1: Self.tests
      case .ranova: ["boundary", "simulations", "replicates", "seed"]
      case .select: ["by", "alpha", "most"]
      case .contrast: ["hypothesis", "L", "level"] + Self.tests
      case .confint:
        ["method", "parameters", "level", "replicates", "seed", "interval", "points"] + Self.tests
      case .emmeans:
        MeansRequest.names + ["level"] + Self.tests
      case .variance: ["ratio", "level", "decompose", "seed"]
      case .bootstrap: ["replicates", "seed", "level", "csv"]
      case .study: ["beta", "sd", "sigma", "copies", "replicates", "seed", "method", "ddf", "level", "profile", "csv"]
      }
    }

    private static let tests = TestRequest.names

    /// Of the reports that do not say it themselves; intervals do not always test.
    var saysHowItTests: Bool {
      switch self {
      case .anova, .drop1, .contrast, .emmeans: true
      case .summary, .fixef, .ranef, .ranova, .select, .confint, .variance, .bootstrap, .study: false
      }
    }
  }

  private enum IntervalMethod: String, CaseIterable { case profile, wald, bootstrap }
  private enum IntervalKind: String, CaseIterable { case percentile, basic }

  init(_ text: UnsafePointer<CChar>?) throws {
    request = try Request(text, "lmm_call")
    guard let command = try request.word("command", Command.self) else {
      let known = joinedAsChoice(Command.allCases.map(\.rawValue))
      throw RequestError("lmm_call needs a \"command\": \(known).")
    }
    self.command = command
    try request.check(["command", "format"] + command.options)
    forms = try ReportForms(request)
    if forms.haveGlance, command != .summary {
      throw request.fault("format", "is glance for the command summary only")
    }
  }

  func answer(_ model: ModelHandle, _ progress: Progress) throws -> JSONText {
    let fitted = try TestRequest(request).applied(to: model.fitted)
    var notes = fitted.fit.convergence.messages
    if command.saysHowItTests { notes += try fitted.covarianceNotes() }
    switch command {
    case .summary: return try summary(model, tested: fitted)
    case .fixef: return forms.text(of: try fixedEffects(fitted).report())
    case .select:
      let selection = try fitted.randomPartSelection(
        by: try request.word("by", SelectionRule.self) ?? .lrt,
        alpha: try request.double("alpha") ?? 0.1, most: try request.integer("most") ?? 200)
      return forms.text(of: selection.report())
    case .ranef:
      let modes = try fitted.withConditionalModes()
      return forms.text(
        of: ConditionalModesReport(modes.fit, reliabilities: try modes.reliabilities()).report())
    case .anova:
      guard let type = TypeOfHypothesis(rawValue: try request.integer("type") ?? 3) else {
        throw request.fault("type", "takes 1, 2 or 3")
      }
      return forms.text(of: try fitted.anova(type: type, try ddf).report(notes: notes))
    case .drop1: return forms.text(of: try fitted.singleTermDeletions(try ddf).report(notes: notes))
    case .ranova:
      let deletions = try fitted.randomTermDeletions(
        boundary: try request.word("boundary", BoundaryMethod.self) ?? .mixture,
        simulations: try request.integer("simulations") ?? 10_000,
        seed: try request.seed("seed") ?? 1, replicates: try request.bootstrapOptions(progress))
      return forms.text(of: deletions.report(notes: notes))
    case .contrast: return forms.text(of: try contrast(fitted).report(notes: notes))
    case .confint: return try intervals(fitted, notes, progress)
    case .emmeans: return forms.text(of: try means(fitted).report(notes: notes))
    case .variance:
      let factors = try request.strings("decompose")
      guard factors.isEmpty else {
        let decomposition = try fitted.varianceDecomposition(
          factors, level: try level, seed: try request.seed("seed") ?? 1)
        return forms.text(of: decomposition.report(notes: notes))
      }
      let explained = try fitted.varianceExplained(
        ratios: try request.strings("ratio"), level: try level)
      return forms.text(of: explained.report(notes: notes))
    case .bootstrap:
      let bootstrap = try fitted.bootstrap(try request.bootstrapOptions(progress))
      if try request.bool("csv") ?? false {
        return .table(bootstrap.replicates, names: fitted.bootstrapNames)
      }
      return forms.text(of: BootstrapReport(bootstrap, level: try level).report(notes: notes))
    case .study: return try study(model.fitted, progress)
    }
  }

  private var ddf: DegreesOfFreedomMethod { get throws { try TestRequest(request).method } }

  private var level: Double { get throws { try request.double("level") ?? 0.95 } }

  private func summary(_ model: ModelHandle, tested: FittedModel) throws -> JSONText {
    var fit = model.fit
    if tested !== model.fitted {
      fit = try tested.tested()
      fit.scaledResiduals = model.fit.scaledResiduals
    }
    if try request.bool("ranef") ?? false {
      fit = try fit.with(modesOf: model.fitted.withConditionalModes().fit)
    }
    return forms.text(of: fit.report(isVerbose: try request.bool("verbose") ?? false), glance: fit.glance)
  }

  private func fixedEffects(_ fitted: FittedModel) throws -> FixedEffectsReport {
    let isAbsorbed = try request.bool("absorbed") ?? false
    let wantsErrors = try request.bool("se") ?? false
    guard isAbsorbed || !wantsErrors else {
      throw request.fault("se", "is for the levels of \"absorbed\"; the coefficients have theirs")
    }
    if isAbsorbed, fitted.absorbedEffects.isEmpty {
      throw request.fault("absorbed", "is for factors that were absorbed, and “\(fitted.fit.formula)” has none")
    }
    return FixedEffectsReport(
      try fitted.tested(), absorbed: isAbsorbed ? fitted.absorbedEffects : [],
      errors: wantsErrors ? try fitted.absorbedStandardErrors() : [])
  }

  private func contrast(_ fitted: FittedModel) throws -> ContrastTable {
    var rows: [CoefficientHypothesis] = []
    if let value = request["L"] {
      guard case .array(let given) = value else { throw request.fault("L", "takes rows of numbers") }
      for row in given {
        let numbers = try request.doubles(row, "L").map { "\($0)" }
        rows.append(try fitted.hypothesis(row: numbers.joined(separator: ",")))
      }
    }
    let hypotheses = rows + (try request.strings("hypothesis").map { try fitted.hypothesis($0) })
    guard !hypotheses.isEmpty else {
      throw RequestError("nothing to test: give \"hypothesis\", such as \"Days = 0\", or \"L\", such as [[0, 1]].")
    }
    return try fitted.contrast(hypotheses, try ddf, level: try level)
  }

  private func intervals(
    _ fitted: FittedModel, _ notes: [String], _ progress: Progress
  ) throws -> JSONText {
    let parameters = try request.strings("parameters")
    let method = try request.word("method", IntervalMethod.self) ?? .profile
    if method != .wald, let robust = ["vcov", "cluster"].first(where: request.has) {
      throw request.fault(robust, "is for Wald's intervals, not for those of \"method\": \"\(method.rawValue)\"")
    }
    let report: Report
    switch method {
    case .profile:
      var options = ProfileOptions()
      (options.level, options.parameters) = (try level, parameters)
      options.pointsPerSide = try request.integer("points") ?? 0
      options.progress = { try progress.tell("profile", $0, of: $1) }
      let profile = try fitted.profile(options)
      if request.has("points") { return forms.text(of: ProfileCurves(profile).report()) }
      report = ConfidenceReport(profile).report(notes: notes)
    case .wald:
      let intervals = try fitted.waldIntervals(level: try level, try ddf, parameters: parameters)
      report = try ConfidenceReport(wald: intervals, fitted, level: level, ddf)
        .report(notes: notes + fitted.covarianceNotes())
    case .bootstrap:
      let chosen = try fitted.intervalParameters(named: parameters)
      let bootstrap = try fitted.bootstrap(try request.bootstrapOptions(progress))
      let kind: BootstrapInterval.Kind =
        try request.word("interval", IntervalKind.self) == .basic ? .basic : .percentile
      report = ConfidenceReport(
        bootstrap: bootstrap.confidenceIntervals(of: chosen, level: try level, kind: kind), bootstrap,
        level: try level, kind: kind
      ).report(notes: notes)
    }
    return forms.text(of: report)
  }

  private func means(_ fitted: FittedModel) throws -> MarginalMeans {
    guard let text = try request.string("means") else {
      throw RequestError("emmeans needs \"means\", such as \"~ f\" or \"~ f | g\".")
    }
    return try fitted.marginalMeans(MeansSpecification(text), MeansRequest(request).options())
  }

  /// What the estimators do where the fit is true.
  private func study(_ fitted: FittedModel, _ progress: Progress) throws -> JSONText {
    var changes = FittedStudyChanges()
    (changes.coefficients, changes.sigma) = (try request.string("beta"), try request.double("sigma"))
    (changes.deviations, changes.copies) = (try request.strings("sd"), try request.strings("copies"))
    var settings = StudySettings()
    settings.replicates = try request.integer("replicates") ?? settings.replicates
    settings.seed = try request.seed("seed") ?? settings.seed
    settings.level = try level
    settings.degreesOfFreedom = try ddf
    settings.wantsProfiles = try request.bool("profile") ?? false
    if let method = try request.word("method", CriterionKind.self) { settings.methods = [method] }
    if settings.wantsProfiles, !settings.methods.contains(.ml) {
      throw request.fault("profile", "is for fits by maximum likelihood: leave \"method\" out, or make it \"ml\"")
    }
    settings.progress = { try progress.tell("study", $0, of: $1) }
    let study = try Study(StudyDesign.designs(of: fitted, changes), settings)
    if try request.bool("csv") ?? false { return ReportForms.tidy.text(of: StudyReplicates(study).report()) }
    return forms.text(of: study.report())
  }
}

extension Fit {
  /// The same with the conditional modes of another state of it.
  fileprivate func with(modesOf other: Fit) -> Fit {
    var fit = self
    fit.conditionalModes = other.conditionalModes
    return fit
  }
}
