// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// A likelihood-ratio test of two nested models whose reference distribution is simulated: responses
/// of the smaller model's fit, to which both are fitted.
///
/// Right on the boundary of the parameter space and with few levels, as far as the smaller model's
/// estimates can stand for its parameters (Davison & Hinkley 1997, 4.4).
public struct BootstrapTest: Sendable {
  /// Formulas.
  public let smaller: String
  public let larger: String
  public let criterionKind: CriterionKind
  public let seed: UInt64
  /// T, the likelihood-ratio statistic of the data.
  public let statistic: Double
  public let df: Int
  /// From χ² with `df` degrees of freedom; nil for none.
  public let naivePValue: Double?
  /// Values are both criteria, comparable with each other, and the statistic; `singular` tells of the
  /// larger model.
  public let replicates: [BootstrapReplicate]
  /// What was done to the fits.
  public let messages: [String]

  public static let names = ["criterion0", "criterion1", "statistic"]

  private var usable: [BootstrapReplicate] { replicates.filter(\.converged) }
  public var failedCount: Int { replicates.count - usable.count }
  public var singularCount: Int { usable.count(where: \.singular) }
  /// (1 + #{T* ≥ T}) / (1 + R), R the replicates with two optima.
  public var pValue: Double {
    let exceeding = usable.count { $0.values[2] >= statistic }
    return Double(1 + exceeding) / Double(1 + usable.count)
  }
  /// Monte-Carlo standard error of the p-value.
  public var pValueStandardError: Double {
    (pValue * (1 - pValue) / Double(max(usable.count, 1))).squareRoot()
  }
}

/// Two nested fits made ready for simulation.
public struct BootstrapComparison: Sendable {
  public let smaller: FittedModel
  public let larger: FittedModel
  private let comparison: ModelComparison
  /// nil for least squares.
  private let null: NullModel?
  /// Of models with covariances between a subject's visits; nil for others.
  private let repeated: RepeatedNull?

  /// Checks and refits as `ModelComparison` does; either may be the smaller.
  ///
  /// - Throws: `InferenceError` where models cannot be compared; `FitError`.
  public init(
    _ first: (name: String, model: FittedModel), _ second: (name: String, model: FittedModel)
  ) throws {
    comparison = try ModelComparison([first, second])
    let kind = comparison.criterionKind
    let isSorted = first.model.fit.parameterCount <= second.model.fit.parameterCount
    let pair = try (isSorted ? [first.model, second.model] : [second.model, first.model]).map {
      $0.fit.criterionKind == kind ? $0 : try $0.refitted(by: kind)
    }
    guard pair[0].fit.parameterCount < pair[1].fit.parameterCount else {
      throw InferenceError.refused(
        "the two models have the same number of parameters, so there is nothing to test.")
    }
    (smaller, larger) = (pair[0], pair[1])
    guard pair.allSatisfy({ $0.options.held.isEmpty }) else {
      throw InferenceError.refused(
        "the bootstrap test simulates and fits models whose covariance parameters are estimated, and of one some are known. Compare by χ²."
      )
    }
    if smaller.repeated != nil || larger.repeated != nil {
      (null, repeated) = (nil, try RepeatedNull(smaller, in: larger))
      return
    }
    repeated = nil
    null = smaller.isLeastSquares ? nil : try NullModel(smaller, in: larger)
    guard null != nil || comparison.keepsFixedPart else {
      throw InferenceError.refused(
        "the bootstrap test against a model without random effects needs the same fixed part in both. Compare in two steps."
      )
    }
  }

  /// Simulates and refits.
  ///
  /// - Throws: `InferenceError` where crossed factors are too large; `FitError`; what the progress
  ///   callback throws.
  public func test(_ options: BootstrapOptions = BootstrapOptions()) throws -> BootstrapTest {
    let kind = comparison.criterionKind
    let replicates = try self.replicates(options)
    let test = comparison.rows[1].test
    return BootstrapTest(
      smaller: smaller.fit.formula, larger: larger.fit.formula, criterionKind: kind,
      seed: options.seed, statistic: test?.statistic ?? 0, df: test?.df ?? 0,
      naivePValue: test?.naivePValue, replicates: replicates, messages: comparison.messages)
  }

  private func replicates(_ options: BootstrapOptions) throws -> [BootstrapReplicate] {
    if let repeated { return try repeated.run(options, threads: larger.threads) }
    let (kind, start, solver) = (comparison.criterionKind, larger.φ, larger.options.solver)
    let simulation =
      try null?.simulation(in: larger.model, kind: kind, start: start, solver: solver)
      ?? larger.model.leastSquaresSimulation(kind: kind, start: start, solver: solver)
    return try simulation.run(options, threads: larger.threads)
  }
}
