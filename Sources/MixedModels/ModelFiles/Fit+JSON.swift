// SPDX-License-Identifier: GPL-2.0-or-later

extension Fit {
  /// The fit as one JSON object in full double precision; what does not exist is `null`.
  ///
  /// Conditional modes are written if the fit holds them.
  package var json: String {
    var text = ""
    JSONValue.object(reportMembers).write(to: &text, breakingLines: 1)
    return text + "\n"
  }

  package typealias Members = [(name: String, value: JSONValue)]

  package var reportMembers: Members {
    var members = dataMembers + absorbedMembers + estimateMembers
    if let residual { members.append(("residual", residual.json)) }
    if let modes = conditionalModes {
      members.append(("ranef", .array(modes.map(\.json))))
    }
    return members + computationMembers
  }

  fileprivate var dataMembers: Members {
    [
      ("formula", .string(formula)),
      ("method", .string(criterionKind.rawValue)),
      ("data", .strings(data)),
      ("weights", .optional(weights)),
      ("offset", .optional(offset)),
      ("nobs", .integer(observations)),
      ("nobs_omitted", .integer(omittedObservations)),
      ("n_fixed", .integer(fixedEffectCount)),
      ("n_random", .integer(randomEffectCount)),
      ("df_residual", .integer(residualDegreesOfFreedom)),
    ]
  }

  /// Absorbed factors, those with sparse columns, and what least squares explains; none without.
  fileprivate var absorbedMembers: Members {
    func sizes(_ factors: [AbsorbedLevels]) -> JSONValue {
      .array(
        factors.map {
          .object([
            ("factor", .string($0.name)), ("n_levels", .integer($0.levelCount)),
            ("n_estimated", .integer($0.estimatedCount)),
          ])
        })
    }
    var members: Members = []
    if !absorbed.isEmpty { members.append(("absorbed", sizes(absorbed))) }
    if !sparse.isEmpty { members.append(("sparse_fixed", sizes(sparse))) }
    if let variationExplained {
      members.append(
        (
          "r_squared",
          .object([
            ("overall", .number(variationExplained.overall)),
            ("within", .optional(variationExplained.within)),
            ("adjusted", .number(variationExplained.adjustedOverall)),
          ])
        ))
      if let test = variationExplained.test {
        members.append(
          (
            "f_test",
            .object([
              ("statistic", .number(test.statistic)), ("df_num", .integer(test.numeratorDF)),
              ("df_den", .number(test.denominatorDF)), ("p_value", .number(test.pValue)),
            ])
          ))
      }
    }
    return members
  }

  fileprivate var estimateMembers: Members {
    var members: Members = [
      ("criterion", .number(criterion)),
      ("log_likelihood", .number(logLikelihood)),
      ("aic", .number(aic)),
      ("bic", .number(bic)),
      ("sigma", .number(sigma)),
      ("sigma_std_error", .optional(sigmaStandardError)),
      ("theta", .object([("names", .strings(theta.names)), ("values", .numbers(theta.values))])),
      ("fixed", .array(fixedEffects.map(\.json))),
      ("vcov", .matrix(vcov)),
      ("vcov_names", .strings(vcovNames)),
      ("vcov_type", .string((robustCovariance?.kind ?? .model).rawValue)),
      ("clusters", .optional(robustCovariance.flatMap(\.clusters))),
      ("n_clusters", .optional(robustCovariance.flatMap(\.clusterCount))),
      ("random", .array(varianceComponents.map(\.json))),
    ]
    if let residualStrata { members.append(("residual_strata", residualStrata.json)) }
    if let autocorrelation { members.append(("autocorrelation", autocorrelation.json)) }
    members += [
      ("dropped", .strings(droppedColumns)), ("convergence", convergence.json),
    ]
    if !known.isEmpty { members.append(("known", .array(known.map(\.json)))) }
    return members
  }

  fileprivate var computationMembers: Members {
    [
      ("solver", solver.json),
      ("timing", timing.json),
      ("evaluation_seconds", .number(timing.evaluation)),
      ("memory", .object([("peak_bytes", .integer(peakMemory))])),
      ("version", .string(softwareVersion)),
    ]
  }
}

extension FixedEffect {
  fileprivate var json: JSONValue {
    let interval = confidenceInterval
    return .object([
      ("term", .string(name)),
      ("estimate", .optional(estimate)),
      ("std_error", .optional(standardError)),
      ("df", .optional(degreesOfFreedom)),
      ("statistic", .optional(statistic)),
      ("p_value", .optional(pValue)),
      ("conf_low", .optional(interval?.low)),
      ("conf_high", .optional(interval?.high)),
    ])
  }
}

extension VarianceComponent {
  fileprivate var json: JSONValue {
    .object([
      ("group", .string(group)),
      ("n_levels", .integer(levelCount)),
      ("terms", .strings(columns)),
      ("sd", .array(reportedDeviations.map(JSONValue.optional))),
      ("corr", .array(correlations.map { .array($0.map(JSONValue.optional)) })),
      ("cov", .array(reportedCovariances.map { .array($0.map(JSONValue.optional)) })),
      ("sd_std_error", .array(standardErrors.map(JSONValue.optional))),
      (
        "corr_std_error",
        .array(correlationStandardErrors.map { .array($0.map(JSONValue.optional)) })
      ),
    ] + (structure.map { [("structure", $0.json)] } ?? []))
  }
}

extension StructureDescription {
  fileprivate var json: JSONValue {
    .object([
      ("word", .string(word)),
      (
        "parameters",
        .array(
          parameters.map { parameter in
            .object([
              ("name", .string(parameter.name)),
              ("estimate", .number(parameter.estimate)),
              ("std_error", .optional(parameter.standardError)),
              ("conf_low", .optional(parameter.interval?.low)),
              ("conf_high", .optional(parameter.interval?.high)),
            ])
          })
      ),
    ])
  }
}

