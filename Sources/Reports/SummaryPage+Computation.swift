// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

extension Fit {
  /// How the fit was found and what it cost.
  var computationLines: [String] {
    varianceErrorLines + thetaLines + monteCarloLines + optimizerLines + traceLines + solverLines
      + costLines
  }

  /// Standard deviations and correlations with their standard errors.
  private var varianceErrorLines: [String] {
    var (names, values, errors): ([String], [Double?], [Double?]) = ([], [], [])
    for component in covarianceComponents {
      for (i, column) in component.columns.enumerated() {
        names.append("\(component.name): sd \(column)")
        values.append(component.reportedDeviations[i])
        errors.append(component.standardErrors[i])
        for j in component.columns.indices.dropFirst(i + 1) {
          names.append("\(component.name): cor \(column), \(component.columns[j])")
          values.append(component.correlations[j][i])
          errors.append(component.correlationStandardErrors[j][i])
        }
      }
    }
    if residual == nil {
      names.append("Residual: sd")
      values.append(sigma)
      errors.append(sigmaStandardError)
    }
    let table = TextTable(
      rowLabels: names,
      columns: [
        ("Estimate", NumberColumn(values, digits: TableDigits.of(5)).cells),
        ("Std. Error", NumberColumn(errors, digits: TableDigits.of(4)).cells),
      ], alignment: .right)
    return ["Standard errors of variance components (asymptotic):"] + table.lines() + [""]
  }

  private var thetaLines: [String] {
    guard !theta.names.isEmpty || residual == nil else { return [] }
    let cells = NumberColumn(theta.values, digits: 7).cells
    let table = TextTable(
      rowLabels: theta.names, columns: [("Relative", cells)], alignment: .right)
    return ["Covariance parameters θ:"] + table.lines() + [""]
  }

  private var optimizerLines: [String] {
    var line =
      "Optimizer: \(convergence.optimizer), \(convergence.evaluations) evaluations, "
      + "\(convergence.gradients) gradients"
    if convergence.preliminaryEvaluations > 0 {
      line += ", after \(convergence.preliminaryEvaluations) rough evaluations"
    }
    if let gradient = convergence.gradientMax { line += ", largest gradient \(short(gradient))" }
    if let eigenvalue = convergence.hessianMinEigenvalue {
      line += ", smallest eigenvalue of the Hessian \(short(eigenvalue))"
    }
    return [line] + startsLines + ["Criterion: \(criterion)"]
  }

  private var startsLines: [String] {
    let (starts, agreed) = (convergence.starts, convergence.startsAgreed)
    return starts > 1 ? ["Starts: \(starts), of which \(agreed) led to this criterion"] : []
  }

  private var traceLines: [String] {
    guard !convergence.trace.isEmpty else { return [] }
    let table = TextTable(
      rowLabels: convergence.trace.map { String($0.evaluation) },
      columns: [
        ("Criterion", convergence.trace.map { fixedNotation($0.criterion, decimals: 6) }),
        ("Seconds", convergence.trace.map { fixedNotation($0.seconds, decimals: 4) }),
      ]
        + theta.names.indices.map { parameter in
          (
            "θ\(parameter + 1)",
            NumberColumn(
              convergence.trace.map {
                $0.theta.indices.contains(parameter) ? $0.theta[parameter] : nil
              },
              digits: 7
            ).cells
          )
        },
      alignment: .right)
    return ["", "Trace of the search:"] + table.lines() + [""]
  }

  /// What the choice of probes adds to the errors of the estimates.
  private var monteCarloLines: [String] {
    guard let errors = solver.monteCarloErrors else { return [] }
    let kept = fixedEffects.filter { $0.estimate != nil }
    let table = TextTable(
      rowLabels: theta.names.map { "θ \($0)" } + ["σ"] + kept.map(\.name),
      columns: [
        (
          "Estimate",
          NumberColumn(theta.values + [sigma] + kept.map { $0.estimate ?? .nan }, digits: 7).cells
        ),
        (
          "Error",
          NumberColumn(errors.theta + [errors.sigma] + errors.fixed, digits: 2).cells
        ),
      ], alignment: .right)
    return ["Standard errors over the choice of \(errors.probes) probes:"] + table.lines() + [""]
  }

  private var solverLines: [String] {
    var parts = [solver.strategy]
    if let term = solver.leadingTerm { parts.append("leading term \(term)") }
    if let size = solver.coreSize { parts.append("core of \(size) unknowns") }
    if let density = solver.coreDensity {
      parts.append("\(fixedNotation(100 * density, decimals: 1)) % of it filled")
    }
    if let nonzeros = solver.factorNonzeros { parts.append("\(nonzeros) nonzeros in the factor") }
    parts.append(solver.threads == 1 ? "1 thread" : "\(solver.threads) threads")
    if let error = solver.criterionStandardError {
      let probes = solver.probes.map { " by \($0) random vectors" } ?? ""
      parts.append("standard error of the criterion \(short(error))\(probes)")
    }
    return ["Solver: \(parts.joined(separator: ", "))"] + solver.plan.map { "  \($0)" }
  }

  private var costLines: [String] {
    let stages = [
      ("read", timing.read), ("assemble", timing.assemble), ("optimize", timing.optimize),
      ("inference", timing.inference), ("total", timing.total),
    ]
    let times = stages.map { "\($0) \(fixedNotation($1, decimals: 3))" }.joined(separator: ", ")
    let evaluation = fixedNotation(1000 * timing.evaluation, decimals: 3)
    let mebibytes = fixedNotation(Double(peakMemory) / 1_048_576, decimals: 1)
    return [
      "Seconds: \(times); one evaluation \(evaluation) ms",
      "Peak memory: \(mebibytes) MiB",
    ]
  }

  private func short(_ value: Double) -> String {
    NumberColumn([value], digits: 3).cells[0]
  }
}
