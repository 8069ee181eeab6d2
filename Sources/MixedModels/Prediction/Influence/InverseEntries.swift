// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// M⁻¹ = (ΛᵀZᵀWZΛ + I)⁻¹ for pairs of levels, and H = M⁻¹ΛᵀZᵀWX, at one θ.
///
/// One grouping factor has a closed form, level by level. With several, the entries for levels that
/// occur together in the fit's rows are computed at once; others by a solve each, several levels
/// at a time. Those of large pedigrees are estimated where the criterion is.
///
/// `@unchecked Sendable`: `lock` guards the equations, the rest does not change.
final class InverseEntries: @unchecked Sendable {
  private let model: LinearMixedModel
  private let p: Int
  /// M⁻¹ of every level with itself, group by group, level after level ℓ × ℓ.
  private let own: [[Double]]
  /// H of every level, ℓ × p by columns.
  private let fixed: [[Double]]
  /// M⁻¹ of the model's co-occurrences, parallel to its pairs' blocks.
  private let pairs: [[Double]]
  /// First co-occurrence of every row level of every pair of groups.
  private let rowStarts: [[Int]]
  /// Two groups that rows have a level of each, and the model's pairs of their levels.
  private let links: [Link]
  private let lock = Monitor()
  /// M⁻¹ between levels of two groups that need not occur together; nil for one group.
  private let crossBlocks: ((Int, Int, [(row: Int32, column: Int32)]) throws -> [Double])?

  /// - Throws: `InferenceError` where crossed factors are too large; `CholmodError`.
  init(_ model: LinearMixedModel, _ factors: [[Double]], threads: Int) throws {
    try model.requireNoAbsorbedFactors("variances of combined effects are")
    try model.requireRandomEffects("leverages and influence are")
    (self.model, p) = (model, model.fixedEffectCount)
    if model.groups.count == 1, model.hasIndependentLevels, !model.hasLinkedLevels {
      let levels = SingleGroupInverse(model, factors[0], threads: threads)
      (own, fixed, pairs, rowStarts, links) = ([levels.own], [levels.fixed], [], [], [])
      crossBlocks = nil
      return
    }
    let choice = try Self.relatedChoice(model, threads: threads)
    if case .related(let layout, let accuracy) = choice {
      let equations = try RelatedEquations(model, layout, accuracy: accuracy, threads: threads)
      try equations.update(factors)
      (own, pairs) = try equations.inverseEntries()
      fixed = equations.fixedResponses()
      crossBlocks = { try equations.crossBlocks($0, $1, $2) }
    } else {
      var layout: WholePattern?
      if case .whole(let known) = choice { layout = known } else { try Self.checkMemory(model) }
      let equations = try WholeEquations(model, layout ?? WholePattern(model))
      try equations.update(factors)
      (own, pairs) = try equations.inverseEntries()
      fixed = try equations.fixedResponses()
      crossBlocks = { try equations.crossBlocks($0, $1, $2) }
    }
    links = Self.links(model)
    rowStarts = model.pairs.map { pair in
      var starts = [Int](repeating: 0, count: model.groups[pair.rowGroup].levelCount + 1)
      for level in pair.rowLevels { starts[Int(level) + 1] += 1 }
      for level in 1..<starts.count { starts[level] += starts[level - 1] }
      return starts
    }
  }

  /// How the equations of levels that hang together would be solved; nil where levels are independent.
  private static func relatedChoice(
    _ model: LinearMixedModel, threads: Int
  ) throws -> EquationsPlan.Choice? {
    guard !model.hasIndependentLevels else { return nil }
    return try EquationsPlan(model, threads: threads, refuses: false).choice
  }

  private static func checkMemory(_ model: LinearMixedModel) throws {
    let memory = availableMemory()
    do {
      // The factor, its inverse on the same pattern, and the entries taken from it.
      var (estimate, _) = try StrategyEstimate.whole(model, memory: memory)
      estimate.bytes *= 3
      if estimate.fits(memory) { return }
    } catch FitError.outOfMemory {
    } catch CholmodError.outOfMemory, CholmodError.tooLarge {}
    throw InferenceError.refused(
      "standard errors and leverages of crossed grouping factors need the whole system of equations factored, which does not fit in the memory that is left. Leave them out, take the fixed part alone (\(Setting.random("none"))), or use a machine with more memory."
    )
  }

  /// vᵀM⁻¹v of one level's own block; takes Hᵀv off `d`.
  func square(
    _ g: Int, _ level: Int, _ v: ArraySlice<Double>, subtractingFrom d: inout [Double]
  ) -> Double {
    let ℓ = v.count
    let (H, fixed) = (level * ℓ * p, fixed[model.source(of: g)])
    for k in 0..<p {
      for (i, vi) in v.enumerated() { d[k] -= fixed[H + k * ℓ + i] * vi }
    }
    return product(g, level, v, v)
  }

