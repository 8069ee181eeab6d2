// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Columns of a design in the working coordinates of a fitted model's X, and the term that each
/// belongs to.
struct FixedColumns {
  let names: [String]
  /// Index into the bound terms; nil for the intercept.
  let terms: [Int?]
  /// p × columns: X_working · this are the columns.
  let coordinates: DenseMatrix
  /// Norms of the columns before absorbed factors were taken out of them; nil where there are none.
  let wholeNorms: [Double]?
  /// What rounding of the columns is of: norms of the raw columns that they are made of.
  let sizes: [Double]

  func columns(where isWanted: (Int?) -> Bool) -> [Int] {
    terms.indices.filter { isWanted(terms[$0]) }
  }
}

extension FittedModel {
  var fixedTerms: BoundTerms { products.specification.fixed }

  /// How to code the factors of the fixed part.
  enum Coding {
    /// As the model was fitted; the dropped columns are there, too.
    case fitted
    /// An indicator for every level or cell, more columns than needed; where contrasts leave a part of
    /// a factor's levels out, an orthonormal basis of what they and the constant span.
    case indicators
  }

  /// The columns of the model's terms under some coding.
  ///
  /// All codings span the same space.
  ///
  /// - Throws: `FitError` as when the model was fitted.
  func fixedColumns(_ coding: Coding) throws -> FixedColumns {
    let builder = DesignBuilder(products: products, options: options)
    let (blocks, directory) = (products.basis.fixed, products.fixed.directory)
    var names: [String] = []
    var terms: [Int?] = []
    var combinations: [[(raw: Int, value: Double)]] = []
    if let constant = builder.constantColumn(fixedTerms, blocks: blocks, directory: directory) {
      names.append("(Intercept)")
      terms.append(nil)
      combinations.append([(constant, 1)])
    }
    for (t, term) in fixedTerms.terms.enumerated() {
      let one = BoundTerms(
        hasIntercept: false, terms: [coding == .indicators ? term.withIndicators : term])
      let added = try builder.columns(one, blocks: blocks, directory: directory)
      names += added.names
      terms += added.names.map { _ in t }
      combinations += added.combinations
    }
    return FixedColumns(
      names: names, terms: terms, coordinates: workingCoordinates(combinations),
      wholeNorms: model.fixedLevels == nil ? nil : norms(combinations),
      sizes: combinations.map { column in
        column.reduce(0) { $0 + abs($1.value) * products.fixed.norm([(raw: $1.raw, value: 1)]) }
      })
  }

  /// √(cᵀG c) for columns c in raw coordinates.
  private func norms(_ combinations: [[(raw: Int, value: Double)]]) -> [Double] {
    combinations.map { products.fixed.norm($0) }
  }

  /// BᵀG C for columns C in raw coordinates.
  private func workingCoordinates(_ combinations: [[(raw: Int, value: Double)]]) -> DenseMatrix {
    let all = model.fixedLevels?.projected ?? products.fixed.matrix  // y is column 0
    let image =
      model.fixed.B.transposed
      * all.submatrix(
        rows: Array(1..<all.rows), columns: Array(1..<all.columns))
    var result = DenseMatrix(rows: image.rows, columns: combinations.count)
    for (j, combination) in combinations.enumerated() {
      for (raw, value) in combination {
        for i in 0..<image.rows { result[i, j] += image[i, raw - 1] * value }
      }
    }
    return result
  }
}

extension BoundTerm {
  /// Every factor by all that its coding and the constant span.
  fileprivate var withIndicators: BoundTerm {
    BoundTerm(
      label: label,
      factors: factors.map { ($0.variable, $0.coding == .contrasts ? .closure : $0.coding) },
      numbers: numbers,
      isFactor: isFactor, block: block)
  }

  /// Whether this term's effects are averages of `other`'s: the same numeric variables, and its
  /// factors among the other's, which has more.
  func isContained(in other: BoundTerm) -> Bool {
    let (mine, theirs) = (Set(factors.map(\.variable)), Set(other.factors.map(\.variable)))
    return mine.isStrictSubset(of: theirs) && Set(numbers) == Set(other.numbers)
  }
}
