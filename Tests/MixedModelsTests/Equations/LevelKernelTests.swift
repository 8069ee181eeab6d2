// SPDX-License-Identifier: GPL-2.0-or-later
import CPanelKernels
import Foundation
import TestSupport
import Testing

/// Loops over eight levels side by side against dense algebra of one level after the other.
@Suite struct `Levels side by side` {
  /// Square and other matrices by columns.
  private struct Matrix {
    let rows: Int
    let columns: Int
    var entries: [Double]

    init(_ rows: Int, _ columns: Int, _ entry: (Int, Int) -> Double) {
      (self.rows, self.columns) = (rows, columns)
      entries = (0..<columns).flatMap { j in (0..<rows).map { entry($0, j) } }
    }

    subscript(i: Int, j: Int) -> Double {
      get { entries[j * rows + i] }
      set { entries[j * rows + i] = newValue }
    }

    var transposed: Matrix { Matrix(columns, rows) { self[$1, $0] } }

    static func * (a: Matrix, b: Matrix) -> Matrix {
      Matrix(a.rows, b.columns) { i, j in (0..<a.columns).reduce(0) { $0 + a[i, $1] * b[$1, j] } }
    }

    static func + (a: Matrix, b: Matrix) -> Matrix { Matrix(a.rows, a.columns) { a[$0, $1] + b[$0, $1] } }
    static func - (a: Matrix, b: Matrix) -> Matrix { Matrix(a.rows, a.columns) { a[$0, $1] - b[$0, $1] } }

    static func identity(_ n: Int) -> Matrix { Matrix(n, n) { $0 == $1 ? 1 : 0 } }

    func dot(_ other: Matrix) -> Double { zip(entries, other.entries).reduce(0) { $0 + $1.0 * $1.1 } }

    /// The inverse and the determinant, by Gauss and Jordan with pivots.
    var inverted: (inverse: Matrix, determinant: Double) {
      var (a, b, determinant) = (self, Matrix.identity(rows), 1.0)
      for k in 0..<rows {
        let pivot = (k..<rows).max { abs(a[$0, k]) < abs(a[$1, k]) }!
        for j in 0..<rows where pivot != k {
          (a[k, j], a[pivot, j], b[k, j], b[pivot, j]) = (a[pivot, j], a[k, j], b[pivot, j], b[k, j])
        }
        determinant *= pivot == k ? a[k, k] : -a[k, k]
        let scale = 1 / a[k, k]
        for j in 0..<rows { (a[k, j], b[k, j]) = (a[k, j] * scale, b[k, j] * scale) }
        for i in 0..<rows where i != k {
          let factor = a[i, k]
          for j in 0..<rows { (a[i, j], b[i, j]) = (a[i, j] - factor * a[k, j], b[i, j] - factor * b[k, j]) }
        }
      }
      return (b, determinant)
    }
  }

  /// A_jj and A_j [X y] of some levels, with T, ζ and H.
  private struct Levels {
    let size: Int
    let width: Int
    let packs = 3
    var zz: [Matrix] = []
    var zx: [Matrix] = []
    let T: Matrix
    let ζ: Matrix
    let half: Matrix
    var G: Matrix { half * half.transposed }

    init(size ℓ: Int, width: Int, seed: UInt64) {
      var random = SplitMix64(seed: seed)
      func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        Matrix(rows, columns) { _, _ in random.uniform() * 2 - 1 }
      }
      (size, self.width) = (ℓ, width)
      let lower = matrix(ℓ, ℓ)
      T = Matrix(ℓ, ℓ) { $0 >= $1 ? lower[$0, $1] : 0 }
      ζ = matrix(width, 1)
      half = matrix(width - 1, width - 1)
      for _ in 0..<8 * packs {
        let rows = matrix(ℓ + 3, ℓ)
        zz.append(rows.transposed * rows)
        zx.append(matrix(ℓ, width))
      }
    }

    /// As the loops want them.
    var fields: [Double] {
      (0..<packs).flatMap { pack in
        let levels = 8 * pack..<8 * pack + 8
        let triangle = (0..<size).flatMap { j in (j..<size).flatMap { i in levels.map { zz[$0][i, j] } } }
        let rest = (0..<width).flatMap { x in (0..<size).flatMap { i in levels.map { zx[$0][i, x] } } }
        return triangle + rest
      }
    }

