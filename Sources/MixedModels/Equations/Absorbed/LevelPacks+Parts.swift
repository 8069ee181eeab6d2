// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

// Several A_k of the only grouping factor's levels.

extension LevelPacks {
  /// A ← Σ c_k A_k
  func combine(_ c: [Double], _ team: ThreadTeam) {
    let count = fields.count
    nonisolated(unsafe) let (target, source) = (fields.start, partFields.start)
    team.forEach(parts, pays: count > 2000) { _, part in
      for x in part * count / parts..<(part + 1) * count / parts {
        var sum = source[x] * c[0]
        for k in 1..<max(c.count, 1) { sum += source[k * count + x] * c[k] }
        target[x] = sum
      }
    }
  }

  /// The derivatives in the coefficients of the A_k, see `PartSlopes`.
  ///
  /// With D_j = TᵀA_jjT + I, N_j = D_j⁻¹Tᵀ and G = [K⁻¹]_xx, levels give
  ///
  ///     tr K⁻¹K̃_k = Σ_j ⟨TN_j + B_jGB_jᵀ, A_k,jj⟩ − 2⟨B_jG, A_k,jX⟩ + ⟨G, A_k,XX⟩,   B_j = TN_jA_jX,
  ///
  /// without G for ML, and b_j = TN_jA_j[X y]ζ the rest of ŵ.
  ///
  /// - Parameters:
  ///   - tails: [X y]ᵀW[X y] of every A_k.
  ///   - ζ: [−β; 1]
  ///   - fixedInverse: G, p × p; nil for ML.
  func partSlopes(
    _ tails: [DenseMatrix], _ T: [Double], ζ: [Double], fixedInverse G: DenseMatrix?,
    _ team: ThreadTeam
  ) -> PartSlopes {
    let (ℓ, p, count) = (size, width - 1, partCount)
    let stride = 2 * count
    let sums = OwnedBuffer(repeating: 0.0, count: parts * stride)
    // N, F, respond's own, R and B, BG and P, u and b, totals
    let own = 7 * ℓ * ℓ + 5 * ℓ + 3 * ℓ * width + stride
    let scratch = OwnedBuffer(repeating: SIMD8<Double>.zero, count: own * team.count)
    nonisolated(unsafe) let (sumStart, scratchStart) = (sums.start, scratch.start)
    team.forEach(parts, pays: packCount * ℓ * ℓ * width * width > 10_000) { worker, part in
      let packs = part * packCount / parts..<(part + 1) * packCount / parts
      let (work, target) = (scratchStart + worker * own, sumStart + part * stride)
      switch ℓ {  // whose loops are written out for the usual sizes
      case 1: addPartSlopes(1, packs, T, ζ, G?.storage, work, target)
      case 2: addPartSlopes(2, packs, T, ζ, G?.storage, work, target)
      case 3: addPartSlopes(3, packs, T, ζ, G?.storage, work, target)
      default: addPartSlopes(ℓ, packs, T, ζ, G?.storage, work, target)
      }
    }
    var slopes = PartSlopes(
      logDeterminant: tails.map { tail in
        guard let G else { return 0 }
        return (0..<p).reduce(0) { sum, j in
          sum + (0..<p).reduce(0) { $0 + G[$1, j] * tail[$1, j] }
        }
      }, squares: tails.map { dot(ζ, $0 * ζ) })
    for part in 0..<parts {
      for k in 0..<count {
        slopes.logDeterminant[k] += sums.start[part * stride + k]
        slopes.squares[k] += sums.start[part * stride + count + k]
      }
    }
    return slopes
  }

