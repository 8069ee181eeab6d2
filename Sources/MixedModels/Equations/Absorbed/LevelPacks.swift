// SPDX-License-Identifier: GPL-2.0-or-later
import CPanelKernels
import NumericalMethods

/// The levels of the only grouping factor, eight side by side, so that one instruction works on
/// several.
///
/// Absorption: for every level j, D_j = TᵀA_jjT + I = L_jL_jᵀ and W_j = L_j⁻¹Tᵀ[A_jX A_jy], ℓ × (p + 1);
/// what is wanted are Σ log |D_j| and Σ W_jᵀW_j, (p + 1) × (p + 1).
final class LevelPacks {
  /// ℓ
  let size: Int
  /// p + 1
  let width: Int
  let packCount: Int
  /// Pack after pack: the lower triangle of A_jj by columns, then A_j[X y] by columns. Where there are several
  /// A_k, those of one after the other's.
  let fields: OwnedBuffer<SIMD8<Double>>
  /// How many A_k there are; 0 where there is A alone.
  let partCount: Int
  /// c_k of A = Σ c_k A_k.
  var coefficients: [Double]
  /// For every worker: some packs of that A, which are made when they are needed.
  private let room: OwnedBuffer<SIMD8<Double>>
  /// For every worker: ℓ² + ℓ(p + 1) intermediate results, or a panel of W, and sums of products.
  private let scratch: OwnedBuffer<SIMD8<Double>>
  private let scratchStride: Int
  /// For every part of the levels: the lower triangle of ΣWᵀW, and Σ log |D|.
  private let partial: OwnedBuffer<Double>
  private let partialStride: Int

  /// Packs are summed in so many parts, whatever the number of threads: so is the result. Fewer where the
  /// sums are large.
  let parts: Int
  private static let mostSums = 1 << 22
  /// W goes through the BLAS from this width on, so many packs at a time.
  private static let blasWidth = 12
  private static let panelPacks = 32

  /// - Parameter ofEach: The group in every A_k, where there are several.
  init(
    _ group: RandomEffectsGroup, ofEach: [RandomEffectsGroup] = [], width: Int, workers: Int
  ) {
    parts = min(64, max(4, Self.mostSums / (width * width)))
    let ℓ = group.size
    let triangle = ℓ * (ℓ + 1) / 2
    let perPack = triangle + ℓ * width
    packCount = (group.levelCount + 7) / 8
    partCount = ofEach.count
    fields = OwnedBuffer(repeating: .zero, count: max(partCount, 1) * packCount * perPack)
    coefficients = ofEach.map { _ in 1 }
    room = OwnedBuffer(repeating: .zero, count: ofEach.isEmpty ? 0 : workers * Self.panelPacks * perPack)
    func pack(_ group: RandomEffectsGroup, _ fields: UnsafeMutablePointer<SIMD8<Double>>) {
      for level in 0..<group.levelCount {
        let pack = fields + level / 8 * perPack
        for j in 0..<ℓ {
          for i in j..<ℓ {
            pack[packedIndex(i, j, size: ℓ)][level % 8] = group.zz[(level * ℓ + j) * ℓ + i]
          }
        }
        for x in 0..<ℓ * width { pack[triangle + x][level % 8] = group.zx[level * ℓ * width + x] }
      }
    }
    for (k, part) in (ofEach.isEmpty ? [group] : ofEach).enumerated() {
      pack(part, fields.start + k * packCount * perPack)
    }
    size = ℓ
    self.width = width
    let panel = Self.blasWidth <= width ? Self.panelPacks * ℓ * width : 0
    scratchStride = ℓ * ℓ + 2 * ℓ + ℓ * width + max(width * (width + 1) / 2, panel)
    scratch = OwnedBuffer(repeating: .zero, count: scratchStride * workers)
    partialStride = width * width + 1
    partial = OwnedBuffer(repeating: 0, count: partialStride * parts)
  }

  var perPack: Int { size * (size + 1) / 2 + size * width }

