// SPDX-License-Identifier: GPL-2.0-or-later

/// Solves L x = b with the Laplacian L of a graph that is left when vertices of one kind are eliminated, for four
/// right-hand sides at a time: conjugate gradients (Hestenes & Stiefel 1952), preconditioned by an approximate
/// factor of L.
///
/// b must sum to zero in every component; x is determined but for a constant in each.
package final class LaplacianSolver: Sendable {
  package typealias Lanes = SIMD4<Double>

  /// The rest of an answer is of no more than `rest` of the right-hand side's size, in the norm of the inverse.
  package struct TooSlow: Error {
    package let steps: Int
    package let rest: Double
  }

  private let elimination: ApproximateElimination
  /// In places; nil where L is applied by the eliminated vertices.
  private let written: WeightedGraph?
  private let eliminated: EliminatedVertices?
  package let vertexCount: Int

  /// Of the error in the norm of L, relative to the answer.
  private static let tolerance = 1e-12
  /// What is accepted where rounding allows no better.
  private static let poorest = 1e-8
  private static let (cycles, stepsPerCycle) = (8, 300)

  package init(_ edges: EliminatedVertices, seed: UInt64 = 1) {
    let rest = edges.rest(seed: seed)
    elimination = ApproximateElimination(rest, seed: seed)
    vertexCount = edges.keptCount
    let places = elimination.places
    if edges.isWritten {
      written = rest.placed(elimination.order, places)
      eliminated = nil
    } else {
      written = nil
      eliminated = EliminatedVertices(
        starts: edges.starts, neighbours: edges.neighbours.map { places[Int($0)] },
        weights: edges.weights, sums: edges.sums, keptCount: vertexCount)
    }
  }

  /// Bytes for four right-hand sides.
  package static func bytes(vertexCount: Int) -> Int { 5 * 32 * vertexCount }

  /// Four columns over the vertices, eliminated and permuted into places.
  private struct Panels: ~Copyable {
    let x, r, z, p, image: UnsafeMutablePointer<Lanes>
    private let all: UnsafeMutablePointer<Lanes>

    init(_ n: Int) {
      all = .allocate(capacity: 5 * n + 1)
      all.initialize(repeating: .zero, count: 5 * n + 1)
      (x, r, z) = (all, all + n, all + 2 * n)
      (p, image) = (all + 3 * n, all + 4 * n)
    }

    deinit { all.deallocate() }
  }

  /// Overwrites b with x.
  ///
  /// - Parameters:
  ///   - b: Up to four columns, vertices × columns, each of them `stride` numbers after the one before.
  ///   - rest: Where b − L x goes, in the same form.
  ///   - stride: From column to column.
  ///   - columns: Four at most.
  /// - Returns: Steps taken.
  /// - Throws: `TooSlow`.
  @discardableResult
  package func solve(
    _ b: UnsafeMutablePointer<Double>, rest: UnsafeMutablePointer<Double>, stride: Int, columns: Int
  ) throws(TooSlow) -> Int {
    let n = vertexCount
    let panels = Panels(n)
    let right = UnsafeMutablePointer<Lanes>.allocate(capacity: max(n, 1))
    defer { right.deallocate() }
    for p in 0..<n {
      let v = Int(elimination.order[p])
      var value = Lanes.zero
      for c in 0..<columns { value[c] = b[c * stride + v] }
      right[p] = value
      panels.r[p] = value
    }
    defer {
      for p in 0..<n {
        let v = Int(elimination.order[p])
        for c in 0..<columns {
          b[c * stride + v] = panels.x[p][c]
          rest[c * stride + v] = panels.r[p][c]
        }
      }
    }
    var (steps, size, before) = (0, Lanes.zero, Lanes(repeating: .infinity))
    for cycle in 0..<Self.cycles {
      precondition(panels)
      let ρ = dot(panels.r, panels.z)
      if cycle == 0 { size = ρ }
      if all(ρ .<= Self.tolerance * Self.tolerance * size) { return steps }
      // What no longer becomes less is all that rounding allows.
      if all(ρ .<= Self.poorest * Self.poorest * size), !any(ρ .< 0.01 * before) { return steps }
      before = ρ
      steps += improve(panels, ρ, goal: 0.25 * Self.tolerance * Self.tolerance * size)
      apply(panels.x, panels.image)
      for p in 0..<n { panels.r[p] = right[p] - panels.image[p] }
    }
    precondition(panels)
    let ρ = dot(panels.r, panels.z)
    guard all(ρ .<= Self.poorest * Self.poorest * size) else {
      var worst = 0.0
      for c in 0..<4 where size[c] > 0 { worst = max(worst, (ρ[c] / size[c]).squareRoot()) }
      throw TooSlow(steps: steps, rest: worst)
    }
    return steps
  }

  /// Conjugate gradients from the rest in `r` on, until what the recurrence says is left is no more than `goal`.
  private func improve(_ panels: borrowing Panels, _ start: Lanes, goal: Lanes) -> Int {
    let n = vertexCount
    let (x, r, z, p, image) = (panels.x, panels.r, panels.z, panels.p, panels.image)
    var ρ = start
    var steps = 0
    p.update(from: z, count: n)
    while steps < Self.stepsPerCycle, any(ρ .> goal) {
      apply(p, image)
      let curvature = dot(p, image)
      // A column that is done stays as it is.
      var step = Lanes.zero
      for lane in 0..<4 where ρ[lane] > goal[lane] && curvature[lane] > 0 {
        step[lane] = ρ[lane] / curvature[lane]
      }
      for i in 0..<n {
        x[i] += step * p[i]
        let rest = r[i] - step * image[i]
        r[i] = rest
        z[i] = rest
      }
      elimination.solve(z)
      let next = dot(r, z)
      var β = Lanes.zero
      for lane in 0..<4 where step[lane] != 0 { β[lane] = next[lane] / ρ[lane] }
      ρ = next
      for i in 0..<n { p[i] = z[i] + β * p[i] }
      steps += 1
      if step == .zero { break }
    }
    return steps
  }

  /// z ← about L⁻¹r
  private func precondition(_ panels: borrowing Panels) {
    panels.z.update(from: panels.r, count: vertexCount)
    elimination.solve(panels.z)
  }

  private func dot(_ a: UnsafePointer<Lanes>, _ b: UnsafePointer<Lanes>) -> Lanes {
    var (even, odd) = (Lanes.zero, Lanes.zero)
    var i = 0
    while i + 1 < vertexCount {
      even += a[i] * b[i]
      odd += a[i + 1] * b[i + 1]
      i += 2
    }
    if i < vertexCount { even += a[i] * b[i] }
    return even + odd
  }

  /// y = L x
  private func apply(_ x: UnsafePointer<Lanes>, _ y: UnsafeMutablePointer<Lanes>) {
    if let written {
      written.applyLaplacian(x, y)
    } else {
      eliminated!.applyRest(x, y)
    }
  }
}

