// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// What a model file holds, line by line.
///
/// - Throws: `ModelFileError`.
func modelFileRows(_ path: String) throws -> [(String, String)] {
  let file = try ModelFile(path)
  let products = try file.crossProducts()
  let specification = products.specification
  var rows = [("File", path), ("Formula", specification.formula.text)]
  if specification.origin.text != specification.formula.text {
    rows.append(("Made for", specification.origin.text))
  }
  rows.append(("Data", products.data.joined(separator: ", ")))
  for (name, column) in [
    ("Weights", specification.options.weights), ("Offset", specification.options.offset),
  ] {
    if let column { rows.append((name, column)) }
  }
  rows.append(
    ("Rows", "\(products.observations) used, \(products.omittedObservations) with missing values"))
  rows += products.factorSizes.map { ("Levels", "\($0.name): \($0.count)") }
  guard file.holdsFit else { return rows + [("Fit", "none")] }
  let fit = try Fit(contentsOf: path)
  let state = fit.convergence.converged ? "converged" : "not converged"
  let hasCriterion = !fit.criterion.isNaN
  return rows + [
    (
      "Fit",
      "\(fit.criterionKind.rawValue), criterion \(hasCriterion ? "\(fit.criterion)" : "not computed"), \(state)"
    ),
    ("Check", "the cross-products reproduce the \(hasCriterion ? "criterion" : "estimates")"),
  ]
}
