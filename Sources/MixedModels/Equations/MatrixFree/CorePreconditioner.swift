// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// About the inverse of a written core of one group and one scalar a level, for conjugate gradients where its
/// spectrum is wide.
///
/// S / u² = B + I / u² has no positive entries off its diagonal where levels meet in others' absorbed levels, as firms do
/// that share workers, and its rows' sums are positive: it is the Laplacian of a graph with one vertex more, the ground,
/// which takes up those sums. Of that an approximate elimination is made (`ApproximateElimination`; Kyng & Sachdeva
/// 2016), after which steps depend neither on how loosely the graph hangs together nor on Λ.
///
/// It is that of one Λ, and serves others near by. The eight columns are independent of each other: two threads take
/// four of them each, and no digit depends on how many threads there are.
final class CorePreconditioner {
  private let elimination: ApproximateElimination
  /// Of every vertex, the ground being the last.
  private let places: [Int32]
  /// Right-hand sides and answers by place.
  private let work: Panel

  /// nil where the core is no such matrix.
  init?(_ core: CoreOperator) {
    guard let entries = core.entries, let own = Self.group(core.system), let pair = entries.pair(0, 0),
      let graph = Self.graph(pair, core.B.start, ratio: core.factors[own.group][0])
    else { return nil }
    let elimination = ApproximateElimination(graph)
    self.elimination = elimination
    places = elimination.places
    work = Panel(count: graph.vertexCount)
  }

  /// The only group of the core, of one scalar a level.
  static func group(_ system: CrossedSystem) -> CrossedSystem.CoreGroup? {
    guard system.core.count == 1, system.core[0].size == 1 else { return nil }
    return system.core[0]
  }

  /// The graph of B + I / u², the ground behind the levels; nil where that is no Laplacian.
  private static func graph(
    _ pair: CoreEntries.Pair, _ diagonal: UnsafePointer<Double>, ratio u: Double
  ) -> WeightedGraph? {
    guard u != 0 else { return nil }
    let (E, B) = (pair.E, pair.B.start)
    let n = E.starts.count - 1
    var (starts, neighbours, weights) = ([0], [Int32](), [Double]())
    starts.reserveCapacity(n + 2)
    neighbours.reserveCapacity(E.partners.count + 2 * n)
    weights.reserveCapacity(E.partners.count + 2 * n)
    var toGround: [Double] = []
    toGround.reserveCapacity(n)
    for i in 0..<n {
      var sum = diagonal[i] + 1 / (u * u)
      var isSigned = true
      E.forEachPartner(i) { partner, k in
        guard B[k] != 0 else { return }
        isSigned = isSigned && B[k] < 0
        sum += B[k]
        neighbours.append(partner)
        weights.append(-B[k])
      }
      guard isSigned, sum > 0, sum.isFinite else { return nil }
      neighbours.append(Int32(n))
      weights.append(sum)
      toGround.append(sum)
      starts.append(neighbours.count)
    }
    neighbours.append(contentsOf: 0..<Int32(n))
    weights.append(contentsOf: toGround)
    starts.append(neighbours.count)
    return WeightedGraph(starts: starts, neighbours: neighbours, weights: weights)
  }

  /// Whether there is something to precondition at this Λ: at zero I + E is I.
  static func isUseful(_ core: CoreOperator) -> Bool {
    group(core.system).map { core.factors[$0.group][0] != 0 } ?? false
  }

  /// z ≈ (I + E)⁻¹r with I + E = R(B + I / u²)Rᵀ, R being that of the operator's last update.
  func apply(_ r: Panel, _ core: CoreOperator, _ algebra: PanelAlgebra, to z: Panel) {
    let n = places.count - 1
    let (R, y) = (core.R.start, work.start)
    places.withUnsafeBufferPointer { places in
      guard core.team.count > 1 else {
        put(n, places, into: y) { r[$0] / R[$0] }
        elimination.solve(y)
        let ground = y[Int(places[n])]
        for i in 0..<n { z[i] = (y[Int(places[i])] - ground) / R[i] }
        return
      }
      // The first four columns of all places, and the last four behind them.
      let low = UnsafeMutableRawPointer(y).assumingMemoryBound(to: SIMD4<Double>.self)
      let high = low + n + 1
      core.team.forEach(2, pays: core.system.pays) { _, half in
        if half == 0 {
          put(n, places, into: low) { r[$0].lowHalf / R[$0] }
        } else {
          put(n, places, into: high) { r[$0].highHalf / R[$0] }
        }
        elimination.solve(half == 0 ? low : high)
      }
      let last = Int(places[n])
      let ground = Lanes(lowHalf: low[last], highHalf: high[last])
      algebra.forEach { _, rows in
        for i in rows {
          let p = Int(places[i])
          z[i] = (Lanes(lowHalf: low[p], highHalf: high[p]) - ground) / R[i]
        }
      }
    }
  }

  /// Right-hand sides by place, the ground's so that they sum to zero.
  @inline(__always)
  private func put<Row: SIMD>(
    _ n: Int, _ places: UnsafeBufferPointer<Int32>, into y: UnsafeMutablePointer<Row>, _ row: (Int) -> Row
  ) where Row.Scalar == Double {
    var ground = Row.zero
    for i in 0..<n {
      let own = row(i)
      y[Int(places[i])] = own
      ground -= own
    }
    y[Int(places[n])] = ground
  }
}
