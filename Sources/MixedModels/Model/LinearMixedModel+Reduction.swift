// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

extension LinearMixedModel {
  /// The model with fewer random effects, from the same cross-products.
  ///
  /// `kept` has for every term, in lme4's order, the reported columns that stay; a term without any
  /// goes.
  func reduced(keeping kept: [[Int]]) -> LinearMixedModel { reduction(keeping: kept).model }

  /// The same, with every group's new working columns as combinations of its old ones.
  func reduction(keeping kept: [[Int]]) -> (model: LinearMixedModel, maps: [DenseMatrix]) {
    reduction(to: kept.indices.filter { !kept[$0].isEmpty }.map { ($0, kept[$0]) })
  }

  /// The model whose terms are made of some reported columns of this model's terms each, and every
  /// group's new working columns as combinations of its old ones; a group without any goes.
  func reduction(
    to pieces: [(term: Int, columns: [Int])]
  ) -> (model: LinearMixedModel, maps: [DenseMatrix]) {
    var maps = groups.map { DenseMatrix(rows: $0.size, columns: 0) }
    var terms: [ReportedTerm] = []
    var blocks: [RelativeCovariance.Block] = []
    for (t, columns) in pieces {
      let block = covariance.blocks[t]
      // A structure belongs to its columns as they are, all of them.
      let structure = columns.count == block.size ? block.structure : nil
      let qr =
        structure == nil
        ? ColumnOrderedQR(
          block.R.submatrix(rows: Array(0..<block.size), columns: columns), tolerance: 0)
        : nil
      let (turn, R) = (qr?.q ?? .identity(block.size), qr?.r ?? block.R)
      let (group, old) = (block.group, maps[block.group])
      var map = DenseMatrix(rows: old.rows, columns: old.columns + turn.columns)
      for k in old.storage.indices { map.storage[k] = old.storage[k] }
      for j in 0..<turn.columns {
        for i in 0..<block.size { map[block.offset + i, old.columns + j] = turn[i, j] }
      }
      maps[group] = map
      blocks.append(
        RelativeCovariance.Block(
          group: group, offset: old.columns, size: turn.columns, R: R, structure: structure))
      let term = self.terms[t]
      terms.append(
        ReportedTerm(
          name: term.groupName, group: group, groupName: term.groupName,
          columns: columns.map { term.columns[$0] },
          structure: structure == nil ? nil : term.structure))
    }
    let present = groups.indices.filter { maps[$0].columns > 0 }
    let index = Dictionary(uniqueKeysWithValues: present.enumerated().map { ($1, $0) })
    blocks = blocks.map {
      RelativeCovariance.Block(
        group: index[$0.group]!, offset: $0.offset, size: $0.size, R: $0.R, structure: $0.structure)
    }
    var seen: [String: Int] = [:]
    terms = terms.map { term in
      let count = seen[term.groupName, default: 0]
      seen[term.groupName] = count + 1
      return ReportedTerm(
        name: count > 0 ? "\(term.groupName).\(count)" : term.groupName,
        group: index[term.group]!, groupName: term.groupName, columns: term.columns,
        structure: term.structure)
    }
    func mapped(_ groups: [RandomEffectsGroup]) -> [RandomEffectsGroup] {
      present.map { groups[$0].mapped(by: maps[$0], tail: fixedEffectCount + 1) }
    }
    func mapped(_ pairs: [CoOccurrence]) -> [CoOccurrence] {
      pairs.compactMap { pair in
        guard let row = index[pair.rowGroup], let column = index[pair.columnGroup] else {
          return nil
        }
        return pair.mapped(
          by: maps[pair.rowGroup], maps[pair.columnGroup], groups: (row, column))
      }
    }
    var model = LinearMixedModel(
      observations: observations, sumOfLogWeights: sumOfLogWeights, groups: mapped(groups),
      fixedLevels: fixedLevels?.mapped(by: maps, index: index, groupCount: groups.count),
      pairs: mapped(pairs), tail: tail,
      covariance: RelativeCovariance(
        blocks: blocks, groupSizes: present.map { maps[$0].columns },
        knownDeviation: covariance.knownDeviation.flatMap { known in
          pieces.firstIndex { $0.term == known.block }.flatMap { b in
            pieces[b].columns.firstIndex(of: known.column).map {
              KnownDeviation(block: b, column: $0, value: known.value)
            }
          }
        }),
      fixed: fixed, terms: terms, knownVariance: knownVariance)
    model.takeParts(of: self) {
      ModelPart(
        groups: mapped($0.groups), pairs: mapped($0.pairs), tail: $0.tail,
        fixedLevels: $0.fixedLevels?.mapped(by: maps, index: index, groupCount: groups.count))
    }
    return (model, maps)
  }

