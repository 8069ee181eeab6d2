// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
package import NumericalMethods

/// What Kenward and Roger's method needs of V = W⁻¹ + ZΛΛᵀZᵀ (that is, V / σ²), with B = ZᵀV⁻¹Z
/// and H = ZᵀV⁻¹X: sums over sets of levels that share no rows, so that they can be added up.
package struct CovarianceMoments: Sendable {
  package let p: Int
  /// m, the parameters without σ².
  package let count: Int
  /// What is taken off XᵀWX to give XᵀV⁻¹X, p × p.
  package var absorbed: [Double]
  /// HᵀE_rH, m of p × p.
  package var HEH: [Double]
  /// HᵀE_rBE_sH for s ≤ r at `pair(r, s)`, p × p each.
  package var HEBEH: [Double]
  /// tr(BE_rBE_s) at `pair(r, s)`.
  package var traces: [Double]
  /// tr(BE_r).
  package var singleTraces: [Double]

  package init(p: Int, count: Int) {
    (self.p, self.count) = (p, count)
    let pairs = count * (count + 1) / 2
    absorbed = Array(repeating: 0, count: p * p)
    HEH = Array(repeating: 0, count: count * p * p)
    HEBEH = Array(repeating: 0, count: pairs * p * p)
    traces = Array(repeating: 0, count: pairs)
    singleTraces = Array(repeating: 0, count: count)
  }

  package static func pair(_ r: Int, _ s: Int) -> Int { r * (r + 1) / 2 + s }

  package static func += (a: inout CovarianceMoments, b: CovarianceMoments) {
    for i in a.absorbed.indices { a.absorbed[i] += b.absorbed[i] }
    for i in a.HEH.indices { a.HEH[i] += b.HEH[i] }
    for i in a.HEBEH.indices { a.HEBEH[i] += b.HEBEH[i] }
    for i in a.traces.indices { a.traces[i] += b.traces[i] }
    for i in a.singleTraces.indices { a.singleTraces[i] += b.singleTraces[i] }
  }

  /// Adds up `parts` shares, made on several threads, always in the same order.
  package static func sum(
    p: Int, count: Int, parts: Int, threads: Int,
    _ share: @Sendable (Int) -> CovarianceMoments
  ) -> CovarianceMoments {
    var shares = [CovarianceMoments?](repeating: nil, count: parts)
    shares.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let buffer = buffer  // every entry is written by one thread
      inParallel(parts, threads: threads) { buffer[$0] = share($0) }
    }
    var total = CovarianceMoments(p: p, count: count)
    for share in shares { if let share { total += share } }
    return total
  }

  /// The p × p matrix at `index` of one of the arrays.
  package func matrix(_ values: [Double], _ index: Int) -> DenseMatrix {
    DenseMatrix(rows: p, columns: p, storage: Array(values[index * p * p..<(index + 1) * p * p]))
  }
}
