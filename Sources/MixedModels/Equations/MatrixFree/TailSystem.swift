// SPDX-License-Identifier: GPL-2.0-or-later
private import CPanelKernels
import Glibc
import NumericalMethods

/// X and y against the random effects, exactly: with c_x = A_ox − A_ojH A_jx for each column x and
/// S ξ_x = Uᵀc_x, what is left of [X y]ᵀW[X y] is A_xx′ − A_xjH A_jx′ − c_xᵀUξ_x′.
final class TailSystem {
  let system: CrossedSystem
  private let team: ThreadTeam
  /// For each eight columns c, R c, and what solves it.
  let c: [Panel]
  private let whitened: [Panel]
  let answers: [CoreSolver.Answer]
  private let scratch: CoreSolver.Scratch
  /// A_jx; empty where E is written out.
  private let t: Panel
  private let sums: OwnedBuffer<Double>
  /// Cholesky factor, (p + 1) × (p + 1).
  private(set) var factor: DenseMatrix
  /// Steps of conjugate gradients at the last update, of all blocks of columns.
  private(set) var steps = 0
  private var preconditioner: CorePreconditioner?
  /// nil where there is never a preconditioner.
  private var choice: PreconditioningChoice?
  /// Whether there is always one, or none; nil: where it pays.
  private let preconditions: Bool?

  /// - Parameters:
  ///   - entries: E where it is written out.
  ///   - preconditions: Whether a core that is written out is preconditioned; nil: where it pays.
  init(_ system: CrossedSystem, _ team: ThreadTeam, _ entries: CoreEntries?, preconditions: Bool?) {
    (self.system, self.team, self.preconditions) = (system, team, preconditions)
    let isWritten = entries != nil
    let width = system.model.tail.columns
    let blocks = (width + 7) / 8
    if preconditions != false, let pair = entries?.pair(0, 0), CorePreconditioner.group(system) != nil {
      choice = PreconditioningChoice(
        entries: Double(pair.E.partners.count), core: Double(system.coreSize), blocks: blocks)
    }
    c = (0..<blocks).map { _ in Panel(count: system.coreSize) }
    whitened = (0..<blocks).map { _ in Panel(count: system.coreSize) }
    answers = (0..<blocks).map { _ in CoreSolver.Answer(system, isWritten: isWritten) }
    scratch = CoreSolver.Scratch(system)
    t = Panel(count: isWritten ? 0 : system.leadingPlaces.count * system.size)
    sums = OwnedBuffer(repeating: 0, count: system.leadingParts.count * width * width)
    factor = DenseMatrix(rows: width, columns: width)
  }

  private var width: Int { system.model.tail.columns }
  private var p: Int { width - 1 }

  /// - Throws: `FitError.zeroResidualVariance`, `CholmodError.notPositiveDefinite`, `FitError.slowSpectrum`.
  func update(_ core: CoreOperator, _ estimate: LogDeterminantEstimate) throws {
    let space = estimate.space
    var solver = CoreSolver(core: core, space: space, written: estimate.written)
    let taken = choosePreconditioner(core, estimate)
    if taken != .none { solver.preconditioner = preconditioner }
    steps = 0
    for (b, answer) in answers.enumerated() {
      setReduced(core, b)
      core.whiten(c[b], into: whitened[b])
      try solver.solve(whitened[b], answer, scratch)
      steps += answer.steps
    }
    if estimate.written == nil { choice?.count(steps, condition: estimate.condition, taken) }
    var τ = reducedTail(core)
    for (a, answer) in answers.enumerated() {
      for b in answers.indices {
        // What w lacks counts twice: the error is that of its square.
        let product = space.algebra.gram(answer.w, whitened[b])
        let rest = space.algebra.gram(answer.r, answers[b].w)
        for i in 0..<min(8, width - 8 * a) {
          for j in 0..<min(8, width - 8 * b) {
            τ[8 * a + i, 8 * b + j] -= product[i, j] + rest[i, j]
          }
        }
      }
    }
    do { try DenseCholesky.factorize(&τ) } catch {
      throw error.column == p
        ? FitError.zeroResidualVariance : CholmodError.notPositiveDefinite(column: error.column)
    }
    factor = τ
  }

  /// Makes a preconditioner where it is time to; says which one to take at the present Λ.
  private func choosePreconditioner(
    _ core: CoreOperator, _ estimate: LogDeterminantEstimate
  ) -> PreconditioningChoice.Step {
    guard estimate.written == nil, let choice, CorePreconditioner.isUseful(core) else { return .none }
    let next = preconditions == true ? .new : choice.next(condition: estimate.condition)
    guard next == .new else { return next }
    preconditioner = CorePreconditioner(core)
    if preconditioner == nil { self.choice = nil }
    return preconditioner == nil ? .none : .new
  }

