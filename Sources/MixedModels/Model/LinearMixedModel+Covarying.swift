// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension LinearMixedModel {
  /// Gives the effects of two factors at one level, such as an animal's own and its maternal one, a
  /// covariance: Cov = Σ ⊗ A for the columns of both, by one relationship.
  ///
  /// Both become one group on the relationship's levels, with the columns of both factors. A row has the first
  /// factor's columns at one level and the second's at another, so that these levels have a block with each other.
  /// In the place of the second group stands one without levels, which says where its rows find theirs.
  ///
  /// - Throws: `FitError.covarying`.
  mutating func covary(_ names: [String]) throws(FitError) {
    let (first, second) = try (covaryingTerm(names, 0), covaryingTerm(names, 1))
    let merged = try MergedGroups(self, names, first, second)
    let (a, b) = (covariance.blocks[first], covariance.blocks[second])
    var R = DenseMatrix(rows: a.size + b.size, columns: a.size + b.size)
    for j in 0..<a.size { for i in 0..<a.size { R[i, j] = a.R[i, j] } }
    for j in 0..<b.size { for i in 0..<b.size { R[a.size + i, a.size + j] = b.R[i, j] } }
    let name = names.joined(separator: ",")
    let term = ReportedTerm(
      name: name, group: merged.first, groupName: name,
      columns: [first, second].flatMap { t in
        terms[t].columns.map { Self.covaryingColumn($0, of: terms[t].groupName) }
      })
    let block = RelativeCovariance.Block(group: merged.first, offset: 0, size: R.columns, R: R)
    let place = min(first, second)
    let kept = terms.indices.filter { $0 == place || ($0 != first && $0 != second) }
    let blocks = kept.map { $0 == place ? block : covariance.blocks[$0] }
    terms = kept.map { [terms] in $0 == place ? term : terms[$0] }
    groups[merged.first] = merged.group
    groups[merged.second] = merged.view
    pairs = merged.pairs
    covariance = RelativeCovariance(blocks: blocks, groupSizes: groups.map(\.size))
  }

  /// What a column of one of the factors is called among those of both.
  static func covaryingColumn(_ name: String, of factor: String) -> String {
    name == "(Intercept)" ? factor : "\(factor).\(name)"
  }

  /// The group that a group's levels are of.
  func source(of g: Int) -> Int { groups[g].source ?? g }

  /// Terms of which the first columns, so many, are one factor's and the others another's.
  var covaryingTerms: [(term: Int, first: Int)] {
    groups.compactMap { view in
      guard let group = view.source, let term = covariance.blocks.firstIndex(where: { $0.group == group }) else {
        return nil
      }
      return (term, view.sourceColumn)
    }
  }

  /// Whether effects of two factors have a covariance.
  var hasCovaryingFactors: Bool { groups.contains { $0.source != nil } }

  /// The term of one of the factors.
  private func covaryingTerm(_ names: [String], _ k: Int) throws(FitError) -> Int {
    guard names.count == 2, names[0] != names[1] else {
      throw .covarying(names, "two different factors have a covariance")
    }
    let own = terms.indices.filter { terms[$0].groupName == names[k] }
    guard let term = own.first else {
      throw .covarying(
        names, "no random-effects term has the grouping factor \(names[k]). There are \(terms.map(\.groupName).joined(separator: ", "))")
    }
    guard own.count == 1, covariance.blocks[term].structure == nil,
      covariance.blocks[term].size == groups[terms[term].group].size
    else { throw .covarying(names, "\(names[k]) has to have one term, such as (1 | \(names[k])), of any covariance matrix") }
    guard !groups[terms[term].group].precision.isIdentity, !covariance.hasLevelParameters else {
      throw .covarying(names, "both share one known relationship, and there is none: give \(names[0]) a pedigree or a matrix")
    }
    guard parts == nil, fixedLevels == nil else {
      throw .covarying(names, "this is for residuals of one variance, and without absorbed factors")
    }
    return term
  }
}

/// Two groups on the levels of the first.
private struct MergedGroups {
  let first: Int
  let second: Int
  let group: RandomEffectsGroup
  /// Without levels: where the rows of the second find theirs.
  let view: RandomEffectsGroup
  private(set) var pairs: [CoOccurrence] = []

