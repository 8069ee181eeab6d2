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
    struct Block: Sendable {
      let cellSet: Int?
      /// Cell → row of `B`, −1 where it has none.
      let starts: [Int32]
      let monomials: [(offset: Int, monomial: Monomial)]
    }
    let blocks: [Block]
    /// Raw × `size`, by rows.
    let B: [Double]
    let size: Int
    /// Largest coefficient of every column.
    let largest: [Double]
  }

  let basis: RawBasis
  let fixed: Part
  /// What kept columns of X leave of the dropped ones (`DroppedRests`); nil where none was dropped.
  let rests: Part?
  /// In the order of the groups; nil for one that takes no part.
  let groups: [Part?]
  /// Which of the basis's atoms and cell sets are needed, ascending.
  let atoms: [Int]
  let cellSets: [Int]
  let offsets: [Expression]
  let response: Expression?
  let weights: String?
  let columns: ColumnLookup

  /// - Parameters:
  ///   - offset: the column that takes the place of the model's `--offset`.
  ///   - weights: the column of prior weights, if they are wanted.
  init(
    _ products: CrossProducts, _ model: LinearMixedModel, _ rests: DroppedRests? = nil,
    groups selected: [Bool], needsResponse: Bool, offset: String?, weights: String?
  ) {
    let basis = products.basis
    self.basis = basis
    self.weights = weights
    fixed = Part(basis.fixed, products.fixed.directory, B: model.fixed.B, first: 1)
    self.rests = rests.map {
      Part(basis.fixed, products.fixed.directory, B: $0.matrix, first: 1, keepsAll: true)
    }
    groups = model.groups.indices.map { g in
      selected[g]
        ? Part(basis.groups[g].blocks, products.groups[g].directory, B: model.groups[g].B, first: 0)
        : nil
    }
    let blocks = fixed.blocks + (self.rests?.blocks ?? []) + groups.compactMap { $0?.blocks }.joined()
    let powers = blocks.flatMap { $0.monomials.flatMap { $0.monomial.powers.map(\.atom) } }
    atoms = Set(powers).sorted()
    let grouping = model.groups.indices.filter { selected[$0] }.map { basis.groups[$0].cellSet }
    cellSets = Self.withParents(Set(blocks.compactMap(\.cellSet) + grouping), basis)
    response = needsResponse ? basis.response : nil
    let replaced = offset != nil && products.specification.options.offset != nil ? 1 : 0
    offsets = basis.offsets.dropLast(replaced) + (offset.map { [.column($0)] } ?? [])
    var requests = ColumnRequests()
    for atom in atoms { requests.add(basis.atoms[atom].expression) }
    for case .factor(let f) in cellSets.map({ basis.cellSets[$0] }) {
      switch basis.factors[f] {
      case .column(let name): requests.add(name, labels: true)
      case .logical(let expression): requests.add(expression)
      }
    }
    for expression in offsets { requests.add(expression) }
    if let response { requests.add(response) }
    if let weights { requests.add(weights, numbers: true) }
    columns = ColumnLookup(requests.all)
  }

  /// Of the blocks of X.
  var fixedCellSets: Set<Int> {
    Set((fixed.blocks + (rests?.blocks ?? [])).compactMap(\.cellSet))
  }

  /// A product is made of two earlier cell sets.
  private static func withParents(_ sets: Set<Int>, _ basis: RawBasis) -> [Int] {
    var all = sets
    for set in basis.cellSets.indices.reversed() where all.contains(set) {
      if case .product(let left, let right) = basis.cellSets[set] { all.formUnion([left, right]) }
    }
    return all.sorted()
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
    self.blocks = blocks.indices.compactMap { b in
      let starts = directory.starts[b].map { $0 < 0 ? -1 : $0 - Int32(first) }
      let monomials = blocks[b].monomials.enumerated().filter { k, _ in
        keepsAll
          || starts.contains { start in
            start >= 0 && (0..<B.columns).contains { B[Int(start) + k, $0] != 0 }
          }
      }
      guard !monomials.isEmpty else { return nil }
      return Block(
        cellSet: blocks[b].cellSet, starts: starts,
        monomials: monomials.map { (offset: $0.offset, monomial: $0.element) })
    }
  }
}

/// Columns to be read, each once.
private struct ColumnRequests {
  private(set) var all: [ColumnRequest] = []

  mutating func add(_ expression: Expression) {
    let text = expression.textColumns
    for name in expression.columns {
      add(name, numbers: !text.contains(name), labels: text.contains(name))
    }
  }

  mutating func add(_ name: String, numbers: Bool = false, labels: Bool = false) {
    let index = all.firstIndex { $0.name == name } ?? all.count
    if index == all.count {
      all.append(ColumnRequest(name: name, wantsNumbers: false, wantsLabels: false))
    }
    if numbers { all[index].wantsNumbers = true }
    if labels { all[index].wantsLabels = true }
  }
}
