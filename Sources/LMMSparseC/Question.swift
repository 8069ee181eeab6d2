// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports

/// A command about one model, with its options.
struct Question {
  private let request: Request
  private let command: Command
  private let forms: ReportForms

  private enum Command: String, CaseIterable {
    case summary, fixef, ranef, anova, drop1, ranova, select, contrast, confint, emmeans, variance, bootstrap

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
        [
          "means", "pairwise", "compare", "control", "custom", "adjust", "type", "trends", "at", "cell_weights",
          "level",
        ] + Self.tests
      case .variance: ["ratio", "level", "decompose", "seed"]
      case .bootstrap: ["replicates", "seed", "level", "csv"]
      }
    }

    private static let tests = TestRequest.names

    /// Of the reports that do not say it themselves; intervals do not always test.
    var saysHowItTests: Bool {
      switch self {
      case .anova, .drop1, .contrast, .emmeans: true
      case .summary, .fixef, .ranef, .ranova, .select, .confint, .variance, .bootstrap: false
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
    if forms.haveGlance { return forms.text(of: fit.glance) }
    return forms.text(of: fit.report(isVerbose: try request.bool("verbose") ?? false))
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
    var options = MeansOptions()
    (options.method, options.level) = (try ddf, try level)
    switch try request.string("cell_weights") {
    case nil, "equal": options.weights = .equal
    case "proportional": options.weights = .proportional
    default: throw request.fault("cell_weights", "takes equal or proportional")
    }
    for (name, values) in try request.object("at") {
      options.values[name] = try request.strings(
        { if case .array = values { values } else { .array([values]) } }(), "at")
    }
    switch try request.string("type") {
    case nil, "model": options.scale = .model
    case "response": options.scale = .response
    default: throw request.fault("type", "takes model or response")
    }
    options.trend = try request.string("trends")
    if options.trend != nil, options.scale == .response {
      throw RequestError("slopes have the scale of the model: leave \"type\" out.")
    }
    options.comparison = try comparison()
    if let adjust = try request.word("adjust", MultiplicityAdjustment.self) {
      guard options.comparison != nil else {
        throw request.fault("adjust", "is for comparisons: add \"pairwise\" or \"compare\"")
      }
      options.adjustment = adjust
    }
    return try fitted.marginalMeans(MeansSpecification(text), options)
  }
}

extension Question {
  private enum Comparison: String, CaseIterable { case pairwise, control, consecutive, polynomial }

  /// What marginal means are compared by.
  private func comparison() throws -> MeansComparison? {
    let custom = try request.object("custom")
    let isPairwise = try request.bool("pairwise") ?? false
    guard [isPairwise, request.has("compare"), !custom.isEmpty].count(where: \.self) <= 1 else {
      throw RequestError("\"pairwise\", \"compare\" and \"custom\" are kinds of comparisons: ask for one.")
    }
    let kind = try request.word("compare", Comparison.self) ?? (isPairwise ? .pairwise : nil)
    if request.has("control"), kind != .control {
      throw request.fault("control", "is for \"compare\": \"control\"")
    }
    guard custom.isEmpty else {
      return .custom(
        try custom.map { MeansComparison.Weights(name: $0.name, values: try request.doubles($0.value, "custom")) })
    }
    return switch kind {
    case .pairwise?: .pairwise
    case .control?: .control(try request.string("control"))
    case .consecutive?: .consecutive
    case .polynomial?: .polynomial
    case nil: nil
    }
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