  init(
    _ model: LinearMixedModel, _ names: [String], _ firstTerm: Int, _ secondTerm: Int
  ) throws(FitError) {
    (first, second) = (model.terms[firstTerm].group, model.terms[secondTerm].group)
    let (a, b) = (model.groups[first], model.groups[second])
    var index = [Label: Int](minimumCapacity: a.levelCount)
    for (k, level) in a.levels.enumerated() { index[Label(level)] = k }
    var place: [Int] = []
    for level in b.levels {
      guard let known = index[Label(level)] else {
        throw .covarying(names, "the relationships of both have to be the same, and “\(level)” is a level of \(names[1]) alone")
      }
      place.append(known)
    }
    let (size, width) = (a.size + b.size, model.tail.columns)
    var zz = [Double](repeating: 0, count: a.levelCount * size * size)
    var zx = [Double](repeating: 0, count: a.levelCount * width * size)
    func add(_ own: RandomEffectsGroup, from offset: Int, _ target: (Int) -> Int) {
      for level in 0..<own.levelCount {
        let to = target(level)
        for j in 0..<own.size {
          for i in 0..<own.size {
            zz[(to * size + offset + j) * size + offset + i] += own.zz[(level * own.size + j) * own.size + i]
          }
        }
        for c in 0..<width {
          for i in 0..<own.size {
            zx[(to * width + c) * size + offset + i] += own.zx[(level * width + c) * own.size + i]
          }
        }
      }
    }
    add(a, from: 0) { $0 }
    add(b, from: a.size) { place[$0] }
    let merged = [first, second]
    pairs = model.pairs.filter { !merged.contains($0.rowGroup) && !merged.contains($0.columnGroup) }
    var blocks = BlockSums()
    for pair in model.pairs {
      let isLink = Set([pair.rowGroup, pair.columnGroup]) == [first, second]
      if isLink {
        let isRow = pair.rowGroup == first
        for k in pair.rowLevels.indices {
          let x = Int(isRow ? pair.rowLevels[k] : pair.columnLevels[k])
          let y = place[Int(isRow ? pair.columnLevels[k] : pair.rowLevels[k])]
          for j in 0..<b.size {
            for i in 0..<a.size {
              let base = k * a.size * b.size
              let value = pair.blocks[base + (isRow ? j * a.size + i : i * b.size + j)]
              if x == y {
                zz[(x * size + a.size + j) * size + i] += value
                zz[(x * size + i) * size + a.size + j] += value
              } else if x > y {
                blocks.add(value, first, x, y, row: i, column: a.size + j, rows: size, columns: size)
              } else {
                blocks.add(value, first, y, x, row: a.size + j, column: i, rows: size, columns: size)
              }
            }
          }
        }
        continue
      }
      // Beside another group, which comes first among rows and columns if it did before the merged one.
      for (own, offset, member) in [(a, 0, first), (b, a.size, second)]
      where pair.rowGroup == member || pair.columnGroup == member {
        let isRow = pair.rowGroup == member
        let other = isRow ? pair.columnGroup : pair.rowGroup
        let n = model.groups[other].size
        for k in pair.rowLevels.indices {
          let level = Int(isRow ? pair.rowLevels[k] : pair.columnLevels[k])
          let x = member == first ? level : place[level]
          let y = Int(isRow ? pair.columnLevels[k] : pair.rowLevels[k])
          for j in 0..<n {
            for i in 0..<own.size {
              let base = k * own.size * n
              let value = pair.blocks[base + (isRow ? j * own.size + i : i * n + j)]
              blocks.add(value, other, x, y, row: offset + i, column: j, rows: size, columns: n)
            }
          }
        }
      }
    }
    pairs += blocks.pairs(of: first)
    func columns(_ B: DenseMatrix, before: Int, after: Int) -> DenseMatrix {
      .joined([
        DenseMatrix(rows: B.rows, columns: before), B, DenseMatrix(rows: B.rows, columns: after),
      ])
    }
    group = RandomEffectsGroup(
      size: size, levels: a.levels, zz: zz, zx: zx, rank: a.rank,
      B: columns(a.B, before: 0, after: b.size), precision: a.precision)
    view = RandomEffectsGroup(
      size: size, levels: [], zz: [], zx: [], rank: b.rank.map { place[$0] },
      B: columns(b.B, before: a.size, after: 0), precision: .identity, source: first,
      sourceColumn: a.size)
  }
}

/// Blocks of pairs of levels, added up.
private struct BlockSums {
  private struct Key: Hashable {
    let other: Int
    let row: Int32
    let column: Int32
  }
  private var places: [Key: Int] = [:]
  private var blocks: [(key: Key, rows: Int, columns: Int, values: [Double])] = []

  mutating func add(
    _ value: Double, _ other: Int, _ x: Int, _ y: Int, row: Int, column: Int, rows: Int, columns: Int
  ) {
    let key = Key(other: other, row: Int32(x), column: Int32(y))
    let place = places[key] ?? blocks.count
    if place == blocks.count {
      places[key] = place
      blocks.append((key, rows, columns, Array(repeating: 0, count: rows * columns)))
    }
    blocks[place].values[column * rows + row] += value
  }

  /// Of the merged group, whose levels are the rows, with itself and others.
  func pairs(of merged: Int) -> [CoOccurrence] {
    Dictionary(grouping: blocks, by: \.key.other).sorted { $0.key < $1.key }.map { other, own in
      let sorted = own.sorted { ($0.key.row, $0.key.column) < ($1.key.row, $1.key.column) }
      return CoOccurrence(
        rowGroup: merged, columnGroup: other, rowLevels: sorted.map(\.key.row),
        columnLevels: sorted.map(\.key.column), blocks: sorted.flatMap(\.values))
    }
  }
}
