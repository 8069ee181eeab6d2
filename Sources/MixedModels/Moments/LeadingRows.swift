// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Γ = FᵀE_rF and U = FᵀE_rH of one parameter of the leading group.
struct LevelSums {
  var Γ: DenseMatrix
  var U: DenseMatrix
}

/// The rows of ZᵀWZ that belong to the leading group's levels, without their own blocks: level by
/// level ℓ × the core columns that occur with it.
///
/// Absorption turns them into F.
struct LeadingRows {
  private let leading: Int
  private let ℓ: Int
  private let p: Int
  private let starts: [Int]
  private let columns: [Int32]
  private var values: [Double]
  let coreBlocks: [(group: Int, row: Int)]
  private let coreRows: CoreRows
  private let q: Int

  init(_ model: LinearMixedModel, _ leading: Int) {
    (self.leading, ℓ, p) = (leading, model.groups[leading].size, model.fixedEffectCount)
    coreRows = CoreRows(model, leading: leading)
    q = coreRows.firstRows[model.groups.count]
    var blocks: [(group: Int, row: Int)] = []
    for (g, group) in model.groups.enumerated() where g != leading {
      for level in 0..<group.levelCount {
        blocks.append((g, coreRows.firstRows[g] + level * group.size))
      }
    }
    coreBlocks = blocks
    let own = LeadingColumns(model, coreRows, leading: leading, fixedColumns: 0)
    (starts, columns, values) = (own.starts, own.rows.map(Int32.init), own.values)
  }

  /// ZᵀWZ and ZᵀWX of the core.
  func core(_ model: LinearMixedModel) -> (A: DenseMatrix, C: DenseMatrix) {
    let all = coreRows.assembled(model)
    let rows = Array(0..<q)
    return (
      all.submatrix(rows: rows, columns: rows),
      all.submatrix(rows: rows, columns: Array(q..<q + p))
    )
  }

  private func panel(_ level: Int) -> (columns: ArraySlice<Int32>, values: [Double]) {
    let range = starts[level]..<starts[level + 1]
    return (columns[range], Array(values[range.lowerBound * ℓ..<range.upperBound * ℓ]))
  }

  /// Takes the leading levels' share off the core, and makes the rows F.
  mutating func absorb(
    _ model: LinearMixedModel, _ parameters: [CovarianceParameter], _ λ: [Double],
    from A: inout DenseMatrix, _ C: inout DenseMatrix
  ) {
    var kernel = LevelKernel(ℓ, p: p, parameters, λ)
    let group = model.groups[leading]
    for level in 0..<group.levelCount {
      kernel.load(group, level: level)
      var (columns, F) = panel(level)
      var reduced = F
      kernel.absorb(&F, columns: columns.count, reduced: &reduced)
      values.replaceSubrange(starts[level] * ℓ..<starts[level + 1] * ℓ, with: F)
      let X = kernel.reducedX
      Self.addGram(-1, reduced, reduced, columns, ℓ, to: &A)
      for (c, column) in columns.enumerated() {
        for k in 0..<p {
          for i in 0..<ℓ {
            C.storage[k * q + Int(column)] -= reduced[c * ℓ + i] * X[k * ℓ + i]
          }
        }
      }
    }
  }

  /// Adds all that is a sum over the leading levels.
  func add(
    _ model: LinearMixedModel, _ own: [(index: Int, parameter: CovarianceParameter)],
    _ λ: [Double], T: DenseMatrix, TH: DenseMatrix, to moments: inout CovarianceMoments,
    _ sums: inout [LevelSums]
  ) {
    var kernel = LevelKernel(ℓ, p: p, own.map(\.parameter), λ)
    var shares = CovarianceMoments(p: p, count: own.count)
    let group = model.groups[leading]
    for level in 0..<group.levelCount {
      kernel.load(group, level: level)
      let (columns, F) = panel(level)
      kernel.correct(F, columns, TH)
      kernel.add(to: &shares)
      let K = Self.product(F, columns, ℓ, T)
      for (r, (_, ρ)) in own.enumerated() {
        shares.singleTraces[r] -= (ρ.isDiagonal ? 1 : 2) * K[ρ.j * ℓ + ρ.i]
        for s in 0...r {
          shares.traces[CovarianceMoments.pair(r, s)] -= 2 * kernel.trace(K, ρ, own[s].parameter)
        }
        addRows(F, columns, kernel.H, ρ, to: &sums[r])
      }
    }
    moments.add(shares, at: own.map(\.index))
  }

