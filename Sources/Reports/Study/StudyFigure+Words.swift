// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Studies

/// Titles and labels.
extension StudyFigure {
  private var parameter: StudyParameter { study.parameter }
  private var responseName: String { study.response ?? "the response" }

  var title: String {
    let what =
      switch parameter.kind {
      case .fixed: "Estimated coefficient of \(parameter.term)"
      case .variance: "Estimated variance of \(parameter.term), \(parameter.group ?? "")"
      case .residualVariance: "Estimated residual variance"
      case .standardDeviation:
        "Estimated standard deviation of \(parameter.term), \(parameter.group ?? "")"
      case .correlation: "Estimated correlation \(parameter.term), \(parameter.group ?? "")"
      case .sigma: "Estimated residual standard deviation"
      }
    return "\(what): \(study.replicates) replicates"
  }

  var verticalLabel: String {
    switch parameter.kind {
    case .fixed:
      parameter.term == "(Intercept)"
        ? "intercept (units of \(responseName))"
        : "slope (units of \(responseName) per unit of \(parameter.term))"
    case .variance, .residualVariance: "variance (squared units of \(responseName))"
    case .standardDeviation, .sigma: "standard deviation (units of \(responseName))"
    case .correlation: "correlation"
    }
  }

  /// What the designs differ in, once.
  var horizontalLabel: String {
    guard let name = variedName else { return "design" }
    return name == "rows" || name.hasPrefix("rows per ") ? name : "number of levels of \(name)"
  }

  /// `school` where the designs are `school = 5`, `school = 30` and so on; nil if they differ in
  /// more.
  private var variedName: String? {
    let names = Set(study.designs.map { Self.parts($0.label) }.map { $0.count == 2 ? $0[0] : nil })
    return names.count == 1 ? names.first! : nil
  }

  private static func parts(_ label: String) -> [String] {
    label.split(separator: " = ", omittingEmptySubsequences: false).map(String.init)
  }

  /// Lines of text.
  func tic(_ design: StudyEstimates.Design) -> [String] {
    if variedName != nil { return [Self.parts(design.label)[1]] }
    return design.label.split(separator: ", ", omittingEmptySubsequences: false).map(String.init)
  }

  var longestTic: Int {
    study.designs.flatMap(tic).reduce(0) { max($0, min($1.count, 40)) }
  }
}
