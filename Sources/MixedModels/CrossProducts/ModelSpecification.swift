// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// A formula bound to the columns of a table: which variables are numbers, which are factors, and
/// the raw basis that carries them all.
package struct ModelSpecification: Sendable {
  package let formula: Formula
  package let fixed: BoundTerms
  package let randomTerms: [BoundRandomTerm]
  package let absorbed: [BoundAbsorbedFactor]
  /// Shifts and scales are 0 and 1 until a sample of rows was seen.
  package internal(set) var basis: RawBasis
  package let columns: ColumnLookup
  /// What the values of the formula's columns look like.
  package internal(set) var columnKinds: [String: ColumnKind]
  package internal(set) var options: ModelOptions
  /// The formula that the basis was made for; `formula` may use fewer of its columns.
  package let origin: Formula
  /// What tells residual variances apart; nil where all rows have one.
  package var strata: BoundStrata?
  /// Where the residuals of a subject are correlated.
  package var residual: BoundResidual?
  /// Where they are correlated in time, beside random effects.
  package var serial: BoundSerial?
}

extension ModelSpecification {
  /// Columns of the factors that X and Z are coded from; grouping factors as such are not among them.
  package var codedFactors: Set<String> {
    let terms = ([fixed] + randomTerms.map(\.terms)).flatMap(\.terms)
    let apart = absorbed.filter(\.isReported).flatMap(\.grouping)
    return Set((terms.flatMap(\.factors).map(\.variable) + apart).compactMap(\.column))
  }

  /// Takes shifts, scales and the response's predictor from the first rows.
  mutating func centre(on sample: TableChunk) {
    let slopes = fixed.terms.filter { $0.factors.isEmpty && $0.numbers.count == 1 }
    basis = basis.centred(
      on: sample, columns: columns,
      slopes: fixed.hasIntercept || !absorbed.isEmpty
        ? Set(slopes.map { $0.numbers[0].atom }.filter { basis.atoms[$0].spline == nil }) : [])
  }
}

/// `ModelTerms` with every variable's role known.
package struct BoundTerms: Sendable {
  package let hasIntercept: Bool
  /// In R's order, the intercept not among them.
  package let terms: [BoundTerm]
}

/// One term of a model formula: a product of variables.
package struct BoundTerm: Sendable {
  package let label: String
  package let factors: [(variable: FactorVariable, coding: FactorCoding)]
  package let numbers: [NumericVariable]
  /// The variables in the term's order: true where the next one is a factor.
  package let isFactor: [Bool]
  /// Index of the column block in the raw basis (of X, or of the random term's group).
  package let block: Int
}

/// A random-effects term bound to the table.
package struct BoundRandomTerm: Sendable {
  /// lme4's name of the grouping factor.
  package let groupName: String
  /// Index into the raw basis's groups; several terms may share one.
  package let group: Int
  package let terms: BoundTerms
  package let isDiagonal: Bool
  /// As the formula names it; nil where any covariance matrix is meant.
  package var structure: RandomTerm.StructureWord?
  /// Place in the formula; the terms that one `a/b` was expanded to share it.
  package let range: Range<Int>
  /// The factors whose interaction the groups are, in the order of the name.
  package let grouping: [FactorVariable]
}

extension BoundRandomTerm {
  /// As the formula has it.
  var label: String {
    let bare = "\(lhs) \(isDiagonal ? "||" : "|") \(groupName)"
    guard let structure else { return "(\(bare))" }
    if !structure.axes.isEmpty {
      return zip(structure.axes, grouping).map { word, factor in
        word == AxisTerm.independent ? factor.name : "\(word)(\(factor.name))"
      }.joined(separator: ":")
    }
    let homogeneity = structure.isHomogeneous.map { ", hom = \($0 ? "TRUE" : "FALSE")" } ?? ""
    let dimensions = structure.dimensions.map { ", d = \($0)" } ?? ""
    return "\(structure.word)(\(bare)\(homogeneity)\(dimensions))"
  }

  /// The left-hand side, with an implicit intercept.
  private var lhs: String {
    let labels = terms.terms.map(\.label)
    if labels.isEmpty { return "1" }
    return ((terms.hasIntercept ? [] : ["0"]) + labels).joined(separator: " + ")
  }
}

/// A factor whose levels have fixed effects that are not reported, bound to the table.
package struct BoundAbsorbedFactor: Sendable {
  /// As grouping factors are named.
  package let name: String
  /// Index into the raw basis's groups.
  package let group: Int
  /// The factors whose interaction the levels are, in the order of the name.
  package let grouping: [FactorVariable]
  /// Whether it is a term of the fixed part, see `Formula.settingApart`.
  var isReported = false
  /// The column of every level: the constant, or the product of numbers that levels have slopes of.
  let terms: BoundTerms

  var isSlope: Bool { !terms.hasIntercept }
}

/// The structure of the residuals' covariance matrix bound to the table.
package struct BoundResidual: Sendable {
  package internal(set) var term: ResidualTerm
  package let visit: FactorVariable
  package let subject: FactorVariable
  package let arm: FactorVariable?
  /// Places of their cell sets in the raw basis.
  package let visitCells: Int
  package let subjectCells: Int
  package let armCells: Int?
}

extension CrossProducts {
  /// The same sums by visits for another structure that takes them.
  func taking(_ term: ResidualTerm?) -> CrossProducts {
    guard let term, specification.residual != nil, specification.hasSums(of: term) else { return self }
    var other = self
    other.specification.options.residual = term
    other.specification.residual?.term = term
    return other
  }
}

extension FitOptions {
  /// These options for cross-products that were made with others.
  ///
  /// Rows were read with theirs; levels and contrasts can still be chosen.
  func adopting(_ specification: ModelSpecification) -> FitOptions {
    let model = specification.options
    var options = self
    options.reading.categoricalColumns.formUnion(
      specification.columnKinds.filter { $0.value == .categorical }.keys)
    (options.weights, options.offset) = (model.weights, model.offset)
    options.residualBy = model.residualBy
    options.sparseFixed = .factors(model.setApart)
    options.clusters = clusters ?? model.clusters
    options.splines.merge(model.splines) { _, theirs in theirs }
    options.levels.merge(model.levels) { ours, _ in ours }
    if let defaultContrast {
      for column in specification.codedFactors where options.contrasts[column] == nil {
        options.contrasts[column] = defaultContrast
      }
    }
    options.contrasts.merge(model.contrasts) { ours, _ in ours }
    options.omitsMissing = model.omitsMissing
    options.reading.missingTexts = model.missingTexts
    options.residual = model.residual
    return options
  }
}
