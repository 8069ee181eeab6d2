// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels

/// What t and F are made of and compared with; of commands that compare.
struct DegreesOfFreedomArguments: ParsableArguments {
  enum Method: String, CaseIterable, ExpressibleByArgument {
    case satterthwaite
    case kenwardRoger = "kenward-roger"
    case kenwardRogerLinear = "kenward-roger-linear"
    case residual, none

    var method: DegreesOfFreedomMethod {
      switch self {
      case .satterthwaite: .satterthwaite
      case .kenwardRoger: .kenwardRoger
      case .kenwardRogerLinear: .kenwardRogerLinear
      case .residual: .residual
      case .none: .none
      }
    }
  }

  @Option(
    help: ArgumentHelp(
      "Degrees of freedom of t and F; default: satterthwaite.", valueName: "method"))
  var ddf: Method?

  enum Covariance: String, CaseIterable, ExpressibleByArgument {
    case model
    case cr0 = "CR0"
    case cr1 = "CR1"
    case cr2 = "CR2"
    case cr3 = "CR3"
    case hc0 = "HC0"
    case hc1 = "HC1"
    case hc2 = "HC2"
    case hc3 = "HC3"
  }

  @Option(
    help: ArgumentHelp(
      "Covariance of the coefficients: model; cluster-robust, CR0 to CR3, default with --cluster: CR2; or, without random effects, robust against unequal variances, HC0 to HC3.",
      valueName: "kind"))
  var vcov: Covariance?

  @Option(
    help: ArgumentHelp(
      "Column of clusters, which contain whole levels of every grouping factor.",
      valueName: "column"))
  var cluster: String?

  var method: DegreesOfFreedomMethod { (ddf ?? .satterthwaite).method }

  /// Whether anything is said of tests.
  var areGiven: Bool { ddf != nil || vcov != nil || cluster != nil }

  /// Whether a covariance is asked for that only some tests know.
  var isRobust: Bool { (vcov ?? .model) != .model || (vcov == nil && cluster != nil) }

  func set(_ options: inout FitOptions) {
    options.degreesOfFreedom = method
    options.clusters = cluster
    options.coefficientCovariance =
      vcov.flatMap { CoefficientCovariance(rawValue: $0.rawValue) } ?? (cluster == nil ? nil : .cr2)
  }

  /// - Throws: `ValidationError` where tests are not Wald's.
  func requireModelCovariance(_ what: String) throws {
    guard isRobust else { return }
    throw ValidationError("--vcov and --cluster are for Wald tests of coefficients, not for \(what).")
  }
}
