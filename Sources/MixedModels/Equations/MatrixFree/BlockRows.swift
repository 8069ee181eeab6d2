// SPDX-License-Identifier: GPL-2.0-or-later
private import CPanelKernels

/// Eight vectors side by side: what is looked up for all of them fills one line of the cache.
typealias Lanes = SIMD8<Double>

/// A sparse matrix of `height` × `width` blocks by rows of blocks.
final class BlockRows: Sendable {
  let height: Int
  let width: Int
  let starts: OwnedBuffer<Int>
  let partners: OwnedBuffer<Int32>
  /// By columns, block after block; nothing where every block is the number 1.
  let values: OwnedBuffer<Double>
  let isUnit: Bool

  struct Pattern {
    var starts: [Int]
    var partners: [Int32]

    /// The rows that `visit` gives as (row, partner, source), twice the same way, in its order.
    @inline(__always)
    static func collected(
      count: Int, entries: Int, keepsSource: Bool,
      _ visit: ((_ row: Int, _ partner: Int32, _ source: UInt32) -> Void) -> Void
    ) -> (Pattern, [UInt32]) {
      var starts = [Int](repeating: 0, count: count + 1)
      visit { row, _, _ in starts[row + 1] += 1 }
      for row in 0..<count { starts[row + 1] += starts[row] }
      var next = starts
      var partners = [Int32](repeating: 0, count: entries)
      var source = [UInt32](repeating: 0, count: keepsSource ? entries : 0)
      visit { row, partner, from in
        let k = next[row]
        partners[k] = partner
        if keepsSource { source[k] = from }
        next[row] = k + 1
      }
      return (Pattern(starts: starts, partners: partners), source)
    }
  }

  init(
    consuming pattern: inout Pattern, height: Int, width: Int, isUnit: Bool,
    _ fill: (UnsafeMutablePointer<Double>) -> Void
  ) {
    (self.height, self.width, self.isUnit) = (height, width, isUnit)
    starts = OwnedBuffer(repeating: 0, count: pattern.starts.count)
    for (row, start) in pattern.starts.enumerated() { starts.start[row] = start }
    let count = pattern.partners.count
    partners = OwnedBuffer(repeating: 0, count: count)
    values = OwnedBuffer(repeating: 0, count: isUnit ? 0 : count * height * width)
    for k in 0..<count { partners.start[k] = pattern.partners[k] }
    pattern.partners = []
    if !isUnit { fill(values.start) }
  }

  /// y_i += Σ_k A_ik x_k for some rows i.
  func addProducts(
    _ rows: Range<Int>, _ x: UnsafePointer<Lanes>, to y: UnsafeMutablePointer<Lanes>
  ) {
    if isUnit {
      addSums(rows, x, to: y)
    } else if height == 1, width == 1 {
      addScalarProducts(rows, x, to: y)
    } else if height == 1 {
      addRowProducts(rows, x, to: y)
    } else if height == 2 {
      addPairProducts(rows, x, to: y)
    } else {
      addBlockProducts(rows, x, to: y)
    }
  }

  private func addSums(
    _ rows: Range<Int>, _ x: UnsafePointer<Lanes>, to y: UnsafeMutablePointer<Lanes>
  ) {
    lmm_panel_add_sums(
      rows.lowerBound, rows.upperBound, starts.start, partners.start, numbers(x), numbers(y))
  }

  private func addScalarProducts(
    _ rows: Range<Int>, _ x: UnsafePointer<Lanes>, to y: UnsafeMutablePointer<Lanes>
  ) {
    lmm_panel_add_products(
      rows.lowerBound, rows.upperBound, starts.start, partners.start, values.start, numbers(x),
      numbers(y))
  }

  /// Blocks of one row.
  private func addRowProducts(
    _ rows: Range<Int>, _ x: UnsafePointer<Lanes>, to y: UnsafeMutablePointer<Lanes>
  ) {
    let n = width
    let starts = starts.start
    for i in rows {
      var sum = y[i]
      for k in starts[i]..<starts[i + 1] {
        let (block, from) = (values.start + k * n, x + Int(partners.start[k]) * n)
        for c in 0..<n { sum += block[c] * from[c] }
      }
      y[i] = sum
    }
  }

