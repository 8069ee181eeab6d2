// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// What is known beforehand, and how the rest is searched.
extension FitRequest {
  static let search = [
    "optimizer", "start", "theta", "sigma", "hold", "max_evaluations", "tolerance", "solver", "accuracy",
    "probe_seed",
  ]

  /// - Throws: `RequestError`; `ModelFileError` for an older fit that cannot be read.
  func setSearch(_ options: inout FitOptions) throws {
    if let name = try request.string("optimizer") { options.optimizer = name }
    try setStart(&options)
    try setKnown(&options)
    if let count = try request.integer("max_evaluations") { options.maximumEvaluations = count }
    options.tolerance = try request.double("tolerance")
    if let solver = try request.string("solver") { options.solver = solver }
    options.accuracy = try request.double("accuracy")
    if let seed = try request.seed("probe_seed") { options.probeSeed = seed }
  }

  /// θ by its order, by its names, or that of a saved fit.
  private func setStart(_ options: inout FitOptions) throws {
    switch request["start"] {
    case .object(let members)?:
      options.startByName = try members.reduce(into: [:]) { start, member in
        start[member.name] = try request.doubles(.array([member.value]), "start")[0]
      }
    case .string(let path)?: try options.start(fromFit: path)
    default: options.start = try request.doubles("start")
    }
  }

  private func setKnown(_ options: inout FitOptions) throws {
    options.knownTheta = try request.doubles("theta")
    options.knownSigma = try request.double("sigma")
    if let sigma = options.knownSigma, !(sigma > 0) {
      throw request.fault("sigma", "takes a positive number")
    }
    options.held = try request.object("hold").map { name, value in
      HeldParameter(name, try request.doubles(.array([value]), "hold")[0])
    }
    guard options.knownTheta != nil else { return }
    if request.has("start") {
      throw RequestError("\(request.title): \"theta\" is what is known and \"start\" where a search begins: give one.")
    }
    if !options.held.isEmpty {
      throw RequestError("\(request.title): \"theta\" says all of θ and \"hold\" single parameters: give one.")
    }
  }
}
