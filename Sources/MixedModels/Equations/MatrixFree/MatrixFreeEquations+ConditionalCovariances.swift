// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension MatrixFreeEquations {
  /// Probes for conditional variances, at least: their relative error is that of one term each.
  private static let conditionalProbes = 64

  /// Diagonal blocks of M⁻¹ by probing (Bekas, Kokiopoulou & Saad 2007), with the block-diagonal
  /// matrix P⁻¹ as control variate and the deflation space taken exactly:
  ///
  ///     [S⁻¹]_cc = L⁻ᵀ(I + [h(E)]_cc)L⁻¹,   h(x) = 1 / (1 + x) − 1 + x,
  ///     [M⁻¹]_jj = D⁻¹ + N(Σ_c A_jcUP⁻¹UᵀA_cj + [t g(E) tᵀ]_jj)Nᵀ,   g(x) = 1 / (1 + x) − 1,  N = D⁻¹Tᵀ.
  ///
  /// Where E is written out all unit vectors are the probes.
  /// Their error is in `conditionalErrors`.
  package func conditionalCovariances() throws -> [[Double]] {
    let variances = ConditionalVariances(core)
    if let written = estimate.written {
      written.forEachUnits(core) { variances.add($0) }
    } else if let entries = core.entries {
      try addSolved(to: variances, entries)
    } else {
      try variances.addDeflated(estimate)
      try estimate.forEachProbe(
        core, least: Self.conditionalProbes, tolerance: tolerance,
        limit: stepLimit
      ) { block, z, weights in
        try variances.add(block, z, weights, estimate)
      }
    }
    var blocks = model.groups.map {
      [Double](repeating: 0, count: $0.levelCount * $0.size * $0.size)
    }
    var errors = [Double](repeating: 0, count: blocks.count)
    for (member, own) in system.core.enumerated() {
      errors[own.group] = variances.finish(member, &blocks[own.group])
    }
    errors[system.leading] = variances.finishLeading(&blocks[system.leading])
    conditionalErrors = estimate.isExact ? nil : errors
    return blocks
  }

  /// Probes by solutions, where E is written out.
  private func addSolved(to variances: ConditionalVariances, _ entries: CoreEntries) throws {
    variances.addSquares(entries)
    let count = max(estimate.blockCount, Self.conditionalProbes / 8)
    let solver = CoreSolver(core: core, space: estimate.space, written: nil)
    let (answer, scratch) = (
      CoreSolver.Answer(system, isWritten: true), CoreSolver.Scratch(system)
    )
    let z = Panel(count: system.coreSize)
    for b in 0..<count {
      estimate.draw(b, into: z)
      try variances.add(
        z, Lanes(repeating: 1 / Double(8 * count)), entries, solver, answer, scratch)
    }
  }
}

/// Sums over probes that become conditional variances.
final class ConditionalVariances {
  let core: CoreOperator
  /// [h(E)]_cc, m × m, group after group, and Σ_j t g(E) tᵀ.
  let own: OwnedBuffer<Double>
  private let led: OwnedBuffer<Double>
  /// Of every scalar's variance, Σ ω² (v − its mean)² is about Σ ω²v² − (Σ ωv)²/count.
  private let ownSquares: OwnedBuffer<Double>
  private let ledSquares: OwnedBuffer<Double>
  private let ownMeans: OwnedBuffer<Double>
  private let ledMeans: OwnedBuffer<Double>
  var count = 0.0
  let image: Panel
  let answer: Panel
  let probe: Panel
  var system: CrossedSystem { core.system }

  init(_ core: CoreOperator) {
    self.core = core
    let system = core.system
    let (ℓ, levels) = (system.size, system.leadingPlaces.count)
    own = OwnedBuffer(repeating: 0, count: core.blockStarts.last!)
    led = OwnedBuffer(repeating: 0, count: levels * ℓ * ℓ)
    ownSquares = OwnedBuffer(repeating: 0, count: system.coreSize)
    ledSquares = OwnedBuffer(repeating: 0, count: levels * ℓ)
    ownMeans = OwnedBuffer(repeating: 0, count: system.coreSize)
    ledMeans = OwnedBuffer(repeating: 0, count: levels * ℓ)
    image = Panel(count: system.coreSize)
    answer = Panel(count: levels * ℓ)
    probe = Panel(count: levels * ℓ)
  }

