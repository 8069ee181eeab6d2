// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

extension Fit {
  /// Without random effects.
  var isLeastSquares: Bool { variationExplained != nil }

  /// Sizes of absorbed factors, and what least squares beside them explains.
  var absorbedLines: [String] {
    guard !absorbed.isEmpty else { return sparseLines + explainedLines }
    let factors = absorbed.map { factor in
      let redundant = factor.levelCount - factor.estimatedCount
      return
        "\(factor.name), \(factor.levelCount)\(redundant > 0 ? " (\(redundant) redundant)" : "")"
    }
    return ["Absorbed factors, levels: \(factors.joined(separator: "; "))"] + explainedLines
  }

  private var sparseLines: [String] {
    guard !sparse.isEmpty else { return [] }
    let factors = sparse.map { "\($0.name), \($0.levelCount)" }
    return ["Factors with sparse columns, levels: \(factors.joined(separator: "; "))"]
  }

  private var explainedLines: [String] {
    guard let explained = variationExplained else { return [] }
    let values = [explained.overall, explained.adjustedOverall] + (explained.within.map { [$0] } ?? [])
    let cells = values.map { fixedNotation($0, decimals: 4) }
    var line = "R-squared: overall \(cells[0]), adjusted \(cells[1])"
    if cells.count > 2 { line += ", within \(cells[2])" }
    if absorbed.isEmpty { line = "R-squared: \(cells[0]), adjusted: \(cells[1])" }
    let sigma = NumberColumn([sigma], digits: Self.tableDigits).cells[0]
    var lines = [
      "Residual standard error: \(sigma) on \(residualDegreesOfFreedom) degrees of freedom", line,
    ]
    if let test = explained.test {
      let value = NumberColumn([test.statistic], digits: Self.tableDigits).cells[0]
      let probability = PValueColumn([test.pValue], digits: Self.tableDigits).cells[0].trimmed
      lines.append(
        "F-statistic: \(value) on \(test.numeratorDF) and \(residualDegreesOfFreedom) degrees of freedom, p-value: \(probability)"
      )
    }
    return lines
  }
}
