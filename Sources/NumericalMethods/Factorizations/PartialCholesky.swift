// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// The leading columns of Cholesky's factor of a sparse symmetric matrix, and what their elimination leaves of
/// the others, which stays sparse:
///
///     A = ⎡A₁₁ ·  ⎤ = ⎡L₁₁  ⎤⎡L₁₁ᵀ L₂₁ᵀ⎤,   S = A₂₂ − L₂₁L₂₁ᵀ.
///         ⎣A₂₁ A₂₂⎦   ⎣L₂₁ I⎦⎣     S   ⎦
///
/// For columns that `BoundedElimination` keeps short: each change that a column makes has its place written
/// down, so that a factorization is one pass over them.
package final class PartialCholesky: @unchecked Sendable {
  /// Rows of A, and the columns that are eliminated.
  package let size: Int
  package let leading: Int
  /// Of every column of L, and of every column of S below its diagonal and with it: where its entries begin.
  private let starts: [Int]
  /// Rows of the entries, ascending from the diagonal on.
  private let rows: [Int32]
  /// Entry of A → entry.
  private let places: [Int32]
  /// For columns of L, one after another, and pairs a ≥ b of their entries below the diagonal, by b, then a: the
  /// entry in row a and b's column.
  private let targets: [Int32]
  /// L, then S.
  private var values: [Double]
  package private(set) var logDeterminant = Double.nan

  /// Entries of L.
  package var factorEntries: Int { starts[leading] }

  /// - Parameters:
  ///   - pattern: May have more rows than `size`; these are left out.
  ///   - size: Of A.
  ///   - leading: Columns to eliminate.
  /// - Throws: `CholmodError.tooLarge` where entries have no 32-bit numbers.
  package init(_ pattern: SymmetricPattern, size: Int, leading: Int) throws(CholmodError) {
    precondition(leading <= size && size <= pattern.size)
    let structure = PartialStructure(pattern, size: size, leading: leading)
    guard structure.rows.count < Int(Int32.max), pattern.entryCount < Int(Int32.max) else { throw .tooLarge }
    (self.size, self.leading) = (size, leading)
    (starts, rows) = (structure.starts, structure.rows)
    targets = structure.targets()
    places = structure.places(of: pattern)
    values = Array(repeating: 0, count: rows.count)
  }

  /// Entries of S, its diagonal's included.
  package var remainderRange: Range<Int> { starts[leading]..<rows.count }
  /// Rows of S are numbered from 0.
  package var remainder: SymmetricPattern {
    SymmetricPattern(
      size: size - leading, columnStarts: starts[leading...].map { $0 - starts[leading] },
      rowIndices: rows[remainderRange].map { Int($0) - leading })
  }

  /// S, parallel to the entries of `remainder`.
  package var remainderValues: ArraySlice<Double> { values[remainderRange] }

  /// - Parameter entries: Parallel to the pattern's.
  /// - Throws: `CholmodError.notPositiveDefinite`.
  package func factorize(_ entries: [Double]) throws(CholmodError) {
    logDeterminant = .nan
    var product = ScaledProduct()
    let failed = values.withUnsafeMutableBufferPointer { values in
      values.update(repeating: 0)
      for (place, value) in zip(places, entries) where place >= 0 { values[Int(place)] = value }
      return Self.eliminate(leading, values.baseAddress!, starts, targets, &product)
    }
    if let failed { throw .notPositiveDefinite(column: failed) }
    logDeterminant = product.logarithm
  }

  /// The columns one by one; returns one whose pivot is not positive.
  private static func eliminate(
    _ leading: Int, _ values: UnsafeMutablePointer<Double>, _ starts: [Int], _ targets: [Int32],
    _ product: inout ScaledProduct
  ) -> Int? {
    var next = 0
    return starts.withUnsafeBufferPointer { starts in
      targets.withUnsafeBufferPointer { targets in
        for j in 0..<leading {
          let (first, end) = (starts[j], starts[j + 1])
          let pivot = values[first]
          guard pivot > 0, pivot.isFinite else { return j }
          product.multiply(by: pivot)
          let root = pivot.squareRoot()
          values[first] = root
          for a in first + 1..<max(end, first + 1) { values[a] /= root }
          for b in first + 1..<max(end, first + 1) {
            let own = values[b]
            for a in b..<end {
              values[Int(targets[next])] -= values[a] * own
              next += 1
            }
          }
        }
        return nil
      }
    }
  }

  /// Overwrites `x`, size × columns by rows, with L⁻¹ of its leading rows, and takes L₂₁ times them off the rest.
  package func eliminate(_ x: inout [Double], columns: Int) {
    precondition(x.count == size * columns)
    x.withUnsafeMutableBufferPointer { x in
      values.withUnsafeBufferPointer { values in
        for j in 0..<leading {
          let own = x.baseAddress! + j * columns
          let first = starts[j]
          for c in 0..<columns { own[c] /= values[first] }
          for a in first + 1..<max(starts[j + 1], first + 1) {
            let (target, factor) = (x.baseAddress! + Int(rows[a]) * columns, values[a])
            for c in 0..<columns { target[c] -= factor * own[c] }
          }
        }
      }
    }
  }

  /// Overwrites the leading rows of `x`, size × columns by rows, with those of the solution, given the rest of it.
  package func substitute(_ x: inout [Double], columns: Int) {
    precondition(x.count == size * columns)
    x.withUnsafeMutableBufferPointer { x in
      values.withUnsafeBufferPointer { values in
        for j in (0..<leading).reversed() {
          let own = x.baseAddress! + j * columns
          let first = starts[j]
          for a in first + 1..<max(starts[j + 1], first + 1) {
            let (other, factor) = (x.baseAddress! + Int(rows[a]) * columns, values[a])
            for c in 0..<columns { own[c] -= factor * other[c] }
          }
          for c in 0..<columns { own[c] /= values[first] }
        }
      }
    }
  }

  /// With S̄ at the entries of S, A₁₁⁻¹ + W S̄Wᵀ, −W S̄ and S̄ at the entries of A, W = A₁₁⁻¹A₁₂: A⁻¹ itself for
  /// S̄ = S⁻¹, and for another the derivative in A of log |A₁₁| and of whatever has the derivative S̄ in S.
  ///
  /// The recursion of Takahashi, Fagan & Chin (1973), which asks for S̄ at the entries of S alone.
  ///
  /// - Parameter remainder: Parallel to the entries of `remainder`.
  /// - Returns: Parallel to the entries of the pattern; zero beyond A.
  package func inverse(_ remainder: [Double]) -> [Double] {
    precondition(remainder.count == remainderRange.count)
    var inverse = [Double](repeating: 0, count: values.count)
    inverse.withUnsafeMutableBufferPointer { inverse in
      for (k, value) in remainder.enumerated() { inverse[remainderRange.lowerBound + k] = value }
      invert(inverse.baseAddress!)
    }
    return places.map { $0 < 0 ? 0 : inverse[Int($0)] }
  }

  private func invert(_ inverse: UnsafeMutablePointer<Double>) {
    let widest = (0..<leading).reduce(0) { max($0, starts[$1 + 1] - starts[$1]) }
    let (y, product) = (
      UnsafeMutablePointer<Double>.allocate(capacity: widest + 1),
      UnsafeMutablePointer<Double>.allocate(capacity: widest + 1)
    )
    defer {
      y.deallocate()
      product.deallocate()
    }
    var next = targets.count
    values.withUnsafeBufferPointer { values in
      targets.withUnsafeBufferPointer { targets in
        for j in (0..<leading).reversed() {
          let (first, count) = (starts[j], starts[j + 1] - starts[j] - 1)
          next -= count * (count + 1) / 2
          var diagonal = 1 / (values[first] * values[first])
          for a in 0..<count {
            y[a] = values[first + 1 + a] / values[first]
            product[a] = 0
          }
          var place = next
          for b in 0..<count {
            product[b] += inverse[Int(targets[place])] * y[b]
            place += 1
            for a in b + 1..<max(count, b + 1) {
              let entry = inverse[Int(targets[place])]
              product[a] += entry * y[b]
              product[b] += entry * y[a]
              place += 1
            }
          }
          for a in 0..<count {
            inverse[first + 1 + a] = -product[a]
            diagonal += y[a] * product[a]
          }
          inverse[first] = diagonal
        }
      }
    }
  }
}

/// A product of many positive numbers, of which the logarithm is wanted.
private struct ScaledProduct {
  private var mantissa = 1.0
  private var exponent = 0

  mutating func multiply(by x: Double) {
    mantissa *= x.significand
    exponent += Int(x.exponent)
    guard mantissa > 0x1p500 else { return }
    exponent += Int(mantissa.exponent)
    mantissa = mantissa.significand
  }

  var logarithm: Double { log(mantissa) + Double(exponent) * log(2) }
}
