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
    guard !terms.isEmpty else { throw InferenceError.noFixedTerms(fit.formula) }
    let ddf = try degreesOfFreedom(method)
    let rows = try zip(terms, termHypotheses(type)).map { term, rows in
      test(term.label, try LinearHypothesis(rows: rows), ddf)
    }
    return AnovaTable(kind: .types(type), formula: fit.formula, method: actual(method), rows: rows)
  }

  /// F tests of every term that is contained in no other: what is lost by dropping its columns.
  ///
  /// - Throws: as `anova`.
  public func singleTermDeletions(_ method: DegreesOfFreedomMethod) throws -> AnovaTable {
    let terms = fixedTerms.terms
    guard !terms.isEmpty else { throw InferenceError.noFixedTerms(fit.formula) }
    let ddf = try degreesOfFreedom(method)
    let wanted = terms.indices.filter { t in !terms.contains { terms[t].isPartOf($0) } }
    let rows = try zip(wanted, deletionHypotheses(of: wanted)).map { t, rows in
      test(terms[t].label, try LinearHypothesis(rows: rows), ddf)
    }
    return AnovaTable(kind: .singleTermDeletions, formula: fit.formula, method: actual(method), rows: rows)
  }
}