    func D(_ j: Int) -> Matrix { T.transposed * zz[j] * T + .identity(size) }
  }

  private func sum(_ lanes: [Double], _ entry: Int) -> Double { lanes[8 * entry..<8 * entry + 8].reduce(0, +) }

  @Test(arguments: 1...5, [1, 2, 6]) func `are absorbed`(size: Int, width: Int) {
    let levels = Levels(size: size, width: width, seed: 5)
    let products = width * (width + 1) / 2
    var scratch = [Double](repeating: 0, count: 8 * (size * size + 2 * size + size * width + products))
    var pivots = [Double](repeating: 1, count: 8) + [Double](repeating: 0, count: 24)
    lmm_packs_absorb(
      Int32(size), Int32(width), levels.packs, levels.fields, levels.T.entries, &scratch, &pivots)
    var expected = Matrix(width, width) { _, _ in 0 }
    var logDeterminant = 0.0
    for j in levels.zz.indices {
      let (inverse, determinant) = levels.D(j).inverted
      let W = levels.T.transposed * levels.zx[j]
      expected = expected + W.transposed * inverse * W
      logDeterminant += log(determinant)
    }
    var entry = 0
    for x in 0..<width {
      for y in x..<width {
        #expect(abs(sum(scratch, entry) - expected[x, y]) < 1e-11 * (1 + abs(expected[x, y])))
        entry += 1
      }
    }
    let exponents = pivots[8..<16].reduce(0.0) { $0 + Double(Int64(bitPattern: $1.bitPattern)) }
    let logarithm = pivots[..<8].reduce(0) { $0 + log($1) } + exponents * log(2)
    #expect(abs(logarithm - logDeterminant) < 1e-11 * (1 + abs(logDeterminant)))
  }

  @Test(arguments: 1...5, [2, 6]) func `have slopes`(size ℓ: Int, width: Int) {
    for isDirect in [false, true] {
      for isREML in [false, true] {
        let levels = Levels(size: ℓ, width: width, seed: 6)
        var scratch = [Double](repeating: 0, count: 8 * (4 * ℓ * ℓ + 3 * ℓ + ℓ * width))
        var totals = [Double](repeating: 0, count: 16 * ℓ * ℓ)
        let p = Int32(isREML ? width - 1 : 0)
        lmm_packs_slopes(
          Int32(ℓ), isDirect ? 1 : 0, Int32(width), levels.packs, levels.fields, levels.T.entries,
          levels.ζ.entries, levels.half.entries, p, p, &scratch, &totals)
        var (first, second) = (Matrix(ℓ, ℓ) { _, _ in 0 }, Matrix(ℓ, ℓ) { _, _ in 0 })
        for j in levels.zz.indices {
          let inverse = levels.D(j).inverted.inverse
          let back = inverse * levels.T.transposed
          let N = isDirect ? .identity(ℓ) - levels.zz[j] * levels.T * back : back
          let R = N * levels.zx[j]
          let fixed = Matrix(ℓ, width - 1) { R[$0, $1] }
          first = first + (isDirect ? N * levels.zz[j] : inverse)
          let shared = fixed * levels.G * fixed.transposed
          if isREML { first = isDirect ? first - shared : first + shared }
          second = second + R * levels.ζ * (R * levels.ζ).transposed
        }
        for j in 0..<ℓ {
          for i in 0...j {
            #expect(abs(sum(totals, j * ℓ + i) - first[i, j]) < 1e-10 * (1 + abs(first[i, j])))
            let other = sum(totals, ℓ * ℓ + j * ℓ + i)
            #expect(abs(other - second[i, j]) < 1e-10 * (1 + abs(second[i, j])))
          }
        }
      }
    }
  }

  @Test(arguments: 1...5, [2, 6]) func `have slopes in parts`(size ℓ: Int, width: Int) {
    for isREML in [false, true] {
      let all = Levels(size: ℓ, width: width, seed: 7)
      let parts = (0..<3).map { Levels(size: ℓ, width: width, seed: 20 + $0) }
      var scratch = [Double](repeating: 0, count: 8 * (4 * ℓ * ℓ + 3 * ℓ + 3 * ℓ * width))
      var totals = [Double](repeating: 0, count: 8 * 6)
      let G = isREML ? all.G.entries : nil
      lmm_packs_part_slopes(
        Int32(ℓ), Int32(width), 3, all.packs, all.fields, parts.flatMap(\.fields), all.fields.count / 8,
        all.T.entries, all.ζ.entries, G, &scratch, &totals)
      // The first one's follow from those of all together.
      #expect(sum(totals, 0) == 0 && sum(totals, 3) == 0)
      for (k, part) in parts.enumerated().dropFirst() {
        var (determinant, square) = (0.0, 0.0)
        for j in all.zz.indices {
          let TN = all.T * all.D(j).inverted.inverse * all.T.transposed
          let B = TN * all.zx[j]
          let b = B * all.ζ
          determinant += TN.dot(part.zz[j])
          if isREML {
            let fixed = Matrix(ℓ, width - 1) { B[$0, $1] }
            let other = Matrix(ℓ, width - 1) { part.zx[j][$0, $1] }
            determinant += (fixed * all.G * fixed.transposed).dot(part.zz[j]) - 2 * (fixed * all.G).dot(other)
          }
          square += (b.transposed * part.zz[j] * b)[0, 0] - 2 * (b.transposed * part.zx[j] * all.ζ)[0, 0]
        }
        #expect(abs(sum(totals, k) - determinant) < 1e-10 * (1 + abs(determinant)))
        #expect(abs(sum(totals, 3 + k) - square) < 1e-10 * (1 + abs(square)))
      }
    }
  }
}
