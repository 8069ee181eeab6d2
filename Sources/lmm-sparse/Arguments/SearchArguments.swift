// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// How the optimum is searched.
struct SearchArguments: ParsableArguments {
  enum Optimizer: String, CaseIterable, ExpressibleByArgument {
    case auto, newton, bobyqa, neldermead, cobyla, sbplx, praxis
    case newuoaBound = "newuoa_bound"
  }

  enum Solver: String, CaseIterable, ExpressibleByArgument {
    case auto, absorb, cholmod
    case matrixFree = "matrix-free"
  }

  /// Where a search begins: `θ1,θ2,…`, or a file with an earlier fit.
  enum Start: ExpressibleByArgument {
    case values([Double])
    case fit(String)

    init?(argument: String) {
      if let theta = Theta(argument: argument) {
        self = .values(theta.values)
      } else if ModelFile.isMeant(by: argument) {
        self = .fit(argument)
      } else {
        return nil
      }
    }
  }

  /// The argument `θ1,θ2,…`.
  struct Theta: ExpressibleByArgument {
    let values: [Double]

    init?(argument: String) {
      let fields = argument.split(separator: ",", omittingEmptySubsequences: false)
      values = fields.compactMap { field in
        Double(field.drop { $0 == " " }).flatMap { $0.isFinite ? $0 : nil }
      }
      guard values.count == fields.count else { return nil }
    }
  }

  @Option(
    help: ArgumentHelp(
      "With exact gradients: newton. Derivative-free: the others.", valueName: "name"))
  var optimizer: Optimizer = .auto

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "θ to start from, in the reported order; or a model file with an older fit, whose θ is taken by its names.",
      valueName: "θ1,θ2,…|old.lmm"), completion: .file())
  var start: Start?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "θ where it is known, in the reported order: no search, tests are normal.",
      valueName: "θ1,θ2,…"))
  var theta: Theta?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("σ where it is known, with --theta or alone.", valueName: "σ"))
  var sigma: Double?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A standard deviation or correlation that is known: 'sd_(Intercept)|g=2', 'cor_x.(Intercept)|g=0.5', 'rho|g=0.8'. Repeatable; without --sigma one standard deviation at most.",
      valueName: "name=value"))
  var hold: [Held] = []

  /// The argument `sd_x|g=2`; names may contain equals signs.
  struct Held: ExpressibleByArgument {
    let parameter: HeldParameter

    init?(argument: String) {
      guard let place = argument.lastIndex(of: "="), place > argument.startIndex,
        let value = Double(argument[argument.index(after: place)...]), value.isFinite
      else { return nil }
      parameter = HeldParameter(String(argument[..<place]), value)
    }
  }

  func validate() throws {
    if theta != nil, !hold.isEmpty {
      throw ValidationError("--theta says all of θ and --hold single parameters: give one.")
    }
    if let sigma, !(sigma > 0 && sigma.isFinite) {
      throw ValidationError("--sigma is a positive number, not \(sigma).")
    }
    if theta != nil, start != nil {
      throw ValidationError("--theta is what is known and --start where a search begins: give one.")
    }
  }

  @Option(.evaluations, "Evaluations of the criterion at most", valueName: "n")
  var maxEvaluations: Int?

  @Option(.tolerance, "Relative change of the criterion that ends the search", valueName: "x")
  var tolerance: Double?

  @Option(help: ArgumentHelp("How the equations are solved.", valueName: "strategy"))
  var solver: Solver = .auto

  @Option(.accuracy, "Standard error wanted of a stochastic criterion; by default what keeps θ and β within 0.02 of theirs", valueName: "x")
  var accuracy: Double?

  @Option(.seed, "Seed of the random vectors of a stochastic criterion", valueName: "n")
  var probeSeed: UInt64?

  @Option(.threads, "Threads; default: all cores", valueName: "n") var threads: Int?

  /// Files named by options.
  var files: [String] {
    guard case .fit(let path)? = start else { return [] }
    return [path]
  }

  /// - Throws: `ModelFileError` for an older fit that cannot be read.
  func set(_ options: inout FitOptions) throws {
    options.optimizer = optimizer.rawValue
    switch start {
    case .values(let values)?: options.start = values
    case .fit(let path)?: try options.start(fromFit: path)
    case nil: break
    }
    options.knownTheta = theta?.values
    options.knownSigma = sigma
    options.held = hold.map(\.parameter)
    if let maxEvaluations { options.maximumEvaluations = maxEvaluations }
    options.tolerance = tolerance
    options.solver = solver.rawValue
    if let accuracy { options.accuracy = accuracy }
    if let probeSeed { options.probeSeed = probeSeed }
    options.threads = threads ?? 0
    options.reading.threads = threads ?? 0
  }
}
