// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The core S = UᵀBU + I off its diagonal blocks, written out: where levels of the core meet few others,
/// as firms do that share workers, that is less work than going over all pairs of levels, and tr E² is a
/// sum of squares.
///
/// With P = LLᵀ the diagonal blocks, R = L⁻¹Uᵀ as in `CoreOperator` and B = A_oo − Σ_j A_ojH_jA_jo,
///
///     E_cd = R_cB_cdR_dᵀ for levels c ≠ d.
///
/// Rows are owned by one thread and summed in the order of their partners: nothing depends on the number of
/// threads.
final class CoreEntries {
  /// The blocks of one core group's levels against another's, or its own.
  struct Pair {
    /// Index among the core groups of rows and of columns.
    let rows: Int
    let columns: Int
    /// Of m × n, m and n the two groups' sizes.
    let E: BlockRows
    /// Parallel to the values of E: B, and Ē, the derivative of the estimate in E.
    let B: CrossedSystem.SharedValues
    let slope: CrossedSystem.SharedValues
  }

  let system: CrossedSystem
  let team: ThreadTeam
  let pairs: [Pair]
  /// Index in `pairs` by rows × groups + columns; −1: these do not meet.
  private let index: [Int]
  /// For every thread and core group: where the blocks of the row at hand are.
  private let places: OwnedBuffer<Int>
  private let placeStarts: [Int]
  private let scratch: OwnedBuffer<Double>
  private let stride: Int
  private let sums: OwnedBuffer<Double>
  /// tr E²
  private(set) var squares = 0.0

  /// - Parameter always: Whether to write it however much that takes; else nil where a sweep of the
  ///   operator is less work.
  init?(_ system: CrossedSystem, _ team: ThreadTeam, always: Bool) {
    guard let patterns = Self.patterns(system, team, always: always) else { return nil }
    (self.system, self.team) = (system, team)
    var index = [Int](repeating: -1, count: system.core.count * system.core.count)
    pairs = patterns.enumerated().map { k, found in
      index[found.rows * system.core.count + found.columns] = k
      var pattern = found.pattern
      let E = BlockRows(
        consuming: &pattern, height: system.core[found.rows].size,
        width: system.core[found.columns].size, isUnit: false
      ) { _ in }
      return Pair(
        rows: found.rows, columns: found.columns, E: E,
        B: .init(OwnedBuffer(repeating: 0, count: E.values.count)),
        slope: .init(OwnedBuffer(repeating: 0, count: E.values.count)))
    }
    self.index = index
    var starts = [0]
    for own in system.core { starts.append(starts.last! + own.places.count) }
    placeStarts = starts
    places = OwnedBuffer(repeating: 0, count: team.count * starts.last!)
    let widest = system.model.groups.map(\.size).max() ?? 1
    stride = 4 * widest * widest
    scratch = OwnedBuffer(repeating: 0, count: stride * team.count)
    sums = OwnedBuffer(repeating: 0, count: system.coreParts.count)
  }

  /// The blocks of core group c against d; nil where these do not meet.
  func pair(_ c: Int, _ d: Int) -> Pair? {
    let k = index[c * system.core.count + d]
    return k < 0 ? nil : pairs[k]
  }

  private func places(of group: Int, _ worker: Int) -> UnsafeMutablePointer<Int> {
    places.start + worker * placeStarts.last! + placeStarts[group]
  }

  /// B and E at the Λ of the operator's last update.
  func update(_ core: CoreOperator) {
    let parts = system.coreParts
    team.forEach(parts.count, pays: system.pays) { worker, part in
      sums.start[part] = update(parts[part], core, worker)
    }
    squares = (0..<parts.count).reduce(0) { $0 + sums.start[$1] }
  }

  /// Some rows; returns the sum of the squares of their E.
  private func update(_ part: CrossedSystem.CorePart, _ core: CoreOperator, _ worker: Int) -> Double
  {
    let (c, own) = (part.member, system.core[part.member])
    let partners = pairs.filter { $0.rows == c }
    let (leaders, targets) = (system.crossed[c]?.rows(of: own.group), targets(c, worker))
    var sum = 0.0
    targets.withUnsafeBufferPointer { targets in
      for i in part.places {
        for pair in partners { clear(pair, i, worker) }
        addDirect(i, partners, own.group, worker)
        if let leaders {
          addAbsorbed(i, own.size, leaders.view, targets, core.H.start, worker)
        }
        for pair in partners { sum += scale(pair, i, core, worker) }
      }
    }
    return sum
  }

  /// Puts a row to zero, and says where its blocks are.
  private func clear(_ pair: Pair, _ i: Int, _ worker: Int) {
    let (places, square) = (places(of: pair.columns, worker), pair.E.height * pair.E.width)
    pair.E.forEachPartner(i) { partner, k in
      places[Int(partner)] = k
      for x in 0..<square { pair.B.start[k * square + x] = 0 }
    }
  }

