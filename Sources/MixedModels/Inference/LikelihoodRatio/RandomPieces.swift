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
  /// What is made a special case, where nothing is taken out.
  var special: Special?

  enum Special {
    /// The structure of a term.
    case structure(term: Int, any CovarianceStructure)
    /// Terms, or parts of them that have no covariance with each other.
    case parts([(term: Int, columns: [Int])])
  }
}

extension FittedModel {
  /// Every term of a random-effects term that is in no other term of it; the whole random-effects
  /// term where nothing else would be left.
  ///
  /// A term written with `||` is as many terms as it has summands.
  ///
  /// - Throws: `FitError`.
  func randomDeletions() throws -> [RandomDeletion] {
    let builder = DesignBuilder(products: products, options: options)
    let covarying = Set(model.groups.compactMap(\.source))
    return try RandomTermSummands.all(builder).flatMap { term -> [RandomDeletion] in
      let (bound, summands) = (term.bound, term.summands)
      let group = model.source(of: bound.group)
      let (first, count) = (model.groups[bound.group].sourceColumn + term.offset, term.columnCount)
      if bound.structure != nil {
        // Its columns share parameters.
        return [
          RandomDeletion(
            name: bound.label,
            kept: remaining(after: (0..<count).map { first + $0 }, in: group), columns: count,
            of: count, isDiagonal: false)
        ]
      }
      let deletable =
        bound.isDiagonal || summands.count == 1
        ? summands : summands.filter { term.isOutermost($0) }
      return deletable.map { summand in
        let isWhole = summands.count == 1
        let place = bound.label
        return RandomDeletion(
          name: isWhole ? place : "\(summand.label) in \(place)",
          kept: remaining(after: summand.columns.map { first + $0 }, in: group),
          columns: summand.columns.count,
          of: covarying.contains(group) ? model.groups[group].size : bound.isDiagonal ? summand.columns.count : count,
          isDiagonal: bound.isDiagonal,
          remark: isWhole && !bound.isDiagonal && !bound.terms.hasIntercept
            ? "the whole term is taken out; lmerTest leaves (1 | \(bound.groupName)), for which compare two models with anova"
            : nil)
      }
    }.filter { deletion in
      !deletion.kept.indices.contains {
        model.covariance.hasKnown($0) && deletion.kept[$0].count < model.covariance.blocks[$0].size
      }
    }
  }

  /// Terms with correlations of a structure, each without them: inside the parameter space, where χ² is
  /// right.
  func structureReductions() -> [RandomDeletion] {
    model.terms.indices.compactMap { t in
      let block = model.covariance.blocks[t]
      guard let structure = block.structure, let word = model.terms[t].structure,
        !model.covariance.hasKnown(t)
      else { return nil }
      var none: [Int: Double] = [:]
      for (k, parameter) in structure.parameters.enumerated() where parameter.hasZeroInside {
        none[k] = 0
      }
      guard !none.isEmpty else { return nil }
      return RandomDeletion(
        name: "\(none.count == 1 ? "correlation" : "correlations") in \(word) of \(model.terms[t].name)",
        kept: model.covariance.blocks.map { Array(0..<$0.size) }, columns: 0, of: block.size,
        isDiagonal: false, special: .structure(term: t, HeldStructure(structure, block, held: none)))
    }
  }

  /// Effects of two factors without their covariances: inside the parameter space, where χ² is right.
  func covarianceDeletions() -> [RandomDeletion] {
    model.covaryingTerms.compactMap { term, first in
      guard !model.covariance.hasKnown(term) else { return nil }
      let all = model.covariance.blocks.map { Array(0..<$0.size) }
      let columns = all[term]
      let pieces = all.indices.flatMap { t in
        t == term ? [(t, Array(columns[..<first])), (t, Array(columns[first...]))] : [(t, all[t])]
      }
      return RandomDeletion(
        name: "\(columns.count == 2 ? "covariance" : "covariances") of \(options.covaryingFactors.joined(separator: " and "))",
        kept: all, columns: 0, of: columns.count, isDiagonal: false, special: .parts(pieces))
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

  /// Columns of every term without some of a group's columns, given by their place in the group.
  private func remaining(after deleted: [Int], in group: Int) -> [[Int]] {
    model.covariance.blocks.map { block in
      (0..<block.size).filter {
        block.group != group || !deleted.contains(block.offset + $0)
      }
    }
  }
}