  /// Calls `body` with packs of A one after another: with all of them, or where A is a sum with some at a time.
  ///
  /// - Parameter worker: Whose room for sums is used.
  @inline(__always)
  func forEachRun(
    of packs: Range<Int>, worker: Int,
    _ body: (_ first: UnsafePointer<SIMD8<Double>>, _ run: Range<Int>) -> Void
  ) {
    guard partCount > 0 else {
      return body(UnsafePointer(fields.start + packs.lowerBound * perPack), packs)
    }
    let sums = room.start + worker * Self.panelPacks * perPack
    for first in stride(from: packs.lowerBound, to: packs.upperBound, by: Self.panelPacks) {
      let run = first..<min(first + Self.panelPacks, packs.upperBound)
      combine(run, sums)
      body(UnsafePointer(sums), run)
    }
  }

  /// Subtracts ΣWᵀW from the lower triangle of `s`, (p + 1) × (p + 1); returns Σ log |D|, NaN where
  /// a D is not finite.
  func absorb(
    _ T: [Double], from s: UnsafeMutablePointer<Double>, _ team: ThreadTeam
  ) -> Double {
    partial.start.update(repeating: 0, count: partial.count)
    nonisolated(unsafe) let partial = partial.start
    nonisolated(unsafe) let scratch = scratch.start
    let (scratchStride, partialStride) = (scratchStride, partialStride)
    let pays = packCount * size * size * width * width > 20_000
    T.withUnsafeBufferPointer { T in
      team.forEach(parts, pays: pays) { worker, part in
        let packs = (part * packCount / parts)..<((part + 1) * packCount / parts)
        guard !packs.isEmpty else { return }
        let sums = partial + part * partialStride
        sums[width * width] = absorb(
          packs, worker, T.baseAddress!, scratch + worker * scratchStride, sums)
      }
    }
    var logDeterminant = 0.0
    for part in 0..<parts {
      let sums = partial + part * partialStride
      for x in 0..<width * width { s[x] -= sums[x] }
      logDeterminant += sums[width * width]
    }
    return logDeterminant
  }

  /// ΣWᵀD⁻¹W, w × w, in the lower triangle of `sums`; returns Σ log |D|.
  private func absorb(
    _ packs: Range<Int>, _ worker: Int, _ T: UnsafePointer<Double>,
    _ scratch: UnsafeMutablePointer<SIMD8<Double>>, _ sums: UnsafeMutablePointer<Double>
  ) -> Double {
    var pivots = PivotProduct()
    guard width >= Self.blasWidth else {
      absorbPacks(packs, worker, T, scratch, sums, &pivots)
      return pivots.logarithm
    }
    forEachRun(of: packs, worker: worker) { first, run in
      switch size {
      case 1: absorbByPanels(1, width, first, run.count, T, scratch, sums, &pivots)
      case 2: absorbByPanels(2, width, first, run.count, T, scratch, sums, &pivots)
      case 3: absorbByPanels(3, width, first, run.count, T, scratch, sums, &pivots)
      default: absorbByPanels(size, width, first, run.count, T, scratch, sums, &pivots)
      }
    }
    return pivots.logarithm
  }

  /// Products of W's columns as they come, for few columns.
  private func absorbPacks(
    _ packs: Range<Int>, _ worker: Int, _ T: UnsafePointer<Double>,
    _ scratch: UnsafeMutablePointer<SIMD8<Double>>, _ sums: UnsafeMutablePointer<Double>,
    _ pivots: inout PivotProduct
  ) {
    scratch.update(repeating: .zero, count: width * (width + 1) / 2)
    pivots.withNumbers { pivots in
      forEachRun(of: packs, worker: worker) { first, run in
        lmm_packs_absorb(
          Int32(size), Int32(width), run.count, numbers(first), T, numbers(scratch), pivots)
      }
    }
    var sum = scratch
    for x in 0..<width {
      for y in x..<width {
        sums[x * width + y] = sum[0].sum()  // of eight levels side by side
        sum += 1
      }
    }
  }

