// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// What can be taken out of the random part in one step.
struct RandomDeletion {
  /// As lmerTest calls it: `Days in (Days | Subject)`, `(1 | Subject)`.
  let name: String
  /// For every term of the model, in lme4's order, the columns that stay.
  let kept: [[Int]]
  /// Columns taken out, of a term that had `of` of them; with all their covariances.
  let columns: Int
  let of: Int
  /// Whether the columns have no covariances with each other (a term written with `||`).
  let isDiagonal: Bool
  /// What the user may have expected instead.
  var remark: String?
}

extension FittedModel {
  /// Every term of a random-effects term that is in no other term of it; the whole random-effects
  /// term where nothing else would be left.
  ///
  /// A term written with `||` is as many terms as it has summands.
  ///
  /// - Throws: `FitError`.
  func randomDeletions() throws -> [RandomDeletion] {
    var offsets = model.groups.map { _ in 0 }
    return try products.specification.randomTerms.flatMap { bound -> [RandomDeletion] in
      let summands = try summands(of: bound)
      let first = offsets[bound.group]
      let count = summands.reduce(0) { $0 + $1.columns.count }
      offsets[bound.group] += count
      if bound.structure != nil {
        // Its columns share parameters.
        return [
          RandomDeletion(
            name: bound.label,
            kept: remaining(after: (0..<count).map { first + $0 }, in: bound.group), columns: count,
            of: count, isDiagonal: false)
        ]
      }
      let deletable =
        bound.isDiagonal || summands.count == 1
        ? summands : summands.filter { $0.canGo }
      return deletable.map { summand in
        let isWhole = summands.count == 1
        let place = bound.label
        return RandomDeletion(
          name: isWhole ? place : "\(summand.label) in \(place)",
          kept: remaining(after: summand.columns.map { first + $0 }, in: bound.group),
          columns: summand.columns.count, of: bound.isDiagonal ? summand.columns.count : count,
          isDiagonal: bound.isDiagonal,
          remark: isWhole && !bound.isDiagonal && !bound.terms.hasIntercept
            ? "the whole term is taken out; lmerTest leaves (1 | \(bound.groupName)), for which compare two models with anova"
            : nil)
      }
    }
  }

  /// Terms of which only what they explain together is determined, taken out at once, where each is
  /// a term that could be taken out.
  func jointDeletions(_ deletions: [RandomDeletion]) -> [RandomDeletion] {
    func whole(_ t: Int) -> RandomDeletion? {
      deletions.first { deletion in
        deletion.kept.indices.allSatisfy { k in
          deletion.kept[k].count == (k == t ? 0 : model.covariance.blocks[k].size)
        }
      }
    }
    return Self.joined(model.determination?.alliances ?? []).compactMap { terms in
      let members = terms.compactMap(whole)
      guard members.count == terms.count else { return nil }
      let columns = terms.reduce(0) { max($0, model.covariance.blocks[$1].size) }
      return RandomDeletion(
        name: members.map(\.name).joined(separator: " and "),
        kept: model.covariance.blocks.indices.map { t in
          terms.contains(t) ? [] : Array(0..<model.covariance.blocks[t].size)
        },
        columns: columns, of: columns, isDiagonal: false)
    }
  }

  /// Sets with common members made one.
  private static func joined(_ sets: [[Int]]) -> [[Int]] {
    var result: [Set<Int>] = []
    for set in sets {
      let touching = result.filter { !$0.isDisjoint(with: set) }
      result.removeAll { !$0.isDisjoint(with: set) }
      result.append(touching.reduce(Set(set)) { $0.union($1) })
    }
    return result.map { $0.sorted() }
  }

  private struct Summand {
    let label: String
    /// Among the random-effects term's columns.
    let columns: [Int]
    /// Whether it is in no other summand.
    let canGo: Bool
  }

  private func summands(of bound: BoundRandomTerm) throws -> [Summand] {
    let builder = DesignBuilder(products: products, options: options)
    let (blocks, directory) = (
      products.basis.groups[bound.group].blocks, products.groups[bound.group].directory
    )
    var result: [Summand] = []
    var next = 0
    if bound.terms.hasIntercept {
      result.append(
        Summand(label: "(Intercept)", columns: [0], canGo: bound.terms.terms.isEmpty))
      next = 1
    }
    for term in bound.terms.terms {
      let count = try builder.columns(
        BoundTerms(hasIntercept: false, terms: [term]), blocks: blocks, directory: directory
      ).names.count
      result.append(
        Summand(
          label: term.label, columns: Array(next..<next + count),
          canGo: !bound.terms.terms.contains { term.isPartOf($0) }))
      next += count
    }
    return result
  }

  /// Columns of every term without some of a group's columns, given by their place in the group.
  private func remaining(after deleted: [Int], in group: Int) -> [[Int]] {
    model.covariance.blocks.map { block in
      (0..<block.size).filter {
        block.group != group || !deleted.contains(block.offset + $0)
      }
    }
  }
}

extension BoundRandomTerm {
  /// The left-hand side, with an implicit intercept.
  /// As the formula has it.
  var label: String {
    let bare = "\(lhs) \(isDiagonal ? "||" : "|") \(groupName)"
    guard let structure else { return "(\(bare))" }
    let homogeneity = structure.isHomogeneous.map { ", hom = \($0 ? "TRUE" : "FALSE")" } ?? ""
    return "\(structure.word)(\(bare)\(homogeneity))"
  }

  var lhs: String {
    let labels = terms.terms.map(\.label)
    if labels.isEmpty { return "1" }
    return ((terms.hasIntercept ? [] : ["0"]) + labels).joined(separator: " + ")
  }
}
