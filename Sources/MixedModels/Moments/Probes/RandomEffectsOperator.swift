// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// A = ZᵀWZ and M = ΛᵀAΛ + I as operators on several vectors at a time, and M⁻¹ by preconditioned
/// conjugate gradients: what there is where a factor of M does not fit.
///
/// Vectors are rows of `width` numbers, one for every vector: group after group, level after level.
struct RandomEffectsOperator: Sendable {
  private let model: LinearMixedModel
  private let factors: [[Double]]
  /// The first row of every group, and at the end their number.
  let starts: [Int]
  /// M's diagonal blocks inverted, ℓ × ℓ, level after level of every group.
  private let inverses: [[Double]]

  var count: Int { starts.last ?? 0 }

  func size(_ group: Int) -> Int { model.groups[group].size }

  /// nil if M is not positive definite, that is, not finite.
  init?(_ model: LinearMixedModel, factors: [[Double]]) {
    (self.model, self.factors) = (model, factors)
    starts = model.groups.reduce(into: [0]) { $0.append($0.last! + $1.levelCount * $1.size) }
    var inverses: [[Double]] = []
    for (group, λ) in zip(model.groups, factors) {
      let ℓ = group.size
      let Λ = DenseMatrix(rows: ℓ, columns: ℓ, storage: λ)
      var blocks: [Double] = []
      blocks.reserveCapacity(group.zz.count)
      for level in 0..<group.levelCount {
        let zz = Array(group.zz[level * ℓ * ℓ..<(level + 1) * ℓ * ℓ])
        if ℓ == 1 {
          blocks.append(1 / (λ[0] * zz[0] * λ[0] + 1))
          continue
        }
        var M = Λ.multipliedByTransposeOnLeft(
          DenseMatrix(rows: ℓ, columns: ℓ, storage: zz) * Λ)
        for i in 0..<ℓ { M[i, i] += 1 }
        guard (try? DenseCholesky.factorize(&M)) != nil else { return nil }
        blocks += DenseCholesky.inverse(factor: M).storage
      }
      inverses.append(blocks)
    }
    self.inverses = inverses
  }

  /// AΛM⁻¹Λᵀb and M⁻¹Λᵀb, or nil if the iteration does not end.
  func projected(_ b: [Double], width: Int) -> (image: [Double], solution: [Double])? {
    guard let x = solve(spherical(b, width: width), width: width) else {
      return nil
    }
    return (product(blockwise(x, width, factors, transposed: false), width: width), x)
  }

  /// Λᵀv.
  func spherical(_ v: [Double], width: Int) -> [Double] {
    blockwise(v, width, factors, transposed: true)
  }

  /// Bv for B = ZᵀV⁻¹Z = A − AΛM⁻¹ΛᵀA.
  func covarianceProduct(_ v: [Double], width: Int) -> [Double]? {
    var result = product(v, width: width)
    guard let (image, _) = projected(result, width: width) else { return nil }
    for k in result.indices { result[k] -= image[k] }
    return result
  }

  /// Av.
  func product(_ v: [Double], width: Int) -> [Double] {
    var result = [Double](repeating: 0, count: v.count)
    result.withUnsafeMutableBufferPointer { y in
      v.withUnsafeBufferPointer { x in
        @inline(__always) func add(_ a: Double, _ from: Int, to: Int) {
          let (from, to) = (from * width, to * width)
          for c in 0..<width { y[to + c] += a * x[from + c] }
        }
        for (g, group) in model.groups.enumerated() {
          let (ℓ, first) = (group.size, starts[g])
          group.zz.withUnsafeBufferPointer { zz in
            for level in 0..<group.levelCount {
              let row = first + level * ℓ
              for j in 0..<ℓ {
                for i in 0..<ℓ { add(zz[(level * ℓ + j) * ℓ + i], row + j, to: row + i) }
              }
            }
          }
        }
        for pair in model.pairs {
          let (m, n) = (model.groups[pair.rowGroup].size, model.groups[pair.columnGroup].size)
          let (rows, columns) = (starts[pair.rowGroup], starts[pair.columnGroup])
          pair.blocks.withUnsafeBufferPointer { blocks in
            for k in pair.rowLevels.indices {
              let row = rows + Int(pair.rowLevels[k]) * m
              let column = columns + Int(pair.columnLevels[k]) * n
              for j in 0..<n {
                for i in 0..<m {
                  let a = blocks[(k * n + j) * m + i]
                  add(a, column + j, to: row + i)
                  add(a, row + i, to: column + j)
                }
              }
            }
          }
        }
      }
    }
    return result
  }

