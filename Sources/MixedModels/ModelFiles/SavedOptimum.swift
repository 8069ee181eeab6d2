// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// What a model file keeps of a search: where it ended and how it got there.
///
/// All estimates follow from that and the cross-products, and are computed again.
struct SavedOptimum {
  static let member = "fit/optimum.json"
  /// The fit as `fit --json` reports it, for readers of other languages.
  static let reportMember = "fit/report.json"
  static let traceMember = "fit/trace.npy"

  var outcome: CriterionSearch.Outcome
  var criterion: CriterionKind
  /// Of the criterion's value; nil where it is exact.
  var standardError: Double?
  /// What the fit was made from, as its report names it.
  var data: [String]
  /// As given to this fit: levels and contrasts may differ from those the cross-products came with.
  var levels: [String: [String]]
  var contrasts: [String: Contrast]
  var relationships: [String: LevelRelationship] = [:]
  var covaryingFactors: [String] = []
  var knownTheta: [Double]?
  var knownSigma: Double?
  var held: [HeldParameter] = []
  /// How the covariance of the coefficients was asked for, and for which clusters.
  var coefficientCovariance: CoefficientCovariance?
  var clusters: String?
  var quantiles: [Double]?
  var timing: Timing
  var peakMemory: Int
  /// Whether φ is that of working columns whose size does not depend on the weights' unit: not so in
  /// earlier files of weighted fits.
  private var isFreeOfWeights = true
  /// What the report in the file says; nil before it is written.
  var reported: ReportedEstimates?

  var json: JSONValue {
    var members: [(name: String, value: JSONValue)] = [
      ("criterion", .string(criterion.rawValue)),
      ("phi", .numbers(outcome.φ)),
      ("phi_unit", .string(Self.unit)),
      ("value", .number(outcome.value)),
      ("criterion_std_error", .optional(standardError)),
      ("optimizer", .string(outcome.optimizer)),
      ("converged", .bool(outcome.converged)),
      ("messages", .strings(outcome.messages)),
      ("preliminary_evaluations", .integer(outcome.preliminaryEvaluations)),
      ("gradients", .integer(outcome.gradients)),
      ("starts", .integer(outcome.starts)),
      ("starts_agreed", .integer(outcome.startsAgreed)),
      ("starts_without_end", .integer(outcome.falls)),
      ("curvature", outcome.curvature.map(SavedCurvature.json) ?? .null),
      ("data", .strings(data)),
      ("levels", .sorted(levels, JSONValue.strings)),
      ("contrasts", .sorted(contrasts, \.json)),
      ("scaled_residuals", quantiles.map(JSONValue.numbers) ?? .null),
      ("seconds", .object(timing.parts.map { ($0.name, .number(timing[keyPath: $0.path])) })),
      ("peak_bytes", .integer(peakMemory)),
    ]
    if let knownTheta { members.append(("known_theta", .numbers(knownTheta))) }
    if let knownSigma { members.append(("known_sigma", .number(knownSigma))) }
    if !held.isEmpty { members.append(("held", .array(held.map(\.json)))) }
    if let coefficientCovariance {
      members.append(("vcov_type", .string(coefficientCovariance.rawValue)))
    }
    if let clusters { members.append(("clusters", .string(clusters))) }
    if !relationships.isEmpty {
      members.append(("relationships", SavedRelationships.json(relationships)))
    }
    if !covaryingFactors.isEmpty { members.append(("covary", .strings(covaryingFactors))) }
    return .object(members)
  }

  /// For every evaluation φ, the criterion, and the seconds since the search began; derivatives at
  /// the end.
  func writeArrays(to archive: inout ArchiveWriter) throws {
    try archive.add(
      Self.traceMember, shape: [outcome.trace.count, outcome.φ.count + 2],
      outcome.trace.flatMap { $0.φ + [$0.value, $0.seconds] })
    if let curvature = outcome.curvature { try SavedCurvature.write(curvature, to: &archive) }
    try SavedRelationships.write(relationships, to: &archive)
  }

  /// - Throws: `ArchiveError`, `MalformedMember`.
  init(_ archive: ArchiveReader) throws {
    guard let value = JSONParser.value(of: try archive.text(Self.member)) else {
      throw MalformedMember(
        name: Self.member, "it is no JSON, or has a name twice in one object")
    }
    do {
      try self.init(JSONMember(name: "", value: value), archive)
    } catch let error as MalformedMember where !error.name.hasPrefix("fit/") {
      throw MalformedMember(name: error.words(in: Self.member))
    }
    reported = try ReportedEstimates(try archive.text(Self.reportMember))
  }

