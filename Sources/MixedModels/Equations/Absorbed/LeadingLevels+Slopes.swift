// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LeadingLevels {
  /// The core as the levels' slopes need it.
  struct CoreView {
    /// Λ's blocks, and the group of each of the core's scalars.
    let factors: [[Double]]
    let sizes: [Int]
    let groupOfScalar: [Int32]
    /// [−u; −β; 1] for all rows of the core.
    let ζ: [Double]
    /// G for X's columns, p × p; nil if it is zero (ML), or taken care of elsewhere.
    let fixedInverse: DenseMatrix?
  }

  /// Overwrites W_j with R_jU (see `respond`), all rows, and returns the sums over the levels but
  /// for the products R_j G R_jᵀ of the core; those of X are included.
  ///
  /// The sums are cut by position, as those of `absorb`.
  func respond(_ form: SlopeForm, _ T: [Double], _ view: CoreView, _ team: ThreadTeam) -> SlopeSums
  {
    let ℓ = size
    let stride = 2 * ℓ * ℓ
    let sums = OwnedBuffer(repeating: 0.0, count: Self.parts * stride)
    let scratch = OwnedBuffer(repeating: 0.0, count: team.count * (5 * ℓ * ℓ + ℓ * (width + 2)))
    nonisolated(unsafe) let (sumStart, scratchStart) = (sums.start, scratch.start)
    let scratchStride = 5 * ℓ * ℓ + ℓ * (width + 2)
    team.forEach(Self.parts) { worker, part in
      let levels = partBounds[part]..<partBounds[part + 1]
      let (own, target) = (scratchStart + worker * scratchStride, sumStart + part * stride)
      switch ℓ {
      case 1: respond(1, form, levels, T, view, own, target)
      case 2: respond(2, form, levels, T, view, own, target)
      default: respond(ℓ, form, levels, T, view, own, target)
      }
    }
    return SlopeSums(sums.start, parts: Self.parts, size: ℓ)
  }

  @inline(__always)
  private func respond(
    _ ℓ: Int, _ form: SlopeForm, _ levels: Range<Int>, _ T: [Double], _ view: CoreView,
    _ scratch: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>
  ) {
    let (N, F) = (scratch + 3 * ℓ * ℓ, scratch + 4 * ℓ * ℓ)
    let answer = scratch + 5 * ℓ * ℓ
    zz.withUnsafeBufferPointer { zz in
      for j in levels {
        MixedModels.respond(ℓ, form, zz.baseAddress! + j * ℓ * ℓ, T, scratch, N: N, F: F)
        let (first, end) = (columnStarts[j], columnStarts[j + 1])
        for k in first..<end {
          for i in 0..<ℓ {
            var sum = 0.0
            for h in 0..<ℓ { sum += N[h * ℓ + i] * A.start[k * ℓ + h] }
            W.start[k * ℓ + i] = sum
          }
        }
        scaleColumns(ℓ, first..<end - width, view)
        for i in 0..<ℓ { answer[i] = 0 }
        for k in first..<end {
          let value = view.ζ[Int(rows.start[k])]
          for i in 0..<ℓ { answer[i] += W.start[k * ℓ + i] * value }
        }
        for x in 0..<ℓ {
          for i in 0..<ℓ {
            sums[x * ℓ + i] += F[x * ℓ + i]
            sums[ℓ * ℓ + x * ℓ + i] += answer[x] * answer[i]
          }
        }
        if let G = view.fixedInverse {
          addFixed(ℓ, G, form == .inverse ? 1 : -1, W.start + (end - width) * ℓ, answer, sums)
        }
      }
    }
  }

  /// R_o ← R_oU
  @inline(__always)
  private func scaleColumns(_ ℓ: Int, _ columns: Range<Int>, _ view: CoreView) {
    var k = columns.lowerBound
    while k < columns.upperBound {
      let group = Int(view.groupOfScalar[Int(rows.start[k])])
      let m = view.sizes[group]
      view.factors[group].withUnsafeBufferPointer { U in
        let block = W.start + k * ℓ
        for c in 0..<m {
          for i in 0..<ℓ {
            var sum = 0.0
            for h in c..<m { sum += block[h * ℓ + i] * U[c * m + h] }
            block[c * ℓ + i] = sum
          }
        }
      }
      k += m
    }
  }

  /// sums ± R_X G R_Xᵀ
  @inline(__always)
  private func addFixed(
    _ ℓ: Int, _ G: DenseMatrix, _ sign: Double, _ R: UnsafePointer<Double>,
    _ product: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>
  ) {
    let p = G.rows
    G.storage.withUnsafeBufferPointer { G in
      for x in 0..<p {
        for i in 0..<ℓ { product[i] = 0 }
        for y in 0..<p {
          for i in 0..<ℓ { product[i] += R[y * ℓ + i] * G[x * p + y] }
        }
        for k in 0..<ℓ {
          for i in 0..<ℓ { sums[k * ℓ + i] += sign * product[i] * R[x * ℓ + k] }
        }
      }
    }
  }

  /// The part of Σ R_jGR_jᵀ, ℓ × ℓ, that belongs to column `c` of the core, the t-th of its place,
  /// and to the rows from it on; `column` is G's, indexed by rows. Only rows below `end` are G's.
  @inline(__always)
  func addProducts(
    _ ℓ: Int, place: Int, offset t: Int, _ column: UnsafePointer<Double>, skippedTail: Int,
    _ product: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>
  ) {
    for e in entryStarts[place]..<entryStarts[place + 1] {
      let entry = entries.start[e]
      let first = entry.first + t
      let half = 0.5 * column[Int(rows.start[first])]
      for i in 0..<ℓ { product[i] = half * W.start[first * ℓ + i] }
      for k in (first + 1)..<max(entry.end - skippedTail, first + 1) {
        let value = column[Int(rows.start[k])]
        for i in 0..<ℓ { product[i] += value * W.start[k * ℓ + i] }
      }
      for k in 0..<ℓ {
        let own = W.start[first * ℓ + k]
        for i in 0..<ℓ { sums[k * ℓ + i] += own * product[i] }
      }
    }
  }
}
