// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Which factors of the fixed part have their levels within those of others, as emmeans finds it out:
/// every level of `class` occurs with one level of `school`; or `dose` is in the formula only within
/// `drug`, as in `drug / dose`.
struct FactorNesting {
  /// For every nested factor those that it is nested in, as columns in the grid's order.
  private(set) var parents: [String: [String]] = [:]
  /// The combinations of each nested factor and its parents that have rows.
  private var occurring: [String: Set<[Label]>] = [:]

  /// - Throws: `FitError`.
  init(_ fitted: FittedModel, _ grid: ReferenceGrid) throws {
    let names = grid.variables.filter { $0.isFactor && $0.values.count > 1 && $0.apart == nil }.map(\.name)
    for name in names {
      let others = names.filter { $0 != name && !(parents[$0] ?? []).contains(name) }
      let within = try others.filter { other in
        try fitted.eachOccursOnce(name, within: other, grid.builder)
      }
      if !within.isEmpty { parents[name] = within }
    }
    for (name, within) in fitted.fixedTerms.impliedNesting(of: names, fitted.products.basis) {
      parents[name] = names.filter { (parents[name] ?? []).contains($0) || within.contains($0) }
    }
    closeAndPrune(names)
    for name in names {
      guard let within = parents[name] else { continue }
      // Without the rows of every combination nothing can be said of them.
      guard let cells = try fitted.occurringCells([name] + within, grid.builder) else {
        parents[name] = nil
        continue
      }
      occurring[name] = cells
    }
  }

  /// What a parent is nested in, a factor is nested in, too; two that are nested in each other are
  /// one partition, and not nested.
  private mutating func closeAndPrune(_ names: [String]) {
    for name in names {
      guard let within = parents[name] else { continue }
      let all = Set(within).union(within.flatMap { parents[$0] ?? [] })
      parents[name] = all.contains(name) ? nil : names.filter(all.contains)
    }
  }

  var isEmpty: Bool { parents.isEmpty }

  /// `dose %in% drug`
  var descriptions: [String] {
    parents.sorted { $0.key < $1.key }.map { "\($0.key) %in% \($0.value.joined(separator: "*"))" }
  }

  /// Whether all combinations of nested factors occur at a point.
  func occurs(_ point: GridPoint) -> Bool {
    parents.allSatisfy { name, within in
      occurring[name]!.contains(([name] + within).map { Label(point[$0].text) })
    }
  }

  /// One over how many levels of each nested factor to be averaged over occur where a point is, so that
  /// its parents' levels count alike.
  func weight(_ point: GridPoint, averaged: Set<String>) -> Double {
    parents.filter { averaged.contains($0.key) }.reduce(1.0) { weight, nested in
      let place = nested.value.map { Label(point[$0].text) }
      let count = occurring[nested.key]!.count { Array($0.dropFirst()) == place }
      return weight / Double(max(count, 1))
    }
  }
}

extension FittedModel {
  /// Whether each level of one factor occurs with one level of another.
  fileprivate func eachOccursOnce(
    _ factor: String, within other: String, _ builder: DesignBuilder
  ) throws -> Bool {
    guard let cells = try occurringCells([factor, other], builder) else { return false }
    return Set(cells.map { $0[0] }).count == cells.count
  }

  /// The combinations of labels of some factors that have rows; nil where the cross-products do not
  /// know.
  fileprivate func occurringCells(
    _ columns: [String], _ builder: DesignBuilder
  ) throws -> Set<[Label]>? {
    do {
      let weights = try cellWeights(columns, builder)
      return Set(
        weights.keys.map { key in
          key.text.split(separator: "\u{1F}", omittingEmptySubsequences: false).map {
            Label(String($0))
          }
        })
    } catch is InferenceError {
      return nil
    }
  }
}

extension BoundTerms {
  /// Factors without a term of their own whose terms have others that are coded by all their levels
  /// there: the dose of `drug + drug:dose`.
  fileprivate func impliedNesting(
    of names: [String], _ basis: RawBasis
  ) -> [(name: String, within: Set<String>)] {
    let codings = terms.map { term in
      Dictionary(
        term.factors.compactMap { variable, coding in variable.column.map { ($0, coding) } },
        uniquingKeysWith: { first, _ in first })
    }
    let main = Set(
      terms.indices.filter { terms[$0].factors.count == 1 && terms[$0].numbers.isEmpty }
        .flatMap { codings[$0].keys })
    return names.filter { !main.contains($0) }.compactMap { name in
      let sets = codings.filter { $0[name] == .contrasts }.map { coding in
        Set(coding.filter { $0.key != name && $0.value == .indicators }.keys)
      }.filter { !$0.isEmpty }
      let least = sets.filter { set in !sets.contains { $0.isStrictSubset(of: set) } }
      return least.isEmpty ? nil : (name, least.reduce(Set()) { $0.union($1) })
    }
  }
}
