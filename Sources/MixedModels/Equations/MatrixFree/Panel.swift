// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Eight vectors side by side.
///
/// `@unchecked Sendable`: several threads write to it, each its own part.
final class Panel: @unchecked Sendable {
  let own: OwnedBuffer<Lanes>
  let count: Int

  init(count: Int) {
    own = OwnedBuffer(repeating: .zero, count: count)
    self.count = count
  }

  var start: UnsafeMutablePointer<Lanes> { own.start }

  @inline(__always)
  subscript(i: Int) -> Lanes {
    get { own.start[i] }
    set { own.start[i] = newValue }
  }
}

/// 8 × 8: what row r of one panel has to do with row c of another.
struct LaneMatrix {
  /// Row after row.
  var rows = [Lanes](repeating: .zero, count: 8)

  subscript(r: Int, c: Int) -> Double {
    get { rows[r][c] }
    set { rows[r][c] = newValue }
  }
}

/// Sums over panels and changes of them, cut by position, so that nothing depends on the number of
/// threads.
struct PanelAlgebra {
  let team: ThreadTeam
  let count: Int
  private static let parts = 64

  /// Calls `body` with ranges that make up all rows.
  func forEach(_ body: (_ part: Int, _ rows: Range<Int>) -> Void) {
    team.forEach(Self.parts, pays: count > 2000) { _, part in
      body(part, part * count / Self.parts..<(part + 1) * count / Self.parts)
    }
  }

  /// Rows of several panels that a cache holds together.
  private static let chunk = 128

  @inline(__always)
  private func forEachChunk(_ rows: Range<Int>, _ body: (Range<Int>) -> Void) {
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.chunk) {
      body(first..<min(first + Self.chunk, rows.upperBound))
    }
  }

  private func sum(
    size: Int, _ body: (_ rows: Range<Int>, _ sums: UnsafeMutablePointer<Lanes>) -> Void
  ) -> [Lanes] {
    let partial = OwnedBuffer(repeating: Lanes.zero, count: Self.parts * size)
    forEach { part, rows in body(rows, partial.start + part * size) }
    var total = [Lanes](repeating: .zero, count: size)
    for part in 0..<Self.parts {
      for x in 0..<size { total[x] += partial.start[part * size + x] }
    }
    return total
  }

  /// aᵢᵀb of every lane for several a.
  func dots(_ a: [Panel], _ b: Panel) -> [Lanes] {
    sum(size: a.count) { rows, sums in
      forEachChunk(rows) { chunk in
        for (k, panel) in a.enumerated() {
          let (x, y) = (panel.start, b.start)
          var total = sums[k]
          for i in chunk { total += x[i] * y[i] }
          sums[k] = total
        }
      }
    }
  }

  func dot(_ a: Panel, _ b: Panel) -> Lanes { dots([a], b)[0] }

  /// b ← b + Σ sᵢaᵢ
  func add(_ scales: [Lanes], _ a: [Panel], to b: Panel) {
    forEach { _, rows in
      forEachChunk(rows) { chunk in
        for (k, panel) in a.enumerated() {
          let (scale, x, y) = (scales[k], panel.start, b.start)
          for i in chunk { y[i] += scale * x[i] }
        }
      }
    }
  }

  /// w ← w + s p and r ← r − s q at one go; returns rᵀr of every lane.
  func advance(_ s: Lanes, _ p: Panel, _ q: Panel, w: Panel, r: Panel) -> Lanes {
    sum(size: 1) { rows, sums in
      let (p, q, w, r) = (p.start, q.start, w.start, r.start)
      var total = Lanes.zero
      for i in rows {
        w[i] += s * p[i]
        let rest = r[i] - s * q[i]
        r[i] = rest
        total += rest * rest
      }
      sums[0] = total
    }[0]
  }

  /// b ← s b
  func multiply(_ b: Panel, by scale: Lanes) {
    forEach { _, rows in for i in rows { b[i] *= scale } }
  }

  func copy(_ a: Panel, to b: Panel) {
    forEach { _, rows in
      (b.start + rows.lowerBound).update(from: a.start + rows.lowerBound, count: rows.count)
    }
  }

  /// aᵀb of every lane of a with every lane of b.
  func gram(_ a: Panel, _ b: Panel) -> LaneMatrix {
    LaneMatrix(
      rows: sum(size: 8) { rows, sums in
        let (left, right) = (a.start, b.start)
        for i in rows {
          let (x, y) = (left[i], right[i])
          for r in 0..<8 { sums[r] += x[r] * y }
        }
      })
  }

  /// b ← b + s a M: lane c of a row of b gains s Σ_r a_r M_rc.
  func add(_ scale: Double, _ a: Panel, times M: LaneMatrix, to b: Panel) {
    let scaled = M.rows.map { scale * $0 }
    forEach { _, rows in
      let (from, to) = (a.start, b.start)
      for i in rows {
        let x = from[i]
        var sum = to[i]
        for r in 0..<8 { sum += x[r] * scaled[r] }
        to[i] = sum
      }
    }
  }
}