  private func addDirect(_ i: Int, _ partners: [Pair], _ group: Int, _ worker: Int) {
    for pair in partners where pair.rows != pair.columns {
      let other = system.core[pair.columns].group
      let places = places(of: pair.columns, worker)
      for blocks in system.direct
      where blocks.rowGroup == group && blocks.columnGroup == other
        || blocks.columnGroup == group && blocks.rowGroup == other
      {
        let (rows, square) = (blocks.rows(of: group), pair.E.height * pair.E.width)
        rows.forEachPartner(i) { partner, k in
          rows.copyBlock(k, to: pair.B.start + places[Int(partner)] * square)
        }
      }
    }
  }

  /// What a row of one pair of core groups is made of, without references that would be counted.
  private struct Target {
    /// Whether rows and columns are of one group.
    let isOwn: Bool
    let width: Int
    let B: UnsafeMutablePointer<Double>
    let places: UnsafeMutablePointer<Int>
    /// The leading levels' blocks with the group of the columns.
    let others: BlockRowsView
  }

  private func targets(_ c: Int, _ worker: Int) -> [Target] {
    system.core.indices.compactMap { d in
      guard let pair = pair(c, d), let others = system.crossed[d]?.rows(of: system.leading) else {
        return nil
      }
      return Target(
        isOwn: c == d, width: pair.E.width, B: pair.B.start, places: places(of: d, worker),
        others: others.view)
    }
  }

  /// B_cd − Σ_j A_cjH_jA_jd
  private func addAbsorbed(
    _ i: Int, _ m: Int, _ leaders: BlockRowsView, _ targets: UnsafeBufferPointer<Target>,
    _ H: UnsafePointer<Double>, _ worker: Int
  ) {
    let ℓ = system.size
    let (A, X) = (scratch.start + worker * stride, scratch.start + worker * stride + stride / 4)
    let Y = scratch.start + worker * stride + stride / 2
    leaders.forEachPartner(i) { j, k in
      leaders.copyBlock(k, to: A)
      multiplyBlocks(m, ℓ, ℓ, A, H + j * ℓ * ℓ, into: X)  // A_cjH_j
      for target in targets {
        let (n, others) = (target.width, target.others)
        others.forEachPartner(j) { partner, block in
          guard !target.isOwn || partner != i else { return }
          let B = target.B + target.places[partner] * m * n
          if m == 1, n == 1, ℓ == 1 {
            B[0] -= X[0] * (others.values?[block] ?? 1)
          } else {
            others.copyBlock(block, to: Y)
            subtractBlockProduct(m, ℓ, n, X, Y, from: B)
          }
        }
      }
    }
  }

  /// E = R_cBR_dᵀ of a row; returns the sum of its squares.
  private func scale(_ pair: Pair, _ i: Int, _ core: CoreOperator, _ worker: Int) -> Double {
    let (m, n) = (pair.E.height, pair.E.width)
    let left = core.R.start + core.blockStarts[pair.rows] + i * m * m
    let right = core.R.start + core.blockStarts[pair.columns]
    let X = scratch.start + worker * stride
    var sum = 0.0
    pair.E.forEachPartner(i) { partner, k in
      let (B, E) = (pair.B.start + k * m * n, pair.E.values.start + k * m * n)
      let R = right + Int(partner) * n * n
      if m == 1, n == 1 {
        E[0] = left[0] * B[0] * R[0]
        sum += E[0] * E[0]
        return
      }
      multiplyBlocks(m, m, n, left, B, into: X)
      for c in 0..<n {
        for r in 0..<m {
          var value = 0.0
          for x in 0..<n { value += X[x * m + r] * R[x * n + c] }
          E[c * m + r] = value
          sum += value * value
        }
      }
    }
    return sum
  }

  /// Rows that a cache holds between one pass over them and the next.
  private static let rows = 128

  /// result = (I + E)q
  func apply(_ q: Panel, result: Panel) {
    let parts = system.coreParts
    team.forEach(parts.count, pays: system.pays) { _, part in
      let part = parts[part]
      let (first, end) = (part.places.lowerBound, part.places.upperBound)
      for first in Swift.stride(from: first, to: end, by: Self.rows) {
        let places = first..<min(first + Self.rows, end)
        for s in system.scalars(.init(member: part.member, places: places)) { result[s] = q[s] }
        for pair in pairs where pair.rows == part.member {
          pair.E.addProducts(
            places, q.start + system.core[pair.columns].first,
            to: result.start + system.core[pair.rows].first)
        }
      }
    }
  }

  /// y = Bw, given the diagonal blocks of B.
  func applyB(_ w: Panel, _ core: CoreOperator, y: Panel) {
    core.forEachPart { part in
      let own = system.core[part.member]
      let m = own.size
      for place in part.places {
        let (s, at) = (own.first + place * m, core.blockStarts[part.member] + place * m * m)
        for i in 0..<m {
          var sum = Lanes.zero
          for k in 0..<m { sum += core.B.start[at + k * m + i] * w[s + k] }
          y[s + i] = sum
        }
        for pair in pairs where pair.rows == part.member {
          let n = pair.E.width
          let from = w.start + system.core[pair.columns].first
          pair.E.forEachPartner(place) { partner, k in
            let B = pair.B.start + k * m * n
            for c in 0..<n {
              for i in 0..<m { y[s + i] += B[c * m + i] * from[Int(partner) * n + c] }
            }
          }
        }
      }
    }
  }
}
