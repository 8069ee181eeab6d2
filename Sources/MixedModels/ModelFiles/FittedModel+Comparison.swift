// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames
import NumericalMethods

extension FittedModel {
  /// A model without random effects, ordinary or weighted least squares, to compare a mixed one with:
  /// the rows are those that the mixed model can use.
  ///
  /// `formula` has no random terms; those of `other` say which columns must not be missing.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`, `ModelFileError`.
  package convenience init(
    withoutRandomEffects formula: Formula, likeRowsOf other: FittedModel, from input: ModelInput,
    options: FitOptions
  ) throws {
    try formula.requireNoDot()
    let text = Array(other.formula.text)
    let ranges = Set(other.formula.randomTerms.map(\.range))
    let random = ranges.sorted { $0.lowerBound < $1.lowerBound }.map { String(text[$0]) }
    let mixed = try Formula("\(formula.text) + \(random.joined(separator: " + "))")
    var products = try input.crossProducts(mixed, options: options)
    let options = options.adopting(products.specification)
    let model = try LinearMixedModel(releasing: &products, options: options)
    let formula = formula.settingApart(products.specification.options.setApart)
    self.init(
      leastSquares: model.reduced(keeping: model.terms.map { _ in [] }).withIndependentResiduals(),
      formula,
      products.withoutRandomTerms(formula), input.names, options)
  }
}

extension CrossProducts {
  /// What a comparison asks of the products of a model without random effects.
  fileprivate func withoutRandomTerms(_ formula: Formula) -> CrossProducts {
    var products = self
    products.specification = specification.withoutRandomTerms(formula)
    return products
  }
}

extension ModelSpecification {
  fileprivate func withoutRandomTerms(_ formula: Formula) -> ModelSpecification {
    ModelSpecification(
      formula: formula, fixed: fixed, randomTerms: [], absorbed: absorbed, basis: basis,
      columns: columns, columnKinds: columnKinds, options: options, origin: origin)
  }
}
