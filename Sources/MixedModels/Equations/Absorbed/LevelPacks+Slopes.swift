// SPDX-License-Identifier: GPL-2.0-or-later
import CPanelKernels
import NumericalMethods

extension LevelPacks {
  /// Sums over all levels (those that fill up the last pack have no rows), X included.
  ///
  /// - Parameters:
  ///   - ζ: [−β; 1]
  ///   - fixedInverse: G for X's columns, p × p; nil if it is zero (ML).
  /// - Returns: with, for every part of the levels, the sums of `partSlopes`.
  func sums(
    _ form: SlopeForm, _ T: [Double], ζ: [Double], fixedInverse G: DenseMatrix?, _ team: ThreadTeam
  ) -> (own: SlopeSums, ofParts: [Double]) {
    let ℓ = size
    let partSums = OwnedBuffer(repeating: 0.0, count: parts * 2 * partCount)
    let half = G.map { DenseCholesky.pivoted($0, relativeTolerance: 0).factor }  // G = HHᵀ
    let stride = 2 * ℓ * ℓ
    let sums = OwnedBuffer(repeating: 0.0, count: parts * stride)
    let alone = 7 * ℓ * ℓ + 3 * ℓ + ℓ * width
    let own = alone + partScratch
    let inverse = partCount == 0 ? nil : G?.storage
    let goesThroughBLAS = half.map { $0.rows >= Self.wide } ?? false
    let scratch = OwnedBuffer(repeating: SIMD8<Double>.zero, count: own * team.count)
    nonisolated(unsafe) let (sumStart, scratchStart) = (sums.start, scratch.start)
    nonisolated(unsafe) let partStart = partSums.start
    team.forEach(parts, pays: packCount * ℓ * ℓ * width * width > 10_000) { worker, part in
      let packs = part * packCount / parts..<(part + 1) * packCount / parts
      let (work, target) = (scratchStart + worker * own, sumStart + part * stride)
      let ofParts = work + alone
      partTotals(ofParts).update(repeating: .zero, count: 2 * partCount)
      func addParts(_ first: UnsafePointer<SIMD8<Double>>, _ run: Range<Int>) {
        if partCount > 0 { addPartSlopes(first, run, T, ζ, inverse, ofParts) }
      }
      if goesThroughBLAS, let half {
        switch ℓ {
        case 1: addByPanels(1, packs, worker, form, T, ζ, half, work, target, addParts)
        case 2: addByPanels(2, packs, worker, form, T, ζ, half, work, target, addParts)
        case 3: addByPanels(3, packs, worker, form, T, ζ, half, work, target, addParts)
        default: addByPanels(ℓ, packs, worker, form, T, ζ, half, work, target, addParts)
        }
      } else {
        add(packs, worker, form, T, ζ, half, work, target, addParts)
      }
      for x in 0..<2 * partCount { partStart[part * 2 * partCount + x] = partTotals(ofParts)[x].sum() }
    }
    let ofParts = Array(UnsafeBufferPointer(start: partSums.start, count: partSums.count))
    return (SlopeSums(sums.start, parts: parts, size: ℓ), ofParts)
  }

  /// Products of few columns, as they come.
  private func add(
    _ packs: Range<Int>, _ worker: Int, _ form: SlopeForm, _ T: [Double], _ ζ: [Double],
    _ half: DenseMatrix?, _ scratch: UnsafeMutablePointer<SIMD8<Double>>,
    _ sums: UnsafeMutablePointer<Double>,
    _ addParts: (UnsafePointer<SIMD8<Double>>, Range<Int>) -> Void
  ) {
    let ℓ = size
    let totals = scratch + 4 * ℓ * ℓ + 3 * ℓ + ℓ * width
    totals.update(repeating: .zero, count: 2 * ℓ * ℓ)
    forEachRun(of: packs, worker: worker) { first, run in
      lmm_packs_slopes(
        Int32(ℓ), form == .direct ? 1 : 0, Int32(width), run.count, numbers(first), T, ζ,
        half?.storage ?? [], Int32(half?.rows ?? 0), Int32(half?.columns ?? 0), numbers(scratch),
        numbers(totals))
      addParts(first, run)
    }
    write(totals, ℓ, to: sums)
  }