  /// vᵀM⁻¹w of one level's own block.
  private func product(
    _ g: Int, _ level: Int, _ v: ArraySlice<Double>, _ w: ArraySlice<Double>
  ) -> Double {
    let (ℓ, own) = (v.count, own[model.source(of: g)])
    var sum = 0.0
    for (j, wj) in w.enumerated() {
      for (i, vi) in v.enumerated() { sum += own[(level * ℓ + j) * ℓ + i] * vi * wj }
    }
    return sum
  }

  private struct Link {
    let groups: (Int, Int)
    /// Groups of the levels at which the effects are, of a block's rows and of its columns.
    let rowGroup: Int
    let columnGroup: Int
    /// Of the model's pairs; nil where no two levels occur together.
    let pair: Int?
    /// Whether the first group's levels are a block's columns.
    let isTurned: Bool

    /// Where a row has one level for both the block is its own, and of two the later is the row.
    var isWithin: Bool { rowGroup == columnGroup }
  }

  private static func links(_ model: LinearMixedModel) -> [Link] {
    model.groups.indices.flatMap { g in
      (0..<g).map { h in
        let (a, b) = (model.source(of: h), model.source(of: g))
        let pair = model.pairs.firstIndex {
          ($0.rowGroup, $0.columnGroup) == (a, b) || ($0.rowGroup, $0.columnGroup) == (b, a)
        }
        let isTurned = pair.map { model.pairs[$0].rowGroup != a } ?? false
        return Link(
          groups: (h, g), rowGroup: isTurned ? b : a, columnGroup: isTurned ? a : b, pair: pair,
          isTurned: isTurned)
      }
    }
  }

  /// M⁻¹ between the levels of different groups in some rows.
  struct Blocks {
    /// For every row and link: index of a co-occurrence; below zero −1 − index into
    /// `others`; nil where a level is unseen or takes no part, or both are one.
    let places: [Int?]
    /// For every link the blocks that the fit has no rows for, one after the other.
    let others: [[Double]]
  }

  /// - Throws: `CholmodError`.
  func blocks(_ levels: [[Int32]], selected: [Bool]) throws -> Blocks {
    guard let crossBlocks else { return Blocks(places: [], others: []) }
    let count = levels.first { !$0.isEmpty }?.count ?? 0
    var places = [Int?](repeating: nil, count: count * links.count)
    var others = [[Double]](repeating: [], count: links.count)
    for (k, link) in links.enumerated() where selected[link.groups.0] && selected[link.groups.1] {
      var known: [UInt64: Int] = [:]
      var wanted: [(row: Int32, column: Int32)] = []
      for row in 0..<count {
        var (a, b) = (levels[link.groups.0][row], levels[link.groups.1][row])
        guard a >= 0, b >= 0, !link.isWithin || a != b else { continue }
        if link.isTurned || link.isWithin && a < b { swap(&a, &b) }
        if let place = link.pair.flatMap({ find($0, a, b) }) {
          places[row * links.count + k] = place
          continue
        }
        let key = PairDictionary.key(a, b)
        let index = known[key] ?? wanted.count
        if index == wanted.count {
          known[key] = index
          wanted.append((a, b))
        }
        places[row * links.count + k] = -1 - index
      }
      if !wanted.isEmpty {
        others[k] = try lock.whileLocked {
          Result { try crossBlocks(link.rowGroup, link.columnGroup, wanted) }
        }.get()
      }
    }
    return Blocks(places: places, others: others)
  }

  /// The co-occurrence of two levels.
  private func find(_ k: Int, _ row: Int32, _ column: Int32) -> Int? {
    let columns = model.pairs[k].columnLevels
    var (low, high) = (rowStarts[k][Int(row)], rowStarts[k][Int(row) + 1])
    while low < high {
      let middle = (low + high) / 2
      if columns[middle] < column { low = middle + 1 } else { high = middle }
    }
    return low < rowStarts[k][Int(row) + 1] && columns[low] == column ? low : nil
  }

  /// 2 Σ v_gᵀM⁻¹v_h over the links, for v_g of a row in every group; none of groups that take no part.
  func crossProducts(_ blocks: Blocks, _ row: Int, _ v: [[Double]], _ levels: [[Int32]]) -> Double {
    var sum = 0.0
    for (k, link) in links.enumerated() where !v[link.groups.0].isEmpty && !v[link.groups.1].isEmpty {
      var (g, h) = link.groups
      func effects(_ g: Int) -> ArraySlice<Double> {
        v[g][row * model.groups[g].size..<(row + 1) * model.groups[g].size]
      }
      let (a, b) = (levels[g][row], levels[h][row])
      if link.isWithin, a >= 0, a == b {
        sum += 2 * product(g, Int(a), effects(g), effects(h))
      }
      guard let place = blocks.places[row * links.count + k] else { continue }
      if link.isTurned || link.isWithin && a < b { swap(&g, &h) }
      let (x, y) = (effects(g), effects(h))
      let block = (place >= 0 ? place : -1 - place) * x.count * y.count
      let entries = place >= 0 ? pairs[link.pair!] : blocks.others[k]
      for (j, yj) in y.enumerated() {
        for (i, xi) in x.enumerated() { sum += 2 * entries[block + j * x.count + i] * xi * yj }
      }
    }
    return sum
  }
}