extension ResidualAutocorrelation {
  fileprivate var json: JSONValue {
    let interval = correlation.interval
    return .object([
      ("term", .string(term)), ("structure", .string(word)), ("time", .string(time)),
      ("subject", .string(subject)), ("n_subjects", .integer(subjects)),
      ("rho", .number(correlation.estimate)), ("rho_std_error", .optional(correlation.standardError)),
      ("conf_low", .optional(interval?.low)), ("conf_high", .optional(interval?.high)),
      ("unit", .number(unit)),
      (
        "steps",
        .array(
          steps.map {
            .object([
              ("length", .number($0.length)), ("n", .integer($0.count)),
              ("correlation", .number($0.correlation)),
            ])
          })
      ),
    ])
  }
}

extension ResidualStrata {
  fileprivate var json: JSONValue {
    .object([
      ("by", .string(name)),
      (
        "strata",
        .array(
          strata.map {
            .object([
              ("level", .string($0.label)), ("nobs", .integer($0.observations)),
              ("sd", .number($0.standardDeviation)), ("ratio", .number($0.ratio)),
              ("sd_std_error", .optional($0.standardError)),
              ("conf_low", .optional($0.confidenceInterval?.low)),
              ("conf_high", .optional($0.confidenceInterval?.high)),
            ])
          })
        ),
      ])
  }
}

extension ResidualCovariance {
  fileprivate var json: JSONValue {
    .object([
      ("term", .string(term)),
      ("structure", .string(structure.rawValue)),
      ("visit", .string(visit)),
      ("subject", .string(subject)),
      ("arm", .optional(arm)),
      ("n_subjects", .integer(subjects)),
      ("n_patterns", .integer(patterns)),
      ("n_parameters", .integer(parameterCount)),
      ("covariances", .array(components.map(\.residualJSON))),
    ])
  }
}

extension VarianceComponent {
  fileprivate var residualJSON: JSONValue {
    .object([
      ("name", .string(name)),
      ("n_subjects", .integer(levelCount)),
      ("visits", .strings(columns)),
      ("sd", .numbers(standardDeviations)),
      ("corr", .array(correlations.map { .array($0.map(JSONValue.optional)) })),
      ("cov", .matrix(covariances)),
      ("sd_std_error", .array(standardErrors.map(JSONValue.optional))),
      (
        "corr_std_error",
        .array(correlationStandardErrors.map { .array($0.map(JSONValue.optional)) })
      ),
    ])
  }
}

extension ConditionalModes {
  /// A fit has all but the covariances, which come last.
  fileprivate var json: JSONValue {
    .object(Self.jsonMembers.dropLast().map { ($0.name, $0.value(self)) })
  }

  package static let jsonMembers: [(name: String, value: @Sendable (Self) -> JSONValue)] = [
    ("group", { .string($0.group) }), ("terms", { .strings($0.columns) }),
    ("levels", { .strings($0.levels) }),
    ("modes", { modes in modes.rows(modes.columns.count) { modes.mode(level: $0, column: $1) } }),
    (
      "sd",
      { modes in
        modes.rows(modes.columns.count) { modes.standardDeviation(level: $0, column: $1) }
      }
    ),
    (
      "cov",
      { modes in
        let size = modes.columns.count
        return modes.rows(size * size) { modes.covariance(level: $0, $1 % size, $1 / size) }
      }
    ),
  ]

  private func rows(
    _ columns: Int, _ value: @escaping @Sendable (_ level: Int, _ column: Int) -> Double
  ) -> JSONValue {
    .rows(count: levels.count, columns: columns, value: value)
  }
}

extension Convergence {
  fileprivate var json: JSONValue {
    .object([
      ("converged", .bool(converged)),
      ("optimizer", .string(optimizer)),
      ("evaluations", .integer(evaluations)),
      ("preliminary_evaluations", .integer(preliminaryEvaluations)),
      ("gradients", .integer(gradients)),
      ("starts", .integer(starts)),
      ("starts_agreed", .integer(startsAgreed)),
      ("gradient_max", .optional(gradientMax)),
      ("hessian_min_eigenvalue", .optional(hessianMinEigenvalue)),
      ("singular", .bool(isSingular)),
      ("messages", .strings(messages)),
      ("not_determined", .strings(notDetermined)),
    ])
  }
}

extension SolverDescription {
  fileprivate var json: JSONValue {
    .object([
      ("strategy", .string(strategy)),
      ("leading_term", .optional(leadingTerm)),
      ("core_size", .optional(coreSize)),
      ("core_density", .optional(coreDensity)),
      ("factor_nonzeros", .optional(factorNonzeros)),
      ("threads", .integer(threads)),
      ("criterion_std_error", .optional(criterionStandardError)),
      ("probes", .optional(probes)),
      ("theta_std_error", monteCarloErrors.map { .numbers($0.theta) } ?? .null),
      ("sigma_std_error", .optional(monteCarloErrors?.sigma)),
      ("fixed_std_error", monteCarloErrors.map { .numbers($0.fixed) } ?? .null),
      ("theta_error_share", .optional(monteCarloErrors?.largestShare)),
    ])
  }
}

extension Timing {
  fileprivate var json: JSONValue {
    .object([
      ("read", .number(read)),
      ("assemble", .number(assemble)),
      ("optimize", .number(optimize)),
      ("inference", .number(inference)),
      ("total", .number(total)),
    ])
  }
}
