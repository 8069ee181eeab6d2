// SPDX-License-Identifier: GPL-2.0-or-later
package import MixedModels
package import ModelFrames
import NumericalMethods

/// A fitted model as figures need it: results, levels' blocks and the way to the rows.
package struct FigureSource {
  package let fitted: FittedModel

  /// One whose conditional modes are there where figures show them.
  package init(_ fitted: FittedModel) { self.fitted = fitted }

  /// Reads a fit that was saved.
  ///
  /// - Throws: what `Fit(contentsOf:)` throws.
  package init(contentsOf path: String, options: FitOptions) throws {
    fitted = try FittedModel(
      contentsOf: path, options: options.discardingCrossProducts, requiresModes: false)
  }

  /// Fits a formula to rows, to saved cross-products, or to both together.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`, `ModelFileError`.
  package init(_ formula: Formula, from input: ModelInput, options: FitOptions) throws {
    var options = options.discardingCrossProducts
    if let residual = options.residual, !residual.isSerial(beside: formula) {
      options.wantsConditionalModes = false  // there are none
    }
    fitted = try FittedModel(formula, from: input, options: options)
  }

  package var fit: Fit { fitted.fit }
  var model: LinearMixedModel { fitted.model }

  /// The response as the formula writes it.
  var response: String { fitted.products.specification.formula.response.deparsed }

  /// - Throws: `FigureError.nothingToDraw` where absorbed factors have a part in every level's line.
  func requireNoAbsorbedFactors() throws(FigureError) {
    let factors = fit.absorbed + fit.sparse
    guard !factors.isEmpty else { return }
    throw .nothingToDraw(
      "beside \(fit.sparse.isEmpty ? "absorbed factors" : "factors with sparse columns") (\(factors.map(\.name).joined(separator: ", "))) the rows of a level lie on no line of its own."
    )
  }

  /// Index of the first term on a grouping factor, or of the first term that `isWanted`.
  ///
  /// - Throws: `FigureError.unknownGroup`.
  func term(_ group: String?, where isWanted: (ReportedTerm) -> Bool) throws(FigureError) -> Int {
    guard !model.terms.isEmpty else {
      throw .nothingToDraw("the model has no random effects to draw.")
    }
    guard let group else { return model.terms.firstIndex(where: isWanted) ?? 0 }
    let named = model.terms.indices.filter { model.terms[$0].groupName == group }
    guard let first = named.first else {
      let known = model.terms.reduce(into: [String]()) {
        if !$0.contains($1.groupName) { $0.append($1.groupName) }
      }
      throw .unknownGroup(group, meant: closestName(to: group, among: known), known: known)
    }
    return named.first { isWanted(model.terms[$0]) } ?? first
  }

  /// What `make` makes of the first term that it makes something of, of those on a grouping factor if one is named.
  ///
  /// - Throws: `FigureError.unknownGroup`.
  func first<Made>(ofGroup group: String?, _ make: (Int) -> Made?) throws(FigureError) -> Made? {
    if group != nil { _ = try term(group) { _ in true } }
    return model.terms.indices.lazy.filter { group == nil || model.terms[$0].groupName == group }
      .compactMap(make).first
  }

  /// The conditional modes of a term, level after level, in the units of the response per unit of
  /// the columns that R would report.
  func modes(_ term: Int) -> [Double] {
    let block = model.covariance.blocks[term]
    let b = fitted.optimum.estimates.workingModes[block.group]
    return reported(block, level: b, levels: model.groups[block.group].levelCount)
  }

  /// R⁻¹ applied to the block's part of what a group has for every level.
  func reported(
    _ block: RelativeCovariance.Block, level values: [Double], levels: Int
  ) -> [Double] {
    let (size, ℓ) = (block.size, model.groups[block.group].size)
    let inverse = block.solveR(.identity(size)).storage
    var result = [Double](repeating: 0, count: levels * size)
    for level in 0..<levels {
      for j in 0..<size {
        let value = values[level * ℓ + block.offset + j]
        for i in 0..<size { result[level * size + i] += inverse[j * size + i] * value }
      }
    }
    return result
  }

  /// The units of a random effect: those of the response, by those of the covariate for a slope.
  func units(_ column: String) -> String {
    let isSlope = fitted.products.basis.atoms.contains { $0.expression.deparsed == column }
    return isSlope ? "\(response) per unit of \(column)" : "units of \(response)"
  }

  /// β of the column of X that bears the same name as a random effect; 0 if there is none.
  func fixedEffect(_ name: String) -> Double {
    fit.fixedEffects.first { $0.name.hasBytes(of: name) }?.estimate ?? 0
  }

  /// One pass over the rows of the fit, read again from `data`.
  ///
  /// - Throws: `DataError`, `FitError`; `FigureError.otherRows` unless they are as many.
  func forEachRows<Also: Sendable>(
    of data: [any TableSource], with also: @Sendable (RowBlock, [[Int32]]) -> Also,
    _ body: (ResidualPass.Rows, Also) throws -> Void
  ) throws {
    var count = 0
    try fitted.scaledResidualPass(of: data).forEach(with: also) { rows, also in
      count += rows.fitted.count
      try body(rows, also)
    }
    guard count == fit.observations else {
      throw FigureError.otherRows(given: count, fitted: fit.observations)
    }
  }
}

extension Int {
  /// Digits in groups, as 1,234,567.
  var grouped: String {
    let digits = Array(String(magnitude))
    var text = self < 0 ? "-" : ""
    for (k, digit) in digits.enumerated() {
      if k > 0, (digits.count - k).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return text
  }
}
