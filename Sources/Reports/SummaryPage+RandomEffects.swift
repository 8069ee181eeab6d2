// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

extension Fit {
  /// The covariance parameters of every term, the residual's last, and the sizes of the data.
  var randomEffectLines: [String] {
    let table = TextTable(
      rowLabels: Array(repeating: "", count: varianceTableColumns[0].cells.count),
      columns: varianceTableColumns + correlationColumns, alignment: .left)
    var lines =
      (isLeastSquares ? [] : [varianceTableTitle + ":"] + table.lines() + structureLines)
      + sizeLines
    if omittedObservations > 0 {
      let rows = omittedObservations == 1 ? "1 row" : "\(omittedObservations) rows"
      lines.append("(\(rows) with missing values left out)")
    }
    return lines
  }

  /// `Random effects`, or the structure of the residuals' covariance matrix.
  var varianceTableTitle: String {
    guard let residual else { return "Random effects" }
    return "Covariance of residuals, \(residual.term.printable) (\(residual.structure.title))"
  }

  /// Residual standard deviations by stratum with their intervals; none where all rows have one.
  var strataLines: [String] {
    guard let residualStrata else { return [] }
    let strata = residualStrata.strata
    func cells(_ values: [Double?]) -> [String] {
      NumberColumn(values, digits: Self.tableDigits).cells
    }
    let table = TextTable(
      rowLabels: strata.map(\.label),
      columns: [
        ("Obs", strata.map { "\($0.observations)" }),
        ("Std.Dev.", cells(strata.map(\.standardDeviation))),
        ("Ratio", cells(strata.map(\.ratio))),
        ("2.5 %", cells(strata.map { $0.confidenceInterval?.low })),
        ("97.5 %", cells(strata.map { $0.confidenceInterval?.high })),
      ], alignment: .right)
    return ["Residual standard deviations by \(residualStrata.name.printable):"] + table.lines()
  }

  var varianceTableColumns: [(header: String, cells: [String])] {
    // Of rows that are independent; none where they are not.
    let residuals: [Double] =
      residual == nil ? residualStrata?.strata.map(\.standardDeviation) ?? [sigma] : []
    let standardDeviations = covarianceComponents.flatMap(\.reportedDeviations) + residuals
    let variances = standardDeviations.map { $0.map { $0 * $0 } }
    return [
      (
        "Groups",
        covarianceComponents.flatMap { component in
          component.columns.indices.map { $0 == 0 ? component.name : "" }
        } + residuals.indices.map { $0 == 0 ? "Residual" : "" }
      ),
      (
        "Name",
        covarianceComponents.flatMap(\.columns)
          + (residualStrata?.strata.map(\.label) ?? residuals.map { _ in "" })
      ),
      ("Variance", NumberColumn(variances, digits: Self.tableDigits).cells),
      ("Std.Dev.", NumberColumn(standardDeviations, digits: Self.tableDigits).cells),
    ]
  }

  /// The lower triangles of the terms' correlations under each other; none if no term has one.
  var correlationColumns: [(header: String, cells: [String])] {
    let width = (covarianceComponents.map(\.columns.count).max() ?? 1) - 1
    guard width > 0 else { return [] }
    let decimals = max(2, Self.tableDigits - 2)
    let rows = covarianceComponents.flatMap { component -> [[String]] in
      let size = component.columns.count
      // R formats the whole matrix, so its diagonal and upper triangle count for the width.
      let values = component.correlations.joined().map { rounded($0 ?? .nan, decimals: decimals) }
      let cells = NumberColumn(values, digits: 7, minimumDecimals: decimals).cells
      return (0..<size).map { row in
        (0..<width).map { $0 < row ? cells[row * size + $0] : "" }
      }
    }
    return (0..<width).map { column in
      (
        column == 0 ? "Corr" : "",
        rows.map { $0[column] } + (residualStrata?.strata ?? []).dropFirst().map { _ in "" }
          + (residual == nil ? [""] : [])
      )
    }
  }

  /// A line for every term with a structure that has parameters of its own.
  var structureLines: [String] {
    let ofTerms = varianceComponents.compactMap { component -> String? in
      guard let structure = component.structure, !structure.parameters.isEmpty else { return nil }
      return "\(structure.word) of \(component.name): \(structure.parameters.map(words).joined(separator: ", "))"
    }
    return ofTerms + autocorrelationLines
  }

  /// The correlation of residuals in time; none where they are independent.
  var autocorrelationLines: [String] {
    guard let autocorrelation else { return [] }
    let unit = autocorrelation.unit == 1 ? "" : " over \(Int(autocorrelation.unit))"
    return [
      "Residuals \(autocorrelation.term.printable): \(words(autocorrelation.correlation))\(unit)"
    ]
  }

  /// `rho 0.653 (SE 0.085)`
  private func words(_ parameter: StructureEstimate) -> String {
    let cells = [parameter.estimate, parameter.standardError].map {
      NumberColumn([$0], digits: Self.tableDigits).cells[0]
    }
    let error = parameter.standardError == nil ? "" : " (SE \(cells[1]))"
    return "\(parameter.name) \(cells[0])\(error)"
  }

  var sizeLines: [String] {
    if isLeastSquares { return ["Number of obs: \(observations)"] }
    let observationText = "Number of obs: \(observations), groups: "
    var groups = varianceComponents.reduce(into: [(String, Int)]()) { groups, component in
      if !groups.contains(where: { $0.0 == component.group }) {
        groups.append((component.group, component.levelCount))
      }
    }
    if let residual { groups.append((residual.subject, residual.subjects)) }
    let groupText = groups.map { "\($0), \($1)" }.joined(separator: "; ")
    if observationText.count + 1 + groupText.count > 80 {
      return [observationText.trimmingTrailingBlanks(), groupText]
    }
    return [observationText + " " + groupText]
  }
}