  /// Blocks of two rows, an intercept and a slope.
  private func addPairProducts(
    _ rows: Range<Int>, _ x: UnsafePointer<Lanes>, to y: UnsafeMutablePointer<Lanes>
  ) {
    let n = width
    let starts = starts.start
    for i in rows {
      var (first, second) = (y[2 * i], y[2 * i + 1])
      for k in starts[i]..<starts[i + 1] {
        let (block, from) = (values.start + 2 * k * n, x + Int(partners.start[k]) * n)
        for c in 0..<n {
          let own = from[c]
          first += block[2 * c] * own
          second += block[2 * c + 1] * own
        }
      }
      (y[2 * i], y[2 * i + 1]) = (first, second)
    }
  }

  private func addBlockProducts(
    _ rows: Range<Int>, _ x: UnsafePointer<Lanes>, to y: UnsafeMutablePointer<Lanes>
  ) {
    let (m, n) = (height, width)
    let starts = starts.start
    for i in rows {
      let target = y + i * m
      for k in starts[i]..<starts[i + 1] {
        let (block, from) = (values.start + k * m * n, x + Int(partners.start[k]) * n)
        for c in 0..<n {
          let own = from[c]
          for r in 0..<m { target[r] += block[c * m + r] * own }
        }
      }
    }
  }

  /// B_i += s Σ_k A_ik H_k A_ikᵀ for some rows i, H_k `width` × `width` and symmetric.
  func addSandwiches(
    _ rows: Range<Int>, _ H: UnsafePointer<Double>, scale s: Double,
    to B: UnsafeMutablePointer<Double>, _ scratch: UnsafeMutablePointer<Double>
  ) {
    let (m, n) = (height, width)
    let starts = starts.start
    for i in rows {
      if m == 1, n == 1 {
        var sum = 0.0
        for k in starts[i]..<starts[i + 1] {
          let value = isUnit ? 1 : values.start[k]
          sum += value * value * H[Int(partners.start[k])]
        }
        B[i] += s * sum
        continue
      }
      for k in starts[i]..<starts[i + 1] {
        let (A, own) = (values.start + k * m * n, H + Int(partners.start[k]) * n * n)
        for c in 0..<n {
          for r in 0..<m {
            scratch[c * m + r] = (0..<n).reduce(0.0) { $0 + A[$1 * m + r] * own[c * n + $1] }
          }
        }
        for c in 0..<m {
          for r in 0..<m {
            var sum = 0.0
            for h in 0..<n { sum += scratch[h * m + r] * A[h * m + c] }
            B[(i * m + c) * m + r] += s * sum
          }
        }
      }
    }
  }
}

/// Where the blocks of a sparse matrix are, for loops that must not count references; the matrix outlives it.
struct BlockRowsView {
  let height: Int
  let width: Int
  let starts: UnsafeMutablePointer<Int>
  let partners: UnsafeMutablePointer<Int32>
  /// nil where every block is the number 1.
  let values: UnsafeMutablePointer<Double>?

  /// Calls `body` with the partners of a row and the places of their blocks.
  @inline(__always)
  func forEachPartner(_ row: Int, _ body: (_ partner: Int, _ block: Int) -> Void) {
    for k in starts[row]..<starts[row + 1] { body(Int(partners[k]), k) }
  }

  /// Copies block k, or the number 1.
  @inline(__always)
  func copyBlock(_ k: Int, to target: UnsafeMutablePointer<Double>) {
    guard let values else { return target[0] = 1 }
    for x in 0..<height * width { target[x] = values[k * height * width + x] }
  }
}

extension BlockRows {
  var view: BlockRowsView {
    BlockRowsView(
      height: height, width: width, starts: starts.start, partners: partners.start,
      values: isUnit ? nil : values.start)
  }
}

/// A panel's rows as the numbers that they are made of.
@inline(__always)
func numbers(_ rows: UnsafePointer<Lanes>) -> UnsafePointer<Double> {
  UnsafeRawPointer(rows).assumingMemoryBound(to: Double.self)
}

@inline(__always)
func numbers(_ rows: UnsafeMutablePointer<Lanes>) -> UnsafeMutablePointer<Double> {
  UnsafeMutableRawPointer(rows).assumingMemoryBound(to: Double.self)
}
