// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// What marginal means are of, how they are averaged, and what they are compared by.
struct MeansRequest {
  static let names = [
    "means", "pairwise", "compare", "control", "custom", "adjust", "type", "trends", "at", "cell_weights",
  ]

  private let request: Request

  init(_ request: Request) { self.request = request }

  /// - Throws: `RequestError`
  func options() throws -> MeansOptions {
    var options = MeansOptions()
    (options.method, options.level) = (try TestRequest(request).method, try request.double("level") ?? 0.95)
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
    return options
  }

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
