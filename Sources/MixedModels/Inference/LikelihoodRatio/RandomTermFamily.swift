// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// One term of a model's random part as a family of covariance matrices: all covariances of the
/// effects of some columns, independent between the levels of some factors.
struct RandomTermFamily {
  /// The factors whose cells are the levels.
  let grouping: Set<FactorSource>
  let spaces: [TermSpace]
  /// Columns of the term; with 1 there is a variance only.
  let columns: Int
  /// A column of a factor in a term written with `||`: its space is known by name only.
  let columnName: String?
  /// nil where all covariance matrices are allowed.
  var structure: StructureChoice?
  /// `(Days | Subject)`.
  let label: String
  /// The model's group, and the term's first working column among the group's.
  let group: Int
  let column: Int

  /// Whether every covariance matrix of the rows in `other` is one here, too.
  ///
  /// Effects on the levels of `a:b` are effects on `a` of the indicators of b with equal variances
  /// and no covariances, so (1 | a:b) lies in (0 + b | a).
  func contains(_ other: RandomTermFamily) -> Bool {
    if let structure {
      guard let own = other.structure, structure.contains(own) else { return false }
      return grouping == other.grouping && coversTerm(of: other) && other.coversTerm(of: self)
    }
    if columnName != nil || other.columnName != nil {
      return grouping == other.grouping
        && (columnName == other.columnName || (columnName == nil && coversTerm(of: other)))
    }
    guard grouping.isSubset(of: other.grouping) else { return false }
    let extra = other.grouping.subtracting(grouping)
    return other.spaces.allSatisfy { space in
      var space = space
      space.factors.formUnion(extra)
      return spaces.contain(space)
    }
  }

  private func coversTerm(of other: RandomTermFamily) -> Bool {
    other.spaces.allSatisfy { spaces.contain($0) }
  }

  func isEqual(_ other: RandomTermFamily) -> Bool { contains(other) && other.contains(self) }
}

extension FittedModel {
  /// Of factors whose effects have a covariance each by itself.
  ///
  /// - Throws: `FitError`.
  func randomTermFamilies(_ standard: Standardization) throws -> [RandomTermFamily] {
    var offsets = model.groups.map { _ in 0 }
    return try products.specification.randomTerms.flatMap { bound -> [RandomTermFamily] in
      let grouping = Set(bound.grouping.map { products.basis.factors[$0.source] })
      let builder = DesignBuilder(products: products, options: options)
      let (blocks, directory) = (
        products.basis.groups[bound.group].blocks, products.groups[bound.group].directory
      )
      let label = bound.label
      let all = try builder.columns(bound.terms, blocks: blocks, directory: directory).names
      var column = offsets[bound.group]
      offsets[bound.group] += all.count
      guard bound.isDiagonal, all.count > 1 else {
        return [
          RandomTermFamily(
            grouping: grouping, spaces: try spaces(bound.terms, standard), columns: all.count,
            columnName: nil, structure: try bound.structure.map {
              try products.specification.formula.covarianceStructure($0)
            }, label: label, group: bound.group, column: column)
        ]
      }
      var pieces: [RandomTermFamily] = []
      if bound.terms.hasIntercept {
        pieces.append(
          RandomTermFamily(
            grouping: grouping, spaces: [.one], columns: 1, columnName: nil, label: label,
            group: bound.group, column: column))
        column += 1
      }
      for term in bound.terms.terms {
        let names = try builder.columns(
          BoundTerms(hasIntercept: false, terms: [term]), blocks: blocks, directory: directory
        ).names
        let space = try space(term, standard)
        let isNumeric = term.factors.isEmpty && names.count == 1
        for name in names {
          pieces.append(
            RandomTermFamily(
              grouping: grouping, spaces: [space], columns: 1, columnName: isNumeric ? nil : name,
              label: label, group: bound.group, column: column))
          column += 1
        }
      }
      return pieces
    }
  }
}