extension WeightedGraph {
  /// The same with vertices numbered by place.
  fileprivate func placed(_ order: [Int32], _ places: [Int32]) -> WeightedGraph {
    var starts = [0]
    var (others, values) = (neighbours, weights)
    starts.reserveCapacity(order.count + 1)
    var next = 0
    for v in order {
      for k in self.starts[Int(v)]..<self.starts[Int(v) + 1] {
        (others[next], values[next]) = (places[Int(neighbours[k])], weights[k])
        next += 1
      }
      starts.append(next)
    }
    return WeightedGraph(starts: starts, neighbours: others, weights: values)
  }

  /// yᵢ = Σⱼ wᵢⱼ (xᵢ − xⱼ)
  fileprivate func applyLaplacian(
    _ x: UnsafePointer<SIMD4<Double>>, _ y: UnsafeMutablePointer<SIMD4<Double>>
  ) {
    starts.withUnsafeBufferPointer { starts in
      neighbours.withUnsafeBufferPointer { neighbours in
        weights.withUnsafeBufferPointer { weights in
          for i in 0..<vertexCount {
            let own = x[i]
            var sum = SIMD4<Double>.zero
            for k in starts[i]..<starts[i + 1] {
              sum += weights[k] * (own - x[Int(neighbours[k])])
            }
            y[i] = sum
          }
        }
      }
    }
  }
}

extension EliminatedVertices {
  /// yⱼ = Σᵢ wᵢⱼ (xⱼ − x̄ᵢ), with x̄ᵢ the weighted mean of the neighbours of the eliminated vertex i.
  fileprivate func applyRest(
    _ x: UnsafePointer<SIMD4<Double>>, _ y: UnsafeMutablePointer<SIMD4<Double>>
  ) {
    y.update(repeating: .zero, count: keptCount)
    starts.withUnsafeBufferPointer { starts in
      neighbours.withUnsafeBufferPointer { neighbours in
        weights.withUnsafeBufferPointer { weights in
          for i in 0..<sums.count {
            let own = starts[i]..<starts[i + 1]
            guard own.count > 1 else { continue }
            var mean = SIMD4<Double>.zero
            for k in own { mean += weights[k] * x[Int(neighbours[k])] }
            mean /= sums[i]
            for k in own {
              let j = Int(neighbours[k])
              y[j] += weights[k] * (x[j] - mean)
            }
          }
        }
      }
    }
  }
}