  @inline(__always)
  private func addPartSlopes(
    _ ℓ: Int, _ packs: Range<Int>, _ T: [Double], _ ζ: [Double], _ G: [Double]?,
    _ scratch: UnsafeMutablePointer<SIMD8<Double>>, _ sums: UnsafeMutablePointer<Double>
  ) {
    let count = partCount
    let totals = scratch + 7 * ℓ * ℓ + 5 * ℓ + 3 * ℓ * width
    totals.update(repeating: .zero, count: 2 * count)
    let none = [Double](repeating: 0, count: (width - 1) * (width - 1))
    T.withUnsafeBufferPointer { lower in
      ζ.withUnsafeBufferPointer { ζ in
        (G ?? none).withUnsafeBufferPointer { inverse in
          for k in packs {
            addPack(
              ℓ, k, T, lower.baseAddress!, ζ.baseAddress!,
              G == nil || width == 1 ? nil : inverse.baseAddress!, scratch, totals)
          }
        }
      }
    }
    for x in 0..<2 * count { sums[x] = totals[x].sum() }
  }

  /// Of one pack.
  ///
  /// - Parameter G: nil for ML.
  @inline(__always)
  private func addPack(
    _ ℓ: Int, _ k: Int, _ lower: [Double], _ T: UnsafePointer<Double>, _ ζ: UnsafePointer<Double>,
    _ G: UnsafePointer<Double>?, _ scratch: UnsafeMutablePointer<SIMD8<Double>>,
    _ totals: UnsafeMutablePointer<SIMD8<Double>>
  ) {
    let (p, count) = (width - 1, partCount)
    let triangle = ℓ * (ℓ + 1) / 2
    let perPack = triangle + ℓ * width
    let (N, F, work) = (scratch, scratch + ℓ * ℓ, scratch + 2 * ℓ * ℓ)
    let P = work + 4 * ℓ * ℓ + 3 * ℓ
    let B = P + ℓ * ℓ
    let (BG, R) = (B + ℓ * width, B + 2 * ℓ * width)
    let b = R + ℓ * width
    let pack = UnsafePointer(fields.start + k * perPack)
    respond(ℓ, .inverse, pack, lower, N: N, F: F, work)
    for i in 0..<ℓ { b[i] = .zero }
    for x in 0..<width {  // R = N A_j[X y], B = T R, b = B ζ
      for i in 0..<ℓ {
        var sum = SIMD8<Double>.zero
        for h in 0..<ℓ { sum += N[h * ℓ + i] * pack[triangle + x * ℓ + h] }
        R[x * ℓ + i] = sum
      }
      for i in 0..<ℓ {
        var sum = SIMD8<Double>.zero
        for h in 0...i { sum += R[x * ℓ + h] * T[h * ℓ + i] }
        B[x * ℓ + i] = sum
        b[i] += sum * ζ[x]
      }
    }
    for j in 0..<ℓ {  // P = T N
      for i in 0..<ℓ {
        var sum = SIMD8<Double>.zero
        for h in 0...i { sum += N[j * ℓ + h] * T[h * ℓ + i] }
        P[j * ℓ + i] = sum
      }
    }
    if let G {
      for x in 0..<p {  // P + B G Bᵀ
        for i in 0..<ℓ { BG[x * ℓ + i] = .zero }
        for y in 0..<p {
          let g = G[x * p + y]
          for i in 0..<ℓ { BG[x * ℓ + i] += B[y * ℓ + i] * g }
        }
        for j in 0..<ℓ { for i in 0..<ℓ { P[j * ℓ + i] += BG[x * ℓ + i] * B[x * ℓ + j] } }
      }
    }
    for part in 0..<count {
      let A = UnsafePointer(partFields.start + (part * packCount + k) * perPack)
      var (determinant, square) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
      for j in 0..<ℓ {
        for i in j..<ℓ {
          let twice = i == j ? 1.0 : 2
          let entry = A[packedIndex(i, j, size: ℓ)] * twice
          determinant += entry * P[j * ℓ + i]
          square += entry * b[i] * b[j]
        }
      }
      for x in 0..<width {
        var product = SIMD8<Double>.zero
        for i in 0..<ℓ { product += b[i] * A[triangle + x * ℓ + i] }
        square -= product * (2 * ζ[x])
        guard G != nil, x < p else { continue }
        var shared = SIMD8<Double>.zero
        for i in 0..<ℓ { shared += BG[x * ℓ + i] * A[triangle + x * ℓ + i] }
        determinant -= shared * 2.0
      }
      totals[part] += determinant
      totals[count + part] += square
    }
  }
}
