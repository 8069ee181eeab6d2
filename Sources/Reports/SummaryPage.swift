// SPDX-License-Identifier: GPL-2.0-or-later
package import MixedModels
import ModelFrames

extension Fit {
  /// The fit as a page of text, laid out as lme4 prints the summary of a fit.
  ///
  /// Numbers are chosen and aligned as R does it, so that the two can be compared line by line.
  ///
  /// - Parameter isVerbose: Whether to add how the fit was found: θ, optimizer, trace, solver, times
  ///   and memory.
  package func page(isVerbose: Bool) -> String {
    var sections = [
      titleLines, criterionLines, scaledResidualLines, randomEffectLines, strataLines, absorbedLines,
      fixedEffectLines,
      fixedEffectCorrelationLines, convergence.messages,
    ]
    if isVerbose { sections.append(computationLines) }
    let page = sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }
    return printableText(page.joined(separator: "\n\n"), keeping: ["\n"]) + "\n"
  }

  /// Significant digits of the tables, R's default less three.
  static var tableDigits: Int { TableDigits.of(4, standard: 4) }

  var titleLines: [String] {
    let method = criterionKind == .reml ? "REML" : "maximum likelihood"
    let model = formula.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let kind = residual == nil ? "Linear mixed model" : "Mixed model for repeated measures"
    var title =
      isLeastSquares
      ? "Linear model\(absorbed.isEmpty ? "" : " with absorbed factors") fit by least squares" : "\(kind) fit by \(method)"
    if let tests = degreesOfFreedomMethod, tests != .none { title += "; t tests: \(tests.title)" }
    var lines = [title, "Formula: \(model)"]
    if !data.isEmpty { lines.append("   Data: \(dataNames)") }
    if let weights { lines.append("Weights: \(weights.printable)") }
    if let offset { lines.append(" Offset: \(offset.printable)") }
    return lines
  }

  /// The first few names only: shards come by the thousand.
  private var dataNames: String {
    let shown = data.prefix(data.count > 4 ? 3 : 4).map(\.printable).joined(separator: ", ")
    return data.count > 4 ? "\(shown) and \(data.count - 3) more" : shown
  }

  private var criterionLines: [String] {
    exactCriterionLines + stochasticLines
  }

  /// How far the criterion, and with it θ, may be from the exact ones.
  private var stochasticLines: [String] {
    guard let error = solver.criterionStandardError else { return [] }
    func short(_ value: Double) -> String { NumberColumn([value], digits: 2).cells[0] }
    let probes = solver.probes.map { ", \($0) probes" } ?? ""
    var lines = [
      "Criterion is stochastic: standard error \(short(error)) (\(solver.strategy)\(probes))"
    ]
    if let share = solver.monteCarloErrors?.largestShare {
      lines.append("which moves θ by \(short(share)) of its own standard errors")
    }
    return lines
  }

  private var exactCriterionLines: [String] {
    if isLeastSquares, criterionKind == .reml { return [] }
    guard criterionKind == .reml else { return namedRow(likelihoodNames, likelihoodCells) }
    // Structures of the residuals are chosen by these.
    return [restrictedCriterionLine]
      + (residual == nil ? [] : namedRow(likelihoodNames, likelihoodCells))
  }

  /// The same, name by name in one line.
  var criterionFacts: [String] {
    let likelihood = zip(likelihoodNames, likelihoodCells).map { "\($0) \($1.trimmed)" }
    return [criterionKind == .reml ? restrictedCriterionLine : likelihood.listed] + stochasticLines
  }

  private var restrictedCriterionLine: String {
    let value = NumberColumn([rounded(criterion, decimals: 1)], digits: 7).cells[0]
    return "REML criterion at convergence: \(value)"
  }

  private var likelihoodNames: [String] { ["AIC", "BIC", "logLik", "deviance", "df.resid"] }

  private var likelihoodCells: [String] {
    let degreesOfFreedom = Double(residualDegreesOfFreedom)
    let values = [aic, bic, logLikelihood, criterion, degreesOfFreedom]
    var cells = NumberColumn(values.map { rounded($0, decimals: 1) }, digits: 7).cells
    cells[4] = NumberColumn([degreesOfFreedom], digits: 7).cells[0]
    return cells
  }

  private var scaledResidualLines: [String] {
    guard let scaledResiduals else { return [] }
    let values = zappedSmall(scaledResiduals.values, digits: Self.tableDigits + 1)
    let cells = NumberColumn(values, digits: Self.tableDigits).cells
    return ["Scaled residuals:"] + namedRow(["Min", "1Q", "Median", "3Q", "Max"], cells)
  }

  /// Two lines: names over values, all right-justified to one width.
  private func namedRow(_ names: [String], _ cells: [String]) -> [String] {
    let width = (names + cells).map(\.count).max() ?? 0
    return [names, cells].map { row in
      row.map { String(repeating: " ", count: width - $0.count) + $0 }.joined(separator: " ")
    }
  }
}