  /// The sums of eight levels side by side, and what is below the diagonal.
  private func write(
    _ totals: UnsafePointer<SIMD8<Double>>, _ ℓ: Int, to sums: UnsafeMutablePointer<Double>
  ) {
    for j in 0..<ℓ {
      for i in 0...j {
        for part in 0..<2 {
          let value = totals[part * ℓ * ℓ + j * ℓ + i].sum()
          sums[part * ℓ * ℓ + j * ℓ + i] = value
          sums[part * ℓ * ℓ + i * ℓ + j] = value
        }
      }
    }
  }

  /// Products of many columns, which are left to the BLAS.
  @inline(__always)
  private func addByPanels(
    _ ℓ: Int, _ packs: Range<Int>, _ worker: Int, _ form: SlopeForm, _ T: [Double], _ ζ: [Double],
    _ half: DenseMatrix, _ scratch: UnsafeMutablePointer<SIMD8<Double>>,
    _ sums: UnsafeMutablePointer<Double>,
    _ addParts: (UnsafePointer<SIMD8<Double>>, Range<Int>) -> Void
  ) {
    let triangle = ℓ * (ℓ + 1) / 2
    let (N, F) = (scratch, scratch + ℓ * ℓ)
    let R = scratch + 2 * ℓ * ℓ
    let answer = R + ℓ * width
    let totals = answer + 2 * ℓ
    let work = totals + 2 * ℓ * ℓ
    totals.update(repeating: .zero, count: 2 * ℓ * ℓ)
    let sign = form == .inverse ? 1.0 : -1
    var panel = ResponsePanel(ℓ, columns: half.rows)
    forEachRun(of: packs, worker: worker) { first, run in
      for k in 0..<run.count {
        let pack = first + k * perPack
        respond(ℓ, form, pack, T, N: N, F: F, work)
        for i in 0..<ℓ { answer[i] = .zero }
        for x in 0..<width {
          for i in 0..<ℓ {
            var sum = SIMD8<Double>.zero
            for h in 0..<ℓ { sum += N[h * ℓ + i] * pack[triangle + x * ℓ + h] }
            R[x * ℓ + i] = sum
            answer[i] += sum * ζ[x]
          }
        }
        for j in 0..<ℓ {
          for i in 0...j {
            totals[j * ℓ + i] += F[j * ℓ + i]
            totals[ℓ * ℓ + j * ℓ + i] += answer[i] * answer[j]
          }
        }
        if panel.append(R) { panel.add(half, sign, to: totals) }
      }
      addParts(first, run)
    }
    panel.add(half, sign, to: totals)
    write(totals, ℓ, to: sums)
  }

  /// From so many columns of X on, R G Rᵀ goes through the BLAS.
  private static let wide = 48

