// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// One random-effects term of a formula by the summands before its bar, and as a formula has it with
/// fewer of them.
struct RandomTermSummands {
  struct Summand {
    /// `(Intercept)` for the intercept.
    let label: String
    /// Among the columns of the term.
    let columns: [Int]
    /// nil for the intercept.
    let term: BoundTerm?
  }
  let bound: BoundRandomTerm
  /// The intercept first.
  let summands: [Summand]
  /// The term's first column among its group's.
  let offset: Int

  var columnCount: Int { summands.reduce(0) { $0 + $1.columns.count } }

  /// All of a model, in the formula's order.
  ///
  /// - Throws: `FitError`.
  static func all(_ builder: DesignBuilder) throws -> [RandomTermSummands] {
    let products = builder.products
    var offsets = products.groups.map { _ in 0 }
    return try products.specification.randomTerms.map { bound in
      let term = try RandomTermSummands(bound, builder, offset: offsets[bound.group])
      offsets[bound.group] += term.columnCount
      return term
    }
  }

  private init(_ bound: BoundRandomTerm, _ builder: DesignBuilder, offset: Int) throws {
    let (blocks, directory) = (
      builder.products.basis.groups[bound.group].blocks,
      builder.products.groups[bound.group].directory
    )
    var result: [Summand] = []
    var next = 0
    if bound.terms.hasIntercept {
      result.append(Summand(label: "(Intercept)", columns: [0], term: nil))
      next = 1
    }
    for term in bound.terms.terms {
      let count = try builder.columns(
        BoundTerms(hasIntercept: false, terms: [term]), blocks: blocks, directory: directory
      ).names.count
      result.append(
        Summand(label: term.label, columns: Array(next..<next + count), term: term))
      next += count
    }
    (self.bound, summands, self.offset) = (bound, result, offset)
  }

  /// Whether a summand can be left out of some, so that the others' columns stay what they are: it is
  /// part of none of them, and the intercept codes no factor.
  func canLeave(_ summand: Int, of kept: Set<Int>) -> Bool {
    guard kept.count > 1, bound.structure == nil else { return false }
    let others = kept.subtracting([summand]).map { summands[$0] }
    guard let term = summands[summand].term else {
      return others.allSatisfy { $0.term?.factors.isEmpty ?? true }
    }
    return !others.contains { $0.term.map(term.isPartOf) ?? false }
      // Without an intercept the first factor has a column for every level.
      && (bound.terms.hasIntercept || term.factors.isEmpty)
  }

  /// Whether a summand is in no other one.
  func isOutermost(_ summand: Summand) -> Bool {
    guard let term = summand.term else { return bound.terms.terms.isEmpty }
    return !bound.terms.terms.contains { term.isPartOf($0) }
  }

  /// `(Days | Subject)` with some of the summands.
  func text(keeping kept: Set<Int>, isDiagonal: Bool) -> String {
    guard bound.structure == nil else { return bound.label }
    let chosen = summands.indices.filter(kept.contains).map { summands[$0] }
    let labels = chosen.filter { $0.term != nil }.map(\.label)
    let hasIntercept = chosen.contains { $0.term == nil }
    let left = hasIntercept ? (labels.isEmpty ? ["1"] : labels) : ["0"] + labels
    let columns = chosen.reduce(0) { $0 + $1.columns.count }
    let bar = isDiagonal && columns > 1 ? "||" : "|"
    let right = bound.grouping.map(\.name).joined(separator: ":")
    return "(\(left.joined(separator: " + ")) \(bar) \(right))"
  }
}