  /// FTFᵀ of one level.
  private static func product(
    _ F: [Double], _ columns: ArraySlice<Int32>, _ ℓ: Int, _ T: DenseMatrix
  ) -> [Double] {
    var K = [Double](repeating: 0, count: ℓ * ℓ)
    var half = [Double](repeating: 0, count: ℓ)
    columns.withUnsafeBufferPointer { columns in
      T.storage.withUnsafeBufferPointer { T in
        let q = Int(Double(T.count).squareRoot().rounded())
        for d in columns.indices {
          let column = Int(columns[d]) * q
          for i in 0..<ℓ { half[i] = 0 }
          for c in columns.indices {
            let t = T[column + Int(columns[c])]
            for i in 0..<ℓ { half[i] += F[c * ℓ + i] * t }
          }
          for j in 0..<ℓ { for i in 0..<ℓ { K[j * ℓ + i] += half[i] * F[d * ℓ + j] } }
        }
      }
    }
    return K
  }

  /// Γ += FᵀE_ρF and U += FᵀE_ρH.
  private func addRows(
    _ F: [Double], _ columns: ArraySlice<Int32>, _ H: [Double], _ ρ: CovarianceParameter,
    to sums: inout LevelSums
  ) {
    let left = (0..<columns.count).map { F[$0 * ℓ + ρ.i] }
    let right = (0..<columns.count).map { F[$0 * ℓ + ρ.j] }
    Self.addGram(1, left, right, columns, 1, to: &sums.Γ)
    if !ρ.isDiagonal { Self.addGram(1, right, left, columns, 1, to: &sums.Γ) }
    for (c, column) in columns.enumerated() {
      for k in 0..<p {
        var value = left[c] * H[ρ.j * p + k]
        if !ρ.isDiagonal { value += right[c] * H[ρ.i * p + k] }
        sums.U.storage[k * q + Int(column)] += value
      }
    }
  }

  /// Adds factor · aᵀb at some rows and columns; a and b have `inner` rows.
  private static func addGram(
    _ factor: Double, _ a: [Double], _ b: [Double], _ columns: ArraySlice<Int32>, _ inner: Int,
    to matrix: inout DenseMatrix
  ) {
    let rows = matrix.rows
    columns.withUnsafeBufferPointer { columns in
      matrix.storage.withUnsafeMutableBufferPointer { target in
        for d in columns.indices {
          let base = Int(columns[d]) * rows
          for c in columns.indices {
            var sum = 0.0
            for i in 0..<inner { sum += a[c * inner + i] * b[d * inner + i] }
            target[base + Int(columns[c])] += factor * sum
          }
        }
      }
    }
  }
}

extension CovarianceMoments {
  /// Adds the sums of some of the parameters, `indices` ascending.
  fileprivate mutating func add(_ part: CovarianceMoments, at indices: [Int]) {
    let square = p * p
    for k in 0..<square { absorbed[k] += part.absorbed[k] }
    for (a, r) in indices.enumerated() {
      singleTraces[r] += part.singleTraces[a]
      for k in 0..<square { HEH[r * square + k] += part.HEH[a * square + k] }
      for b in 0...a {
        let (from, to) = (Self.pair(a, b), Self.pair(r, indices[b]))
        traces[to] += part.traces[from]
        for k in 0..<square { HEBEH[to * square + k] += part.HEBEH[from * square + k] }
      }
    }
  }
}