  /// `MixedModels.respond` for eight levels.
  @inline(__always)
  func respond(
    _ ℓ: Int, _ form: SlopeForm, _ A: UnsafePointer<SIMD8<Double>>, _ T: [Double],
    N: UnsafeMutablePointer<SIMD8<Double>>, F: UnsafeMutablePointer<SIMD8<Double>>,
    _ scratch: UnsafeMutablePointer<SIMD8<Double>>
  ) {
    let (D, inverse, M) = (scratch, scratch + ℓ * ℓ, scratch + ℓ * ℓ + ℓ)
    var pivots = PivotProduct()
    T.withUnsafeBufferPointer { T in
      factorizePack(ℓ, A, T.baseAddress!, D, inverse, &pivots)
      // Columns of D⁻¹, in F.
      for c in 0..<ℓ {
        for i in 0..<ℓ {
          var sum = SIMD8<Double>(repeating: i == c ? 1 : 0)
          for k in 0..<i { sum -= D[k * ℓ + i] * F[c * ℓ + k] }
          F[c * ℓ + i] = sum
        }
        for i in 0..<ℓ { F[c * ℓ + i] *= inverse[i] }
        for i in stride(from: ℓ - 1, through: 0, by: -1) {
          for k in (i + 1)..<max(ℓ, i + 1) { F[c * ℓ + i] -= D[i * ℓ + k] * F[c * ℓ + k] }
        }
      }
      // D⁻¹Tᵀ
      let target = form == .inverse ? N : M
      for j in 0..<ℓ {
        for i in 0..<ℓ {
          var sum = SIMD8<Double>.zero
          for k in 0...j { sum += F[k * ℓ + i] * T[k * ℓ + j] }
          target[j * ℓ + i] = sum
        }
      }
      guard form == .direct else { return }
      // N = I − A T D⁻¹Tᵀ with AT in D, F = N A
      for j in 0..<ℓ {
        for i in 0..<ℓ {
          var sum = SIMD8<Double>.zero
          for k in j..<ℓ { sum += A[packedIndex(max(i, k), min(i, k), size: ℓ)] * T[j * ℓ + k] }
          D[j * ℓ + i] = sum
        }
      }
      for j in 0..<ℓ {
        for i in 0..<ℓ {
          var sum = SIMD8<Double>(repeating: i == j ? 1 : 0)
          for k in 0..<ℓ { sum -= D[k * ℓ + i] * M[j * ℓ + k] }
          N[j * ℓ + i] = sum
        }
      }
      for j in 0..<ℓ {
        for i in 0..<ℓ {
          var sum = SIMD8<Double>.zero
          for k in 0..<ℓ { sum += N[k * ℓ + i] * A[packedIndex(max(k, j), min(k, j), size: ℓ)] }
          F[j * ℓ + i] = sum
        }
      }
    }
  }
}

/// R of several packs of levels, 8ℓ · packs × p, for products with G = HHᵀ.
private struct ResponsePanel {
  private static let packs = 32

  private let size: Int
  private var R: DenseMatrix
  private var count = 0

  init(_ ℓ: Int, columns: Int) {
    size = ℓ
    R = DenseMatrix(rows: Self.packs * ℓ * 8, columns: columns)
  }

  /// - Parameter pack: ℓ × p by columns.
  /// - Returns: whether there is no room left.
  mutating func append(_ pack: UnsafePointer<SIMD8<Double>>) -> Bool {
    let (ℓ, first, rows) = (size, count * size * 8, R.rows)
    R.storage.withUnsafeMutableBytes { bytes in
      for x in 0..<R.columns {
        for i in 0..<ℓ {
          bytes.storeBytes(
            of: pack[x * ℓ + i], toByteOffset: (x * rows + first + i * 8) * 8,
            as: SIMD8<Double>.self)
        }
      }
    }
    count += 1
    return count == Self.packs
  }

  /// Adds ± R G Rᵀ, above the diagonal, and forgets the packs.
  mutating func add(
    _ half: DenseMatrix, _ sign: Double, to totals: UnsafeMutablePointer<SIMD8<Double>>
  ) {
    guard count > 0 else { return }
    let products = R * half
    let (ℓ, rows) = (size, R.rows)
    products.storage.withUnsafeBytes { bytes in
      for c in 0..<products.columns {
        for k in 0..<count {
          let base = (c * rows + k * ℓ * 8) * 8
          for j in 0..<ℓ {
            let q = sign * bytes.loadUnaligned(fromByteOffset: base + j * 64, as: SIMD8<Double>.self)
            for i in 0...j {
              totals[j * ℓ + i] +=
                q * bytes.loadUnaligned(fromByteOffset: base + i * 64, as: SIMD8<Double>.self)
            }
          }
        }
      }
    }
    count = 0
  }
}