  /// c for eight columns.
  private func setReduced(_ core: CoreOperator, _ b: Int) {
    let own = c[b]
    core.forEachPart { part in
      let group = system.core[part.member]
      for s in system.scalars(part) {
        own[s] = lanes(
          b, group.zx.start, level: (s - group.first) / group.size,
          row: (s - group.first) % group.size, of: group.size)
      }
      if core.entries != nil { reduce(core, b, part, target: own) }
    }
    guard core.entries == nil else { return }
    fillLeading(b, t)
    core.reduce(t, target: own, scratch: scratch.p)
  }

  /// A_ox − A_ojH A_jx for some rows, level after level: without a vector of the leading levels' size.
  private func reduce(
    _ core: CoreOperator, _ b: Int, _ part: CrossedSystem.CorePart, target: Panel
  ) {
    let (group, ℓ) = (system.core[part.member], system.size)
    guard let rows = system.crossed[part.member]?.rows(of: group.group).view else { return }
    let m = group.size
    guard m > 1 || ℓ > 1 else {
      return lmm_panel_subtract_scaled(
        part.places.lowerBound, part.places.upperBound, rows.starts, rows.partners, rows.values,
        core.H.start, system.leadingZX.start + 8 * b, width, min(8, width - 8 * b),
        numbers(target.start + group.first))
    }
    for place in part.places {
      let own = target.start + group.first + place * m
      rows.forEachPartner(place) { j, k in
        let H = core.H.start + j * ℓ * ℓ
        for i in 0..<ℓ {
          var value = Lanes.zero  // row i of H A_jx
          for l in 0..<ℓ { value += H[l * ℓ + i] * leading(b, j, l) }
          guard let values = rows.values else { return own[0] -= value }
          let block = values + (k * ℓ + i) * m
          for r in 0..<m { own[r] -= block[r] * value }
        }
      }
    }
  }

  /// Row i of A_jx for eight columns.
  @inline(__always)
  func leading(_ b: Int, _ j: Int, _ i: Int) -> Lanes {
    lanes(b, system.leadingZX.start, level: j, row: i, of: system.size)
  }

  /// A_jx for eight columns.
  func fillLeading(_ b: Int, _ t: Panel) {
    let (ℓ, parts) = (system.size, system.leadingParts)
    team.forEach(parts.count, pays: system.pays) { _, part in
      for j in parts[part] {
        for i in 0..<ℓ { t[j * ℓ + i] = leading(b, j, i) }
      }
    }
  }

  @inline(__always)
  private func lanes(
    _ b: Int, _ zx: UnsafePointer<Double>, level: Int, row: Int, of m: Int
  ) -> Lanes {
    var result = Lanes.zero
    for lane in 0..<min(8, width - 8 * b) {
      result[lane] = zx[(level * width + 8 * b + lane) * m + row]
    }
    return result
  }

  /// A_xx′ − Σ A_xjH_jA_jx′
  private func reducedTail(_ core: CoreOperator) -> DenseMatrix {
    let (ℓ, w, parts) = (system.size, width, system.leadingParts)
    sums.start.update(repeating: 0, count: sums.count)
    team.forEach(parts.count, pays: system.pays) { _, part in
      let own = sums.start + part * w * w
      for j in parts[part] {
        let (A, H) = (system.leadingZX.start + j * ℓ * w, core.H.start + j * ℓ * ℓ)
        for b in 0..<w {
          for k in 0..<ℓ {
            var value = 0.0
            for i in 0..<ℓ { value += H[k * ℓ + i] * A[b * ℓ + i] }
            for a in b..<w { own[b * w + a] += A[a * ℓ + k] * value }
          }
        }
      }
    }
    var τ = system.model.tail
    for part in parts.indices {
      for b in 0..<w { for a in b..<w { τ[a, b] -= sums.start[(part * w + b) * w + a] } }
    }
    τ.mirrorLowerTriangle()
    return τ
  }

  var logDeterminant: Double { (0..<p).reduce(0) { $0 + 2 * log(factor[$1, $1]) } }

  var residualSumOfSquares: Double { factor[p, p] * factor[p, p] }

  /// [K⁻¹] for X.
  var fixedInverse: DenseMatrix {
    guard p > 0 else { return DenseMatrix(rows: 0, columns: 0) }
    return DenseCholesky.inverse(
      factor: factor.submatrix(rows: Array(0..<p), columns: Array(0..<p)))
  }

  /// β from Lᵀβ = l for L's last row l.
  var coefficients: [Double] {
    var β = (0..<p).map { factor[p, $0] }
    for i in (0..<p).reversed() {
      for k in (i + 1)..<max(p, i + 1) { β[i] -= factor[k, i] * β[k] }
      β[i] /= factor[i, i]
    }
    return β
  }

  /// [−β; 1], which columns of X and y combine to residuals with, for eight of them.
  func residualLanes(_ b: Int) -> Lanes {
    let all = coefficients.map { -$0 } + [1]
    var lanes = Lanes.zero
    for lane in 0..<min(8, width - 8 * b) { lanes[lane] = all[8 * b + lane] }
    return lanes
  }
}
