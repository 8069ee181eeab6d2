// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension RandomEffectsGroup {
  /// Maps one group's blocks to working coordinates, levels in R's order, and gives the raw ones
  /// back.
  init(
    releasing raw: inout GroupProducts, levels: GroupLevels, B: DenseMatrix, fixed: FixedAssembly,
    threads: Int
  ) {
    let map = LevelMap(raw, B: B, fixed: fixed)
    let count = levels.labels.count
    // Every level has one cell: nothing is added up, so that cells can be mapped in any order.
    let isOneToOne = count == raw.levelCount
    var zx: [Double] = []
    let zz = [Double](unsafeUninitializedCapacity: count * map.zzSize) { zzs, zzCount in
      zx = [Double](unsafeUninitializedCapacity: count * map.zxSize) { zxs, zxCount in
        if !isOneToOne {
          zzs.initialize(repeating: 0)
          zxs.initialize(repeating: 0)
        }
        if let zz = zzs.baseAddress, let zx = zxs.baseAddress {
          map.apply(
            to: &raw, rank: levels.rank, adds: !isOneToOne, threads: isOneToOne ? threads : 1,
            zz: zz, zx: zx)
        }
        zxCount = count * map.zxSize
      }
      zzCount = count * map.zzSize
    }
    self.init(
      size: B.columns, levels: levels.labels, zz: zz, zx: zx, rank: levels.rank, B: B,
      precision: .identity)
  }
}

/// ZⱼᵀWZⱼ ↦ Bᵀ(ZⱼᵀWZⱼ)B and ZⱼᵀW[y X] ↦ Bᵀ(ZⱼᵀW[y X])C for single levels.
private struct LevelMap: Sendable {
  private let size: Int  // ℓ
  private let rawSize: Int
  private let rawTail: Int  // columns of [y X]
  private let tail: Int  // p + 1
  private let width: Int  // of a raw line
  private let zCapacity: Int
  /// rawSize × ℓ, row-major.
  private let B: [Double]
  /// rawTail × (p + 1), row-major: from raw [y X] to working [X y].
  private let C: [Double]

  var zzSize: Int { size * size }
  var zxSize: Int { size * tail }

  init(_ raw: GroupProducts, B: DenseMatrix, fixed: FixedAssembly) {
    let X = fixed.coordinates.B
    let p = X.columns
    (size, rawSize, zCapacity) = (B.columns, raw.directory.count, raw.zCapacity)
    (rawTail, tail, width) = (fixed.removed.count + 1, p + 1, raw.zCapacity + raw.xCapacity)
    self.B = (0..<rawSize).flatMap { k in (0..<B.columns).map { B[k, $0] } }
    C =
      Array(repeating: 0, count: p) + [1]
      + fixed.removed.indices.flatMap { k in (0..<p).map { X[k, $0] } + [-fixed.removed[k]] }
  }

  /// Some pages at a time, so that the raw blocks go while the others come.
  func apply(
    to raw: inout GroupProducts, rank: [Int], adds: Bool, threads: Int,
    zz: UnsafeMutablePointer<Double>, zx: UnsafeMutablePointer<Double>
  ) {
    nonisolated(unsafe) let (zz, zx) = (zz, zx)  // every level is written by one thread
    let batch = 16
    for first in stride(from: 0, to: raw.pageCount, by: batch) {
      let last = min(first + batch, raw.pageCount)
      inParallel(last - first, threads: threads) { [raw] part in
        var half = [Double](repeating: 0, count: size * (rawSize + rawTail))
        half.withUnsafeMutableBufferPointer { half in
          B.withUnsafeBufferPointer { B in
            C.withUnsafeBufferPointer { C in
              raw.forEachLevel(ofPage: first + part) { level, block in
                let target = rank[level]
                map(
                  block, half.baseAddress!, B.baseAddress!, C.baseAddress!,
                  zz + target * zzSize, zx + target * zxSize, adds: adds)
              }
            }
          }
        }
      }
      for page in first..<last { raw.release(page: page) }
    }
  }

  @inline(__always)
  private func map(
    _ block: UnsafePointer<Double>, _ half: UnsafeMutablePointer<Double>,
    _ B: UnsafePointer<Double>, _ C: UnsafePointer<Double>,
    _ zz: UnsafeMutablePointer<Double>, _ zx: UnsafeMutablePointer<Double>, adds: Bool
  ) {
    let row = rawSize + rawTail
    for i in 0..<size {  // half = Bᵀ [Z'Z  Z'[y X]], ℓ × (rawSize + rawTail)
      let out = half + i * row
      for c in 0..<row { out[c] = 0 }
      for k in 0..<rawSize {
        let (b, line) = (B[k * size + i], block + k * width)
        for c in 0..<rawSize { out[c] += b * line[c] }
        for c in 0..<rawTail { out[rawSize + c] += b * line[zCapacity + c] }
      }
    }
    for i in 0..<size {
      let left = half + i * row
      for j in 0...i {
        var sum = 0.0
        for c in 0..<rawSize { sum += left[c] * B[c * size + j] }
        if adds {
          zz[j * size + i] += sum
          if i != j { zz[i * size + j] += sum }
        } else {
          zz[j * size + i] = sum
          zz[i * size + j] = sum
        }
      }
      let line = left + rawSize
      for j in 0..<tail {
        var sum = 0.0
        for c in 0..<rawTail { sum += line[c] * C[c * tail + j] }
        if adds { zx[j * size + i] += sum } else { zx[j * size + i] = sum }
      }
    }
  }
}
