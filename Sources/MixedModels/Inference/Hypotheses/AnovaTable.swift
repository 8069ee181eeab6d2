// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// F tests of the terms of one fitted model.
public struct AnovaTable: Sendable {
  public enum Kind: Sendable {
    /// Of all terms.
    case types(TypeOfHypothesis)
    /// Of the terms that can be dropped without dropping another that contains them.
    case singleTermDeletions
  }
  public let kind: Kind
  public let formula: String
  public let method: DegreesOfFreedomMethod
  /// One per term, in the formula's order.
  public let rows: [FTest]
}

extension FittedModel {
  /// F tests of all terms.
  ///
  /// - Throws: `InferenceError` where there is no term, or the method does not fit the model.
  public func anova(
    type: TypeOfHypothesis = .marginalMeans, _ method: DegreesOfFreedomMethod
  ) throws -> AnovaTable {
    let terms = fixedTerms.terms
    let hasSetApart = model.fixedLevels?.reported != nil
    guard !terms.isEmpty || hasSetApart else { throw InferenceError.noFixedTerms(fit.formula) }
    if hasSetApart, type == .sequential {
      throw InferenceError.refused(
        "tests of terms in their order are not made beside factors that are kept as sparse columns (\(model.fixedLevels!.factors.map(\.name).joined(separator: ", "))). Take type 2 or 3, where each term is adjusted for the others."
      )
    }
    let ddf = try degreesOfFreedom(method)
    var rows = try zip(terms.indices, termHypotheses(type)).map { t, rows in
      test(terms[t].label, try LinearHypothesis(rows: usual(rows, of: t)), ddf)
    }
    if hasSetApart { rows = try withSetApartTests(rows, method, areDeletions: false) }
    return AnovaTable(kind: .types(type), formula: fit.formula, method: actual(method), rows: rows)
  }

  /// F tests of every term that is contained in no other: what is lost by dropping its columns.
  ///
  /// - Throws: as `anova`.
  public func singleTermDeletions(_ method: DegreesOfFreedomMethod) throws -> AnovaTable {
    let terms = fixedTerms.terms
    let hasSetApart = model.fixedLevels?.reported != nil
    guard !terms.isEmpty || hasSetApart else { throw InferenceError.noFixedTerms(fit.formula) }
    let ddf = try degreesOfFreedom(method)
    let numbers = model.fixedLevels?.hasSlopes == true ? products.specification.absorbed.flatMap(\.terms.terms) : []
    let wanted = terms.indices.filter { t in
      !terms.contains { terms[t].isPartOf($0) } && !numbers.contains { own in
        terms[t].factors.isEmpty && Set(terms[t].numbers).isSubset(of: own.numbers)
      }
    }
    var rows = try zip(wanted, deletionHypotheses(of: wanted)).map { t, rows in
      test(terms[t].label, try LinearHypothesis(rows: usual(rows, of: t)), ddf)
    }
    if hasSetApart { rows = try withSetApartTests(rows, method, areDeletions: true) }
    return AnovaTable(kind: .singleTermDeletions, formula: fit.formula, method: actual(method), rows: rows)
  }

  /// The rows of a term's hypothesis as mmrm and SAS write them, one for each of its own coefficients,
  /// where Satterthwaite's degrees of freedom depend on that.
  private func usual(_ rows: DenseMatrix, of term: Int) throws -> DenseMatrix {
    guard repeated != nil, rows.rows > 1 else { return rows }
    let terms = try fixedColumns(.fitted).terms
    let own = model.fixed.kept.indices.filter { terms[model.fixed.kept[$0]] == term }
    guard own.count == rows.rows else { return rows }
    // With L = rows · R the reported coefficients' rows, those of the term become an identity matrix.
    let reported = (rows * model.fixed.R).submatrix(rows: Array(0..<rows.rows), columns: own)
    let qr = ColumnOrderedQR(reported, tolerance: 1e-9)
    guard qr.rank == rows.rows else { return rows }
    var solved = qr.q.multipliedByTransposeOnLeft(rows)
    DenseCholesky.solveUpper(qr.r, &solved)
    return solved
  }
}