  /// Vectors times the same ℓ × ℓ block for all levels of a group.
  private func blockwise(
    _ v: [Double], _ width: Int, _ blocks: [[Double]], transposed: Bool
  ) -> [Double] {
    product(v, width) { g, ℓ, _, i, j in blocks[g][transposed ? i * ℓ + j : j * ℓ + i] }
  }

  /// Vectors times M's diagonal blocks inverted.
  private func preconditioned(_ v: [Double], _ width: Int) -> [Double] {
    product(v, width) { g, ℓ, level, i, j in inverses[g][(level * ℓ + j) * ℓ + i] }
  }

  /// Vectors times a block-diagonal matrix.
  ///
  /// - Parameter entry: of the block of group g's level, ℓ × ℓ, in row i and column j.
  @inline(__always)
  private func product(
    _ v: [Double], _ width: Int,
    _ entry: (_ g: Int, _ ℓ: Int, _ level: Int, _ i: Int, _ j: Int) -> Double
  ) -> [Double] {
    var result = [Double](repeating: 0, count: v.count)
    for (g, group) in model.groups.enumerated() {
      let ℓ = group.size
      for level in 0..<group.levelCount {
        let row = starts[g] + level * ℓ
        for j in 0..<ℓ {
          for i in 0..<ℓ {
            let a = entry(g, ℓ, level, i, j)
            guard a != 0 else { continue }
            let (to, from) = ((row + i) * width, (row + j) * width)
            for c in 0..<width { result[to + c] += a * v[from + c] }
          }
        }
      }
    }
    return result
  }

  private static let tolerance = 1e-11
  private static let mostIterations = 2000

  /// M⁻¹b, all vectors to a residual of 10⁻¹¹ of theirs.
  private func solve(_ b: [Double], width: Int) -> [Double]? {
    func inner(_ a: [Double], _ b: [Double]) -> [Double] { self.inner(a, b, width: width) }
    var x = [Double](repeating: 0, count: b.count)
    var r = b
    var z = preconditioned(r, width)
    var direction = z
    var rz = inner(r, z)
    let goal = inner(b, b).map { $0 * Self.tolerance * Self.tolerance }
    for _ in 0..<Self.mostIterations {
      if zip(inner(r, r), goal).allSatisfy({ $0 <= $1 }) { return x }
      let scaled = blockwise(direction, width, factors, transposed: false)
      var image = blockwise(product(scaled, width: width), width, factors, transposed: true)
      for k in image.indices { image[k] += direction[k] }
      let α = zip(rz, inner(direction, image)).map { $1 > 0 ? $0 / $1 : 0 }
      for row in 0..<count {
        for c in 0..<width {
          x[row * width + c] += α[c] * direction[row * width + c]
          r[row * width + c] -= α[c] * image[row * width + c]
        }
      }
      z = preconditioned(r, width)
      let next = inner(r, z)
      let β = zip(next, rz).map { $1 > 0 ? $0 / $1 : 0 }
      rz = next
      for row in 0..<count {
        for c in 0..<width {
          direction[row * width + c] = z[row * width + c] + β[c] * direction[row * width + c]
        }
      }
    }
    return nil
  }
}
