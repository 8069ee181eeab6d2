// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What one column of the unscaled core Ã = A − ΣW_jᵀW_j, and the same column of G, add to the
/// slopes of some groups.
struct DirectSlopes {
  struct Parts {
    let columns: CoreColumns
    let factors: [[Double]]
    /// Where the groups' ℓ × ℓ sums begin.
    let start: [Int]
  }
  let equations: Parts
  let groups: Set<Int>
  let G: CoreInverse
  /// [−b; −β; 1]
  let ζ: [Double]
  /// Columns of X that G has.
  let fixed: Int
  /// Room for a column of G, zero.
  let dense: UnsafeMutablePointer<Double>
  let sums: UnsafeMutablePointer<Double>
  /// s, of the core's size.
  let answer: UnsafeMutablePointer<Double>

  private var layout: CoreLayout { equations.columns.layout }

  /// Adds the share of one place, whose columns of Ã are `work`, indexed by rows.
  func add(place: Int, _ work: UnsafePointer<Double>, stride: Int) {
    let columns = equations.columns
    let m = columns.width(place)
    let first = layout.scalarStart[place]
    for t in 0..<m { addAnswers(place, first + t, work + t * stride) }
    for t in 0..<m {
      G.withColumn(first + t, dense) { g in
        addDiagonal(place, t, g, work, stride)
        forEachLater(place) { addBlock(place, t, g, work, stride, $0) }
        guard groups.contains(columns.group(place)) else { return }
        for row in layout.size..<layout.size + fixed {
          for i in 0..<m { add(place, i, t, work[i * stride + row] * g[row]) }
        }
      }
    }
  }

  /// The places after `place` that have a block in its columns.
  private func forEachLater(_ place: Int, _ body: (Int) -> Void) {
    guard let pattern = layout.pattern else {
      for other in (place + 1)..<max(layout.order.count, place + 1) { body(other) }
      return
    }
    for e in pattern.columnStarts[place] + 1..<pattern.columnStarts[place + 1] {
      body(pattern.rowIndices[e])
    }
  }

  /// The rows of a place's columns: its own, those of later places, the tail.
  func forEachRows(_ place: Int, _ body: (Range<Int>) -> Void) {
    body(layout.scalarStart[place]..<layout.scalarStart[place + 1])
    forEachLater(place) { body(layout.scalarStart[$0]..<layout.scalarStart[$0 + 1]) }
    body(layout.size..<layout.size + equations.columns.tail)
  }

  /// What a column of Ã adds to s: the block on the diagonal is whole, other rows stand for both
  /// triangles.
  private func addAnswers(_ place: Int, _ c: Int, _ column: UnsafePointer<Double>) {
    let end = layout.scalarStart[place + 1]
    forEachRows(place) { rows in
      for row in rows {
        answer[c] += column[row] * ζ[row]
        if row >= end, row < layout.size { answer[row] += column[row] * ζ[c] }
      }
    }
  }

  @inline(__always)
  private func add(_ place: Int, _ i: Int, _ k: Int, _ value: Double) {
    let m = equations.columns.width(place)
    sums[equations.start[equations.columns.group(place)] + k * m + i] += value
  }

  /// Ã_cc U_c G_cc from column t of G, whose rows above the diagonal are those of other columns.
  private func addDiagonal(
    _ place: Int, _ t: Int, _ g: UnsafePointer<Double>, _ work: UnsafePointer<Double>, _ stride: Int
  ) {
    let columns = equations.columns
    guard groups.contains(columns.group(place)) else { return }
    let (m, first) = (columns.width(place), layout.scalarStart[place])
    let U = equations.factors[columns.group(place)]
    for r in t..<m {
      let value = g[first + r]  // G_rt = G_tr
      for i in 0..<m {
        for k in r..<m { add(place, i, t, work[k * stride + first + i] * U[r * m + k] * value) }
        guard r > t else { continue }
        for k in t..<m { add(place, i, r, work[k * stride + first + i] * U[t * m + k] * value) }
      }
    }
  }

  /// Ã_coU_oG_oc for c, and Ã_ocU_cG_co for o, from column t of G_oc.
  private func addBlock(
    _ place: Int, _ t: Int, _ g: UnsafePointer<Double>, _ work: UnsafePointer<Double>,
    _ stride: Int, _ other: Int
  ) {
    let columns = equations.columns
    let m = columns.width(place)
    let (n, row) = (columns.width(other), layout.scalarStart[other])
    if groups.contains(columns.group(place)) {
      let U = equations.factors[columns.group(other)]
      for r in 0..<n where g[row + r] != 0 {
        for i in 0..<m {
          var sum = 0.0
          for k in r..<n { sum += work[i * stride + row + k] * U[r * n + k] }
          add(place, i, t, sum * g[row + r])
        }
      }
    }
    if groups.contains(columns.group(other)) {
      let U = equations.factors[columns.group(place)]
      for i in 0..<n {
        var sum = 0.0
        for k in t..<m { sum += work[k * stride + row + i] * U[t * m + k] }
        for r in 0..<n { add(other, i, r, sum * g[row + r]) }
      }
    }
  }
}
