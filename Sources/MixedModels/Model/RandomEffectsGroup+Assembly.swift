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
    let X = fixed.B
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
        if tail >= Self.wide {
          applyWide(raw, page: first + part, rank: rank, adds: adds, zz: zz, zx: zx)
          return
        }
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

  /// From so many columns of [X y] on, their products go through the BLAS, so many levels at a time.
  private static let (wide, batch) = (48, 64)

  private func applyWide(
    _ raw: GroupProducts, page: Int, rank: [Int], adds: Bool,
    zz: UnsafeMutablePointer<Double>, zx: UnsafeMutablePointer<Double>
  ) {
    let C = DenseMatrix(rows: tail, columns: rawTail, storage: C)
    var halves = DenseMatrix(rows: rawTail, columns: Self.batch * size)
    var half = [Double](repeating: 0, count: size * (rawSize + rawTail))
    var targets: [Int] = []
    func flush() {
      let products = C * halves  // tail × levels · ℓ
      for (k, target) in targets.enumerated() {
        for i in 0..<size {
          let column = (k * size + i) * tail
          for j in 0..<tail {
            let place = target * zxSize + j * size + i
            zx[place] = products.storage[column + j] + (adds ? zx[place] : 0)
          }
        }
      }
      targets.removeAll(keepingCapacity: true)
    }
    raw.forEachLevel(ofPage: page) { level, block in
      let target = rank[level]
      half.withUnsafeMutableBufferPointer { half in
        B.withUnsafeBufferPointer { B in
          project(block, half.baseAddress!, B.baseAddress!)
          mapOwn(half.baseAddress!, B.baseAddress!, zz + target * zzSize, adds: adds)
        }
      }
      let first = targets.count * size * rawTail
      for i in 0..<size {
        for c in 0..<rawTail {
          halves.storage[first + i * rawTail + c] = half[i * (rawSize + rawTail) + rawSize + c]
        }
      }
      targets.append(target)
      if targets.count == Self.batch { flush() }
    }
    if !targets.isEmpty { flush() }
  }

  /// half = Bᵀ [Z'Z  Z'[y X]], ℓ × (rawSize + rawTail).
  @inline(__always)
  private func project(
    _ block: UnsafePointer<Double>, _ half: UnsafeMutablePointer<Double>, _ B: UnsafePointer<Double>
  ) {
    let row = rawSize + rawTail
    for i in 0..<size {
      let out = half + i * row
      for c in 0..<row { out[c] = 0 }
      for k in 0..<rawSize {
        let (b, line) = (B[k * size + i], block + k * width)
        for c in 0..<rawSize { out[c] += b * line[c] }
        for c in 0..<rawTail { out[rawSize + c] += b * line[zCapacity + c] }
      }
    }
  }

  /// Z'Z from `half`.
  @inline(__always)
  private func mapOwn(
    _ half: UnsafePointer<Double>, _ B: UnsafePointer<Double>, _ zz: UnsafeMutablePointer<Double>,
    adds: Bool
  ) {
    for i in 0..<size {
      let left = half + i * (rawSize + rawTail)
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
    }
  }

  @inline(__always)
  private func map(
    _ block: UnsafePointer<Double>, _ half: UnsafeMutablePointer<Double>,
    _ B: UnsafePointer<Double>, _ C: UnsafePointer<Double>,
    _ zz: UnsafeMutablePointer<Double>, _ zx: UnsafeMutablePointer<Double>, adds: Bool
  ) {
    let row = rawSize + rawTail
    project(block, half, B)
    mapOwn(half, B, zz, adds: adds)
    for i in 0..<size {
      let line = half + i * row + rawSize
      for j in 0..<tail {
        var sum = 0.0
        for c in 0..<rawTail { sum += line[c] * C[c * tail + j] }
        if adds { zx[j * size + i] += sum } else { zx[j * size + i] = sum }
      }
    }
  }
}