  private init(_ json: JSONMember, _ archive: ArchiveReader) throws {
    guard let kind = CriterionKind(rawValue: try json["criterion"].string) else {
      throw MalformedMember(name: "criterion")
    }
    criterion = kind
    // Fits saved before there were such criteria do not have it.
    standardError = try json.optional("criterion_std_error")?.measurement
    let φ = try json["phi"].doubles
    isFreeOfWeights = try json.optional("phi_unit")?.string == Self.unit
    // Least squares need not have a criterion; a search has one.
    let value = try φ.isEmpty ? json.optional("value")?.double ?? .nan : json["value"].double
    outcome = CriterionSearch.Outcome(
      optimizer: try json["optimizer"].word, φ: φ, value: value,
      converged: try json["converged"].bool, messages: try json["messages"].strings,
      trace: try Self.trace(archive, parameters: φ.count),
      // Fits saved before there were such evaluations do not have them.
      preliminaryEvaluations: try json.optional("preliminary_evaluations")?.count ?? 0,
      gradients: try json["gradients"].count,
      // Nor do older ones say how many starts there were.
      starts: (try? json["starts"].count) ?? 1,
      startsAgreed: (try? json["starts_agreed"].count) ?? 1,
      falls: try json.optional("starts_without_end")?.count ?? 0,
      curvature: try SavedCurvature.read(json["curvature"], archive, parameters: φ.count),
      evaluationSeconds: try json["seconds"]["evaluation"].measurement)
    data = try json["data"].strings
    (levels, contrasts) = ([:], [:])
    for (name, order) in try json["levels"].members { levels[name] = try order.strings }
    for (name, coding) in try json["contrasts"].members { contrasts[name] = try Contrast(coding) }
    knownTheta = try json.optional("known_theta")?.doubles
    knownSigma = try json.optional("known_sigma")?.measurement
    held = try json.optional("held")?.elements.map {
      HeldParameter(try $0["name"].string, try $0["value"].double)
    } ?? []
    coefficientCovariance = try json.optional("vcov_type").map { (kind) throws(MalformedMember) in
      guard let known = CoefficientCovariance(rawValue: try kind.string) else {
        throw MalformedMember(name: "vcov_type")
      }
      return known
    }
    clusters = try json.optional("clusters")?.string
    relationships = try SavedRelationships.read(json.optional("relationships"), archive)
    covaryingFactors = try json.optional("covary")?.strings ?? []
    quantiles = try json.optional("scaled_residuals")?.doubles
    if let quantiles,
      quantiles.count != 5 || zip(quantiles, quantiles.dropFirst()).contains(where: >)
    {
      throw MalformedMember(name: "scaled_residuals", "they are no five quantiles")
    }
    timing = Timing()
    for (name, path) in timing.parts {
      timing[keyPath: path] = try json["seconds"][name].measurement
    }
    peakMemory = try json["peak_bytes"].count
  }

  private static func trace(
    _ archive: ArchiveReader, parameters: Int
  ) throws -> [CriterionSearch.Evaluation] {
    let (shape, values) = try archive.doubles(traceMember)
    guard shape.count == 2, shape[1] == parameters + 2 else {
      throw MalformedMember(name: traceMember, "it is not of \(parameters) parameters")
    }
    return try (0..<shape[0]).map { k in
      let line = values[k * shape[1]..<(k + 1) * shape[1]]
      let φ = Array(line.prefix(parameters))
      let (value, seconds) = (line[line.endIndex - 2], line[line.endIndex - 1])
      // Where the criterion cannot be computed it is infinite.
      guard φ.allSatisfy(\.isFinite), (0...1e15).contains(seconds) else {
        throw MalformedMember(name: traceMember, "evaluation \(k + 1) is none")
      }
      return CriterionSearch.Evaluation(φ: φ, value: value, seconds: seconds)
    }
  }

  init(
    outcome: CriterionSearch.Outcome, options: FitOptions, columns: Set<String>, fit: Fit
  ) {
    self.outcome = outcome
    if outcome.curvature?.isFinite == false { self.outcome.curvature = nil }
    (criterion, data) = (options.criterion, fit.data)
    standardError = fit.solver.criterionStandardError
    levels = options.levels.filter { columns.contains($0.key) }
    contrasts = options.contrasts.filter { columns.contains($0.key) }
    relationships = options.relationships
    covaryingFactors = options.covaryingFactors
    (knownTheta, knownSigma) = (options.knownTheta, options.knownSigma)
    held = options.held
    (coefficientCovariance, clusters) = (options.coefficientCovariance, options.clusters)
    (quantiles, timing, peakMemory) = (fit.scaledResiduals?.values, fit.timing, fit.peakMemory)
  }
}

extension SavedOptimum {
  /// Word for columns of unit mean square over the rows, each row divided by √(1/w).
  private static let unit = "sqrt(w) z"

  /// The optimum in the coordinates of today's working columns, which are √(n / Σw) times those of
  /// files that say nothing of their unit.
  ///
  /// - Parameter meanWeight: Σw / n.
  func converted(meanWeight: Double) -> SavedOptimum {
    guard !isFreeOfWeights, meanWeight != 1 else { return self }
    var converted = self
    let f = meanWeight.squareRoot()
    converted.isFreeOfWeights = true
    converted.outcome.φ = outcome.φ.map { f * $0 }
    converted.outcome.trace = outcome.trace.map {
      CriterionSearch.Evaluation(φ: $0.φ.map { f * $0 }, value: $0.value, seconds: $0.seconds)
    }
    converted.outcome.curvature = outcome.curvature?.converted(factor: f)
    return converted
  }
}

extension HeldParameter {
  var json: JSONValue { .object([("name", .string(name)), ("value", .number(value))]) }
}

extension Timing {
  fileprivate var parts: [(name: String, path: WritableKeyPath<Timing, Double>)] {
    [
      ("read", \.read), ("assemble", \.assemble), ("optimize", \.optimize),
      ("inference", \.inference), ("total", \.total), ("evaluation", \.evaluation),
    ]
  }
}