  /// The model whose columns [X y] are combinations of this model's, the columns of `map`.
  ///
  /// It has working coefficients only: what it says of reported ones means nothing.
  func replacingTail(by map: DenseMatrix) -> LinearMixedModel {
    let (old, new) = (map.rows, map.columns)
    let entries = (0..<new).map { j in
      (0..<old).filter { map[$0, j] != 0 }.map { ($0, map[$0, j]) }
    }
    func mapped(_ group: RandomEffectsGroup) -> RandomEffectsGroup {
      let ℓ = group.size
      var zx = [Double](repeating: 0, count: group.levelCount * ℓ * new)
      for level in 0..<group.levelCount {
        for j in 0..<new {
          let target = (level * new + j) * ℓ
          for (k, factor) in entries[j] {
            for i in 0..<ℓ { zx[target + i] += factor * group.zx[(level * old + k) * ℓ + i] }
          }
        }
      }
      return RandomEffectsGroup(
        size: ℓ, levels: group.levels, zz: group.zz, zx: zx, rank: group.rank, B: group.B,
        precision: group.precision)
    }
    func mapped(_ tail: DenseMatrix) -> DenseMatrix {
      map.multipliedByTransposeOnLeft(tail * map)
    }
    func mapped(_ part: FixedLevelsPart) -> FixedLevelsPart {
      FixedLevelsPart(groups: part.groups.map(mapped), pairs: part.pairs)
    }
    let p = new - 1
    let none = [Double](repeating: 0, count: p)
    var model = LinearMixedModel(
      observations: observations, sumOfLogWeights: sumOfLogWeights, groups: groups.map(mapped),
      fixedLevels: fixedLevels, pairs: pairs, tail: mapped(tail), covariance: covariance,
      fixed: FixedCoordinates(
        names: (0..<p).map { "\($0)" }, kept: Array(0..<p), R: .identity(p),
        B: DenseMatrix(rows: fixed.B.rows, columns: p), leastSquares: none, predictor: none,
        level: 0, rawPredictor: fixed.rawPredictor.map { _ in 0 },
        responseScale: fixed.responseScale, responseSize: fixed.responseSize),
      terms: terms, knownVariance: knownVariance)
    model.fixedLevels?.weighted = fixedLevels?.weighted.map(mapped)
    model.takeParts(of: self) {
      ModelPart(
        groups: $0.groups.map(mapped), pairs: $0.pairs, tail: mapped($0.tail),
        fixedLevels: $0.fixedLevels.map(mapped))
    }
    return model
  }

  /// Several A_k mapped as the whole was.
  private mutating func takeParts(
    of other: LinearMixedModel, _ map: (ModelPart) -> ModelPart
  ) {
    guard let theirs = other.parts else { return }
    covariance.residual = other.covariance.residual
    parts = ModelParts(all: theirs.all.map(map), sumOfLogWeights: theirs.sumOfLogWeights)
  }

  /// The model in other working columns: every group's are combinations of its old ones.
  func turned(by maps: [DenseMatrix]) -> LinearMixedModel {
    guard zip(groups, maps).contains(where: { $1 != .identity($0.size) }) else { return self }
    let index = Dictionary(uniqueKeysWithValues: groups.indices.map { ($0, $0) })
    let fixedLevels = fixedLevels?.mapped(by: maps, index: index, groupCount: groups.count)
    func mapped(_ groups: [RandomEffectsGroup]) -> [RandomEffectsGroup] {
      zip(groups, maps).map { $0.mapped(by: $1, tail: fixedEffectCount + 1) }
    }
    func mapped(_ pairs: [CoOccurrence]) -> [CoOccurrence] {
      pairs.map { pair in
        pair.mapped(
          by: maps[pair.rowGroup], maps[pair.columnGroup],
          groups: (pair.rowGroup, pair.columnGroup))
      }
    }
    var model = LinearMixedModel(
      observations: observations, sumOfLogWeights: sumOfLogWeights, groups: mapped(groups),
      fixedLevels: fixedLevels, pairs: mapped(pairs), tail: tail, covariance: covariance,
      fixed: fixed, terms: terms,
      determination: determination, knownVariance: knownVariance)
    model.takeParts(of: self) {
      ModelPart(
        groups: mapped($0.groups), pairs: mapped($0.pairs), tail: $0.tail,
        fixedLevels: $0.fixedLevels?.mapped(by: maps, index: index, groupCount: groups.count))
    }
    return model
  }

  /// The criterion of the model without random effects, ordinary (weighted) least squares.
  func leastSquaresCriterion(_ kind: CriterionKind) -> Double {
    leastSquaresCriterion(kind, squares: tail[fixedEffectCount, fixedEffectCount])
  }

  /// From the residual sum of squares, in units of the scaled response.
  func leastSquaresCriterion(_ kind: CriterionKind, squares: Double) -> Double {
    let df = degreesOfFreedom(kind)
    let scale = fixed.responseScale
    let square = squares * scale * scale
    let ofFixed = fixed.logDeterminantShift + (fixedLevels?.logDeterminant ?? 0)
    let shift = (kind == .reml ? ofFixed : 0) - sumOfLogWeights
    guard let known = knownVariance else { return shift + df * (1 + log(2 * .pi * square / df)) }
    return shift + df * log(2 * .pi * known) + square / known
  }
}
