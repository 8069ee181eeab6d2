// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels

/// Where marginal means are looked at, and on what scale.
struct MeansArguments: ParsableArguments {
  enum Scale: String, CaseIterable, ExpressibleByArgument { case model, response }

  enum Weights: String, CaseIterable, ExpressibleByArgument { case equal, proportional }

  @Option(
    help: ArgumentHelp(
      "The scale of means: of the model, or of the response before log() and the like.",
      valueName: "scale"))
  var type: Scale = .model

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Slopes of this number in place of means.", valueName: "variable"))
  var trends: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Values of a variable, such as x=1,2: of a number instead of its mean, or some levels of a factor; repeatable.",
      valueName: "variable=v1,v2,…"))
  var at: [String] = []

  @Option(help: ArgumentHelp("How cells count that are averaged over.", valueName: "weights"))
  var cellWeights: Weights = .equal

  /// Whether any of them was given.
  var areGiven: Bool { type != .model || trends != nil || !at.isEmpty || cellWeights != .equal }

  func check() throws {
    _ = try values()
    if trends != nil, type == .response {
      throw ValidationError("slopes have the scale of the model: leave --type response out.")
    }
  }

  func options() throws -> MeansOptions {
    var options = MeansOptions()
    options.weights = cellWeights == .proportional ? .proportional : .equal
    options.values = try values()
    options.scale = type == .response ? .response : .model
    options.trend = trends
    return options
  }

  private func values() throws -> [String: [String]] {
    var values: [String: [String]] = [:]
    for argument in at {
      let (name, list) = try columnAssignment(argument, option: "--at", value: "v1,v2,…")
      guard values[name] == nil else {
        throw ValidationError("--at names '\(name)' twice.")
      }
      values[name] = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return values
  }
}
