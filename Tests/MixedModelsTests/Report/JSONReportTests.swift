// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import TestSupport
import Testing

struct JSONReportTests {
  /// The keys of the documented contract of `fit --json`, in its order.
  static let keys = [
    "formula", "method", "data", "weights", "offset", "nobs", "nobs_omitted", "n_fixed",
    "n_random", "df_residual", "criterion", "log_likelihood", "aic", "bic", "sigma",
    "sigma_std_error", "theta",
    "fixed", "vcov", "vcov_names", "vcov_type", "clusters", "n_clusters", "random", "dropped", "convergence", "ranef", "solver", "timing",
    "evaluation_seconds", "memory", "version",
  ]

  static let modes = ConditionalModes(
    "Subject", group: "Subject", columns: ["(Intercept)"], levels: ["308", "a \"b\",\n\u{1}c"],
    values: [0.1, -2], covarianceValues: [1, 2.25])

  private func parsed(_ fit: Fit) throws -> [String: Any] {
    let text = fit.json
    return try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func keys(_ value: Any?) -> Set<String> {
    Set(((value as? [String: Any]) ?? (value as? [[String: Any]])?.first ?? [:]).keys)
  }

  @Test func `the top level has the contract's keys in its order`() throws {
    let fit = try GoldenSummary.sleepstudyREML.makeFit(modes: [Self.modes])
    let text = fit.json
    let found = text.split(separator: "\n").compactMap { line -> String? in
      guard line.hasPrefix("  \"") else { return nil }
      return String(line.dropFirst(3).prefix { $0 != "\"" })
    }
    #expect(found == Self.keys)
    #expect(Set(try parsed(fit).keys) == Set(Self.keys))
  }

  @Test func `the members have the contract's keys`() throws {
    let object = try parsed(try GoldenSummary.sleepstudyREML.makeFit(modes: [Self.modes]))
    #expect(keys(object["theta"]) == ["names", "values"])
    #expect(
      keys(object["fixed"]) == [
        "term", "estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high",
      ])
    #expect(
      keys(object["random"]) == [
        "group", "n_levels", "terms", "sd", "corr", "cov", "sd_std_error", "corr_std_error",
      ])
    #expect(
      keys(object["convergence"]) == [
        "converged", "optimizer", "evaluations", "preliminary_evaluations", "gradients",
        "starts", "starts_agreed", "gradient_max",
        "hessian_min_eigenvalue", "singular", "messages", "not_determined",
      ])
    #expect(keys(object["ranef"]) == ["group", "terms", "levels", "modes", "sd"])
    #expect(
      keys(object["solver"]) == [
        "strategy", "leading_term", "core_size", "core_density", "factor_nonzeros", "threads",
        "criterion_std_error", "probes", "theta_std_error", "sigma_std_error", "fixed_std_error",
        "theta_error_share",
      ])
    #expect(keys(object["timing"]) == ["read", "assemble", "optimize", "inference", "total"])
    #expect(keys(object["memory"]) == ["peak_bytes"])
  }

  @Test func `conditional modes are there only if the fit holds them`() throws {
    #expect(try parsed(try GoldenSummary.sleepstudyREML.makeFit())["ranef"] == nil)
  }

  @Test func `numbers keep every bit`() throws {
    let fit = try GoldenSummary.sleepstudyREML.makeFit()
    let object = try parsed(fit)
    let fixed = try #require(object["fixed"] as? [[String: Any]])
    #expect(object["criterion"] as? Double == fit.criterion)
    #expect(fixed[1]["estimate"] as? Double == fit.fixedEffects[1].estimate)
    #expect(object["vcov"] as? [[Double]] == fit.vcov)
    #expect(object["aic"] as? Double == fit.criterion + 12)
    // R 4.2.2, broom.mixed 0.2.9.4: tidy(fit, conf.int = TRUE).
    #expect(abs((fixed[1]["conf_low"] as? Double ?? 0) - 7.437594) < 1e-6)
    #expect(abs((fixed[1]["conf_high"] as? Double ?? 0) - 13.49698) < 1e-5)
  }

  @Test func `a dropped column is present with nulls and listed`() throws {
    let object = try parsed(try GoldenSummary.sleepstudyDropped.makeFit())
    let fixed = try #require(object["fixed"] as? [[String: Any]])
    #expect(fixed.map { $0["term"] as? String } == ["(Intercept)", "Days", "day2"])
    for key in ["estimate", "std_error", "statistic", "conf_low", "conf_high"] {
      #expect(fixed[2][key] is NSNull)
    }
    #expect(object["dropped"] as? [String] == ["day2"])
    #expect(object["vcov_names"] as? [String] == ["(Intercept)", "Days"])
    #expect(object["n_fixed"] as? Int == 2)
  }

  @Test func `text is escaped and what no number can say is null`() throws {
    var text = ""
    JSONValue.object([
      (
        "k\"\\\n\r\t\u{0}\u{1F}é",
        .array([.number(.nan), .number(-.infinity), .number(.leastNonzeroMagnitude)])
      )
    ]).write(to: &text)
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [Any]])
    let values = try #require(object["k\"\\\n\r\t\u{0}\u{1F}é"])
    #expect(values[0] is NSNull)
    #expect(values[1] is NSNull)
    #expect(values[2] as? Double == Double.leastNonzeroMagnitude)
    let levels = try parsed(try GoldenSummary.sleepstudyREML.makeFit(modes: [Self.modes]))["ranef"]
    #expect((levels as? [[String: Any]])?[0]["levels"] as? [String] == Self.modes.levels)
  }
}
