// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// What a linear predictor needs of rows that it has not seen, and how they become the working
/// columns of X and Z.
///
/// Only columns that the chosen parts depend on are asked for: a prediction without random effects
/// needs no grouping factor.
struct NewRowDesign: Sendable {
  /// One part of the model matrix: X, or Z of one group.
  struct Part: Sendable {
    let blocks: [RawColumns]
    /// Raw × `size`, by rows.
    let B: [Double]
    let size: Int
    /// Largest coefficient of every column.
    let largest: [Double]
  }

  let needs: RowNeeds
  let fixed: Part
  /// What kept columns of X leave of the dropped ones (`DroppedRests`); nil where none was dropped.
  let rests: Part?
  /// In the order of the groups, those of absorbed factors last; nil for one that takes no part.
  let groups: [Part?]
  /// Which of the basis's cell sets are needed.
  let cellSets: Set<Int>
  /// What the strata of the rows multiply their weights by, if that is wanted.
  let strata: StratumWeights?

  var basis: RawBasis { needs.basis }
  /// The columns to be read.
  var columns: [ColumnRequest] { needs.columns.requests }

  /// - Parameters:
  ///   - offset: the column that takes the place of the model's `--offset`.
  ///   - weights: prior weights, if they are wanted.
  ///   - strata: residual strata, if the rows' weights are wanted.
  ///   - residual: what residuals are correlated by, if they are wanted.
  init(
    _ products: CrossProducts, _ model: LinearMixedModel, _ rests: DroppedRests? = nil,
    groups selected: [Bool], needsResponse: Bool, offset: String?, weights: Expression?,
    strata: StratumWeights? = nil, residual: ResidualColumns? = nil
  ) {
    let basis = products.basis
    self.strata = strata
    fixed = Part(basis.fixed, products.fixed.directory, B: model.fixed.B, first: 1)
    self.rests = rests.map {
      Part(basis.fixed, products.fixed.directory, B: $0.matrix, first: 1, keepsAll: true)
    }
    groups = model.groups.indices.map { g in
      selected[g]
        ? Part(basis.groups[g].blocks, products.groups[g].directory, B: model.groups[g].B, first: 0)
        : nil
    } + (model.fixedLevels?.factors.enumerated().map { k, factor in
      let g = model.groups.count + k
      return Part(
        basis.groups[g].blocks, products.groups[g].directory, B: factor.B, first: 0)
    } ?? [])
    let blocks =
      fixed.blocks + (self.rests?.blocks ?? []) + groups.compactMap { $0?.blocks }.joined()
    let powers = blocks.flatMap { $0.monomials.flatMap { $0.monomial.powers.map(\.atom) } }
    let grouping = groups.indices.filter { [groups] in groups[$0] != nil }.map { basis.groups[$0].cellSet }
    cellSets = Self.withParents(
      Set(blocks.compactMap(\.cellSet) + grouping + (strata?.cellSets ?? []) + (residual?.cellSets ?? [])), basis)
    let replaced = offset != nil && products.specification.options.offset != nil ? 1 : 0
    needs = RowNeeds(
      basis, atoms: Set(powers).sorted(),
      factors: cellSets.sorted().compactMap {
        if case .factor(let f) = basis.cellSets[$0] { f } else { nil }
      },
      offsets: basis.offsets.dropLast(replaced) + (offset.map { [.column($0)] } ?? []),
      response: needsResponse ? basis.response : nil, weights: weights, time: residual?.time)
  }

  /// Of the blocks of X.
  var fixedCellSets: Set<Int> {
    Set((fixed.blocks + (rests?.blocks ?? [])).compactMap(\.cellSet))
  }

  /// A product is made of two earlier cell sets.
  private static func withParents(_ sets: Set<Int>, _ basis: RawBasis) -> Set<Int> {
    var all = sets
    for set in basis.cellSets.indices.reversed() where all.contains(set) {
      if case .product(let left, let right) = basis.cellSets[set] { all.formUnion([left, right]) }
    }
    return all
  }
}

extension NewRowDesign.Part {
  /// The blocks of raw columns that have a part in the working columns, or all; `first` is the
  /// directory's column that is row 0 of B.
  fileprivate init(
    _ blocks: [ColumnBlock], _ directory: ColumnDirectory, B: DenseMatrix, first: Int,
    keepsAll: Bool = false
  ) {
    size = B.columns
    largest = (0..<B.columns).map { B.column($0).reduce(0) { max($0, abs($1)) } }
    self.B = (0..<B.rows).flatMap { k in (0..<B.columns).map { B[k, $0] } }
    let all = RawColumns.all(blocks, directory, first: first)
    self.blocks =
      keepsAll
      ? all.filter { !$0.monomials.isEmpty }
      : all.compactMap {
        RawColumns($0) { column in (0..<B.columns).contains { B[column, $0] != 0 } }
      }
  }
}