  /// The part on the deflation space, which is no matter of chance.
  func addDeflated(_ estimate: LogDeterminantEstimate) throws {
    try estimate.deflated.image(.inverse, into: image)
    try estimate.deflated.image(.inverseChange, of: \.t, into: answer)
    addCore(image, estimate.space.V, Lanes(repeating: 1), counts: false)
    addLeading(answer, estimate.deflated.t[0], Lanes(repeating: 1), counts: false)
  }

  func add(
    _ block: LogDeterminantEstimate.Block, _ z: Panel, _ weights: Lanes,
    _ estimate: LogDeterminantEstimate
  ) throws {
    let lanczos = block.lanczos
    try lanczos.image(.inverse, into: image)
    addCore(image, z, weights, counts: true)
    try lanczos.image(.inverseChange, of: \.t, into: answer)
    // t(z) = t(z̃) + t(V)Vᵀz
    let algebra = PanelAlgebra(team: core.team, count: probe.count)
    probe.start.update(repeating: .zero, count: probe.count)
    algebra.add([lanczos.squaredNorms.squareRoot()], [lanczos.t[0]], to: probe)
    algebra.add(1, estimate.deflated.t[0], times: block.coordinates, to: probe)
    addLeading(answer, probe, weights, counts: true)
    for lane in 0..<8 where weights[lane] != 0 { count += 1 }
  }

  /// Eight unit vectors: h(E) has the diagonal blocks of g(E), for E has none.
  func add(_ units: WrittenCore.Units) {
    addCore(units.change, units.e, Lanes(repeating: 1), counts: false)
    addLeading(units.changeT, units.t, Lanes(repeating: 1), counts: false)
  }

  func addCore(_ image: Panel, _ z: Panel, _ weights: Lanes, counts: Bool) {
    core.forEachPart { part in
      let group = system.core[part.member]
      let m = group.size
      for place in part.places {
        let s = group.first + place * m
        let target = own.start + core.blockStarts[part.member] + place * m * m
        add(
          m, image.start + s, z.start + s, weights, to: target,
          means: counts ? ownMeans.start + s : nil, squares: ownSquares.start + s)
      }
    }
  }

  func addLeading(_ answer: Panel, _ z: Panel, _ weights: Lanes, counts: Bool) {
    let (ℓ, parts) = (system.size, system.leadingParts)
    core.team.forEach(parts.count, pays: system.pays) { _, part in
      for j in parts[part] {
        add(
          ℓ, answer.start + j * ℓ, z.start + j * ℓ, weights, to: led.start + j * ℓ * ℓ,
          means: counts ? ledMeans.start + j * ℓ : nil, squares: ledSquares.start + j * ℓ)
      }
    }
  }

  /// target + the symmetric part of x zᵀ.
  @inline(__always)
  private func add(
    _ m: Int, _ x: UnsafePointer<Lanes>, _ z: UnsafePointer<Lanes>, _ weights: Lanes,
    to target: UnsafeMutablePointer<Double>, means: UnsafeMutablePointer<Double>?,
    squares: UnsafeMutablePointer<Double>
  ) {
    for c in 0..<m {
      for r in 0..<m {
        target[c * m + r] += 0.5 * (weights * (x[r] * z[c] + x[c] * z[r])).sum()
      }
      guard let means else { continue }
      let value = weights * x[c] * z[c]
      means[c] += value.sum()
      squares[c] += (value * value).sum()
    }
  }

  private func variance(_ mean: Double, _ square: Double) -> Double {
    count > 1 ? max(square - mean * mean / count, 0) * count / (count - 1) : 0
  }

