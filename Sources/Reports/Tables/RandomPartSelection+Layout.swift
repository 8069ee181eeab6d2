// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// Submodels of a random part: `step` and the test's members are null where all are looked at, and for
/// the model that a search began with.
extension RandomPartSelection: Reportable {
  public static let layout = ReportLayout<RandomPartSelection>(
    [
      .title(\.title), .fact("formula", "Formula", \.formula),
      .data(
        .text(json: "criterion", \.criterionKind.rawValue), .text(json: "by", \.rule.rawValue),
        .number(json: "alpha") { $0.rule == .lrt ? $0.alpha : nil }),
      .table(json: "models", \.rows, label: \.label, width: 140, columns: columns),
      .fact("selected", "Selected", \.selected.formula), .notes(),
    ], notes: \.messages)

  private var title: String {
    let likelihood = criterionKind == .reml ? "REML" : "maximum likelihood"
    return switch rule {
    case .aic: "All submodels of the random part by \(likelihood), by AIC"
    case .bic: "All submodels of the random part by \(likelihood), by BIC"
    case .lrt:
      "Backward selection of the random part by \(likelihood), likelihood-ratio tests at \(NumberColumn([alpha], digits: 3).cells[0])"
    }
  }

  @Sendable private static func columns(_ selection: RandomPartSelection?) -> [Column<Row>] {
    let isStepwise = selection?.rule == .lrt
    return [
      .text(json: "formula", tidy: "formula", \.formula), .text(json: "random", \.randomPart),
      .count(json: "step", tidy: "step", header: isStepwise ? "Step" : nil, \.step),
      .count(json: "npar", tidy: "npar", header: "npar", \.parameterCount),
      .number(
        json: "log_likelihood", tidy: "logLik", header: "logLik", minimumDecimals: 1,
        \.logLikelihood),
      .number(json: "aic", tidy: "AIC", header: "AIC", minimumDecimals: 1, \.aic),
      .number(json: "bic", tidy: "BIC", header: "BIC", minimumDecimals: 1, \.bic),
      .number(
        json: "statistic", tidy: "statistic", header: isStepwise ? "LRT" : nil
      ) { $0.test?.statistic },
      .count(json: "df", tidy: "df", header: isStepwise ? "Df" : nil) { $0.test?.df },
      .pValue(header: isStepwise ? "naive Pr(>Chisq)" : nil) { $0.test?.naivePValue },
      .pValue(
        json: "p_mixture", tidy: "p.mixture", header: isStepwise ? "Pr(mixture)" : nil
      ) { $0.test?.mixturePValue },
      .flag(json: "singular", tidy: "singular", \.isSingular),
      .text(header: "") { $0.isSingular ? "singular" : $0.isConverged ? "" : "not converged" },
      .flag(json: "selected", tidy: "selected", \.isSelected),
      .text(json: "covary", tidy: "covary") {
        $0.covaryingFactors.isEmpty ? nil : $0.covaryingFactors.joined(separator: ",")
      },
    ]
  }
}

extension RandomPartSelection.Row {
  /// Marked if it is the one.
  fileprivate var label: String { (isSelected ? "* " : "  ") + randomPart }
}