  /// The same with columns of W gathered in a panel, 8ℓ · packs × w, and their products left to the
  /// BLAS.
  @inline(__always)
  private func absorbByPanels(
    _ ℓ: Int, _ w: Int, _ fields: UnsafePointer<SIMD8<Double>>, _ count: Int,
    _ T: UnsafePointer<Double>, _ scratch: UnsafeMutablePointer<SIMD8<Double>>,
    _ sums: UnsafeMutablePointer<Double>, _ pivots: inout PivotProduct
  ) {
    let triangle = ℓ * (ℓ + 1) / 2
    let (D, inverse) = (scratch, scratch + ℓ * ℓ)
    let W = inverse + ℓ
    let panel = W + ℓ * w
    var pack = fields
    for begin in stride(from: 0, to: count, by: Self.panelPacks) {
      let packs = min(Self.panelPacks, count - begin)
      for k in 0..<packs {
        factorizePack(ℓ, pack, T, D, inverse, &pivots)
        solvePack(ℓ, w, pack + triangle, T, D, W)
        for i in 0..<ℓ {
          let root = inverse[i].squareRoot()  // 1 / √d_i
          for x in 0..<w { panel[(x * packs + k) * ℓ + i] = W[x * ℓ + i] * root }
        }
        pack += triangle + ℓ * w
      }
      panel.withMemoryRebound(to: Double.self, capacity: packs * ℓ * w * 8) {
        addGram($0, rows: packs * ℓ * 8, columns: w, to: sums)  // + WᵀD⁻¹W
      }
    }
  }

  /// TᵀAT + I = L D Lᵀ with a unit L below the diagonal of `D`, ℓ × ℓ by columns; `inverse` gets the
  /// pivots' inverses, ℓ of them. A is a packed lower triangle.
  @inline(__always)
  func factorizePack(
    _ ℓ: Int, _ A: UnsafePointer<SIMD8<Double>>, _ T: UnsafePointer<Double>,
    _ D: UnsafeMutablePointer<SIMD8<Double>>, _ inverse: UnsafeMutablePointer<SIMD8<Double>>,
    _ pivots: inout PivotProduct
  ) {
    for j in 0..<ℓ {
      // Column j of AT, from row j on, and then of TᵀAT, in place.
      for i in j..<ℓ {
        var sum = SIMD8<Double>.zero
        for k in j..<ℓ { sum += A[packedIndex(max(i, k), min(i, k), size: ℓ)] * T[j * ℓ + k] }
        D[j * ℓ + i] = sum  // (AT)_ij
      }
      for i in j..<ℓ {
        var sum = SIMD8<Double>(repeating: i == j ? 1 : 0)
        for k in i..<ℓ { sum += D[j * ℓ + k] * T[i * ℓ + k] }
        D[j * ℓ + i] = sum  // (TᵀAT + I)_ij
      }
    }
    for j in 0..<ℓ {
      let pivot = D[j * ℓ + j]  // d_j
      pivots.multiply(pivot)
      inverse[j] = 1 / pivot
      for k in (j + 1)..<max(ℓ, j + 1) {
        let factor = D[j * ℓ + k] * inverse[j]  // l_kj
        for i in k..<ℓ { D[k * ℓ + i] -= D[j * ℓ + i] * factor }  // − l_ij d_j l_kj
      }
      for i in (j + 1)..<max(ℓ, j + 1) { D[j * ℓ + i] *= inverse[j] }  // l_ij
    }
  }

  /// W = L⁻¹TᵀA for the unit L in `D`: A and W are ℓ × w.
  @inline(__always)
  private func solvePack(
    _ ℓ: Int, _ w: Int, _ A: UnsafePointer<SIMD8<Double>>, _ T: UnsafePointer<Double>,
    _ D: UnsafePointer<SIMD8<Double>>, _ W: UnsafeMutablePointer<SIMD8<Double>>
  ) {
    for x in 0..<w {
      for i in 0..<ℓ {
        var sum = SIMD8<Double>.zero
        for k in i..<ℓ { sum += A[x * ℓ + k] * T[i * ℓ + k] }
        for k in 0..<i { sum -= D[k * ℓ + i] * W[x * ℓ + k] }
        W[x * ℓ + i] = sum  // (L⁻¹TᵀA)_ix
      }
    }
  }
}