  /// Writes the blocks of one core group, level after level; returns their relative error.
  func finish(_ member: Int, _ blocks: inout [Double]) -> Double {
    let group = system.core[member]
    let m = group.size
    var inverse = [Double](repeating: 0, count: m * m)
    var relative = 0.0
    for place in 0..<group.places.count {
      let at = core.blockStarts[member] + place * m * m
      invertLower(m, core.L.start + at, into: &inverse)
      var inner = (0..<m * m).map { own.start[at + $0] }
      for i in 0..<m {
        inner[i * (m + 1)] += 1
        let s = group.first + place * m + i
        let value = inner[i * (m + 1)]
        relative += variance(ownMeans.start[s], ownSquares.start[s]) / (value * value)
      }
      let X = DenseMatrix(rows: m, columns: m, storage: inverse)
      let block = X.multipliedByTransposeOnLeft(
        DenseMatrix(rows: m, columns: m, storage: inner) * X)
      let level = Int(group.places.levels[place])
      blocks.replaceSubrange(level * m * m..<(level + 1) * m * m, with: block.storage)
    }
    return (relative / Double(group.places.count * m)).squareRoot()
  }

  /// The same for the leading group.
  func finishLeading(_ blocks: inout [Double]) -> Double {
    let (ℓ, T) = (system.size, core.factors[system.leading])
    let control = controlVariate()
    var scratch = [Double](repeating: 0, count: 3 * ℓ * ℓ)
    var (N, F) = (DenseMatrix(rows: ℓ, columns: ℓ), DenseMatrix(rows: ℓ, columns: ℓ))
    var relative = 0.0
    for place in 0..<system.leadingPlaces.count {
      let at = place * ℓ * ℓ
      MixedModels.respond(
        ℓ, .inverse, system.leadingZZ.start + at, T, &scratch, N: &N.storage, F: &F.storage)
      let inner = DenseMatrix(
        rows: ℓ, columns: ℓ,
        storage: (0..<ℓ * ℓ).map { led.start[at + $0] + control.start[at + $0] })
      let block = F + (N * inner).multipliedByTransposeOnRight(N)
      for i in 0..<ℓ {
        var error = 0.0
        for k in 0..<ℓ {
          let s = place * ℓ + k
          let weight = N[i, k] * N[i, k]
          error += weight * weight * variance(ledMeans.start[s], ledSquares.start[s])
        }
        relative += error / (block[i, i] * block[i, i])
      }
      let level = Int(system.leadingPlaces.levels[place])
      blocks.replaceSubrange(level * ℓ * ℓ..<(level + 1) * ℓ * ℓ, with: block.storage)
    }
    return (relative / Double(system.leadingPlaces.count * ℓ)).squareRoot()
  }

  /// Σ_c A_jcRᵀR A_cj
  private func controlVariate() -> OwnedBuffer<Double> {
    let (ℓ, parts) = (system.size, system.leadingParts)
    let W = OwnedBuffer(repeating: 0.0, count: core.blockStarts.last!)
    for (member, group) in system.core.enumerated() {
      let m = group.size
      for place in 0..<group.places.count {
        let at = core.blockStarts[member] + place * m * m
        for c in 0..<m {
          for r in 0..<m {
            W.start[at + c * m + r] = (0..<m).reduce(0.0) {
              $0 + core.R.start[at + r * m + $1] * core.R.start[at + c * m + $1]
            }
          }
        }
      }
    }
    let result = OwnedBuffer(repeating: 0.0, count: system.leadingPlaces.count * ℓ * ℓ)
    let widest = system.model.groups.map(\.size).max() ?? 1
    let scratch = OwnedBuffer(repeating: 0.0, count: core.team.count * widest * widest)
    core.team.forEach(parts.count, pays: system.pays) { worker, part in
      for (member, crossed) in system.crossed.enumerated() {
        crossed?.rows(of: system.leading).addSandwiches(
          parts[part], W.start + core.blockStarts[member], scale: 1, to: result.start,
          scratch.start + worker * widest * widest)
      }
    }
    return result
  }
}
