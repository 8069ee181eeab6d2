// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports

/// A command about several models.
struct Comparison {
  private let request: Request
  private let command: Command
  private let forms: ReportForms

  private enum Command: String, CaseIterable {
    case anova, bootstrap, pool

    /// Beside command and format.
    var options: [String] {
      switch self {
      case .anova: ["boundary", "simulations", "replicates", "seed"]
      case .bootstrap: ["replicates", "seed", "csv"]
      case .pool: ["level"] + TestRequest.names
      }
    }
  }

  init(_ text: UnsafePointer<CChar>?) throws {
    request = try Request(text, "lmm_compare")
    command = try request.word("command", Command.self) ?? .anova
    try request.check(["command", "format"] + command.options)
    forms = try ReportForms(request)
    if forms.haveGlance { throw request.fault("format", "is glance for summaries only") }
  }

  func answer(_ models: [FittedModel], _ progress: Progress) throws -> JSONText {
    let named = zip(models.indices, models).map { (name: "M\($0 + 1)", model: $1) }
    let notes = named.flatMap { entry in
      entry.model.fit.convergence.messages.map { "\(entry.name): \($0)" }
    }
    switch command {
    case .anova:
      let comparison = try ModelComparison(
        named, boundary: try request.word("boundary", BoundaryMethod.self) ?? .naive,
        simulations: try request.integer("simulations") ?? 10_000,
        seed: try request.seed("seed") ?? 1, replicates: try request.bootstrapOptions(progress))
      return forms.text(
        of: ComparisonReport(comparison, data: models[0].fit.data).report(notes: notes))
    case .bootstrap:
      guard models.count == 2 else {
        throw RequestError("lmm_compare: the bootstrap tests one model against another, and there are \(models.count).")
      }
      let test = try BootstrapComparison(named[0], named[1])
        .test(try request.bootstrapOptions(progress))
      if try request.bool("csv") ?? false {
        return .table(test.replicates, names: BootstrapTest.names)
      }
      return forms.text(of: test.report(notes: notes))
    case .pool:
      let tests = TestRequest(request)
      let fits = try named.map { (name: $0.name, model: try tests.applied(to: $0.model)) }
      let pooled = try PooledFits(fits, tests.method, level: try request.double("level") ?? 0.95)
      return forms.text(of: pooled.report())
    }
  }
}

extension Request {
  func bootstrapOptions(_ progress: Progress) throws -> BootstrapOptions {
    var options = BootstrapOptions()
    options.replicates = try integer("replicates") ?? options.replicates
    options.seed = try seed("seed") ?? options.seed
    let count = options.replicates
    options.progress = { try progress.tell("bootstrap", $0.count, of: count) }
    return options
  }
}

extension JSONText {
  /// All replicates, as CSV.
  static func table(_ replicates: [BootstrapReplicate], names: [String]) -> JSONText {
    ReportForms.tidy.text(of: BootstrapReplicates(replicates, names: names).report())
  }
}
