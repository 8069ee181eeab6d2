// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// (I + E)w = c for eight right-hand sides at a time: conjugate gradients, deflated (Saad, Yeung,
/// Erhel & Guyomarc'h 2000), which where E is small are done after a few steps.
struct CoreSolver {
  let core: CoreOperator
  let space: DeflationSpace
  /// I + E in full, where that is at hand.
  let written: WrittenCore?
  /// Of E that is written out.
  var preconditioner: CorePreconditioner?
  /// Of the length of c. What is left of r² is its square; beside probes derivatives need no more digits than
  /// differences of them, over steps of 1e-5, have.
  private var tolerance: Double { Self.tolerance(besideProbes: core.entries != nil && written == nil) }
  static func tolerance(besideProbes: Bool) -> Double { besideProbes ? 1e-10 : 1e-12 }
  /// What is accepted where rounding allows no better.
  static let poorest = 1e-8
  static let cycles = 40
  static let stepsPerCycle = 80

  /// What a solve leaves: w, the rest r = c − (I + E)w, and for w Rᵀw, B Rᵀw and A_joRᵀw.
  final class Answer {
    let w: Panel
    let r: Panel
    let y: Panel
    /// One of both is empty: where E is written out nothing has the leading levels' size, and A_joRᵀw is
    /// made when it is needed.
    let t: Panel
    let scaled: Panel
    fileprivate(set) var steps = 0

    init(_ system: CrossedSystem, isWritten: Bool) {
      w = Panel(count: system.coreSize)
      r = Panel(count: system.coreSize)
      y = Panel(count: system.coreSize)
      t = Panel(count: isWritten ? 0 : system.leadingPlaces.count * system.size)
      scaled = Panel(count: isWritten ? system.coreSize : 0)
    }
  }

  /// Room for directions and their images.
  final class Scratch {
    let p: Panel
    let image: Panel
    /// What is left, preconditioned.
    fileprivate private(set) lazy var z = Panel(count: p.count)

    init(_ system: CrossedSystem) {
      p = Panel(count: system.coreSize)
      image = Panel(count: system.coreSize)
    }
  }

  /// - Throws: `FitError.slowSpectrum` where `cycles` do not get near.
  func solve(_ c: Panel, _ answer: Answer, _ scratch: Scratch) throws {
    let algebra = space.algebra
    let (w, r) = (answer.w, answer.r)
    let size = algebra.dot(c, c)
    algebra.copy(c, to: r)
    w.start.update(repeating: .zero, count: w.count)
    answer.steps = 0
    if let written { return solve(written, c, answer) }
    // Rounding lets the rest grow into the deflation space: deflate again from time to time.
    var before = size
    for _ in 0..<Self.cycles {
      let isSolved = improve(answer, goal: tolerance * tolerance * size, scratch)
      core.apply(w, answer, result: r)
      algebra.forEach { _, rows in for i in rows { r[i] = c[i] - r[i] } }
      if isSolved { return }
      let rest = algebra.dot(r, r)
      // What w lacks counts in squares. What no longer becomes less is all that rounding allows.
      let isGood = all(rest .<= Self.poorest * Self.poorest * size)
      if isGood, !any(rest .< 0.01 * before) { return }
      before = rest
    }
    guard all(before .<= Self.poorest * Self.poorest * size) else {
      throw FitError.slowSpectrum(steps: answer.steps)
    }
  }

  /// The same with I + E in full, once more for what rounding left.
  private func solve(_ written: WrittenCore, _ c: Panel, _ answer: Answer) {
    let (w, r) = (answer.w, answer.r)
    for _ in 0..<2 {
      written.addSolution(of: r, to: w)
      core.apply(w, answer, result: r)
      space.algebra.forEach { _, rows in for i in rows { r[i] = c[i] - r[i] } }
    }
  }

  /// Takes w further, given the rest r; returns whether what the recurrence says is left is no more
  /// than `goal`.
  private func improve(_ answer: Answer, goal: Lanes, _ scratch: Scratch) -> Bool {
    let algebra = space.algebra
    let (w, r, p) = (answer.w, answer.r, scratch.p)
    if !space.isEmpty {
      let coordinates = space.inverseGram * algebra.gram(space.V, r)
      algebra.add(1, space.V, times: coordinates, to: w)
      algebra.add(-1, space.image, times: coordinates, to: r)
    }
    var rest = algebra.dot(r, r)
    let z = preconditioner == nil ? r : scratch.z
    var ρ = precondition(r, rest, into: z)
    p.start.update(repeating: .zero, count: p.count)
    var β = Lanes.zero
    for _ in 0..<Self.stepsPerCycle where any(rest .> goal) {
      setDirection(p, z, β, algebra)
      if let entries = core.entries {
        entries.apply(p, result: scratch.image)
      } else {
        core.apply(p, y: answer.y, t: answer.t, result: scratch.image)
      }
      let curvature = algebra.dot(p, scratch.image)
      // A column that is done stays as it is.
      var step = Lanes.zero
      for lane in 0..<8 where rest[lane] > goal[lane] && curvature[lane] > 0 {
        step[lane] = ρ[lane] / curvature[lane]
      }
      rest = algebra.advance(step, p, scratch.image, w: w, r: r)
      let next = precondition(r, rest, into: z)
      β = .zero
      for lane in 0..<8 where step[lane] != 0 { β[lane] = next[lane] / ρ[lane] }
      ρ = next
      answer.steps += 1
    }
    return !any(rest .> goal)
  }

  /// z ≈ (I + E)⁻¹r where there is a preconditioner, and else z is r; returns rᵀz, rᵀr being given.
  private func precondition(_ r: Panel, _ square: Lanes, into z: Panel) -> Lanes {
    guard let preconditioner else { return square }
    preconditioner.apply(r, core, space.algebra, to: z)
    return space.algebra.dot(r, z)
  }

  /// p ← r + βp, made conjugate to the deflation space.
  private func setDirection(_ p: Panel, _ r: Panel, _ β: Lanes, _ algebra: PanelAlgebra) {
    guard !space.isEmpty else {
      return algebra.forEach { _, rows in for i in rows { p[i] = r[i] + β * p[i] } }
    }
    let coordinates = space.inverseGram * algebra.gram(space.image, r)
    algebra.forEach { _, rows in for i in rows { p[i] = r[i] + β * p[i] } }
    algebra.add(-1, space.V, times: coordinates, to: p)
  }
}

extension CoreOperator {
  /// `result` = (I + E)w, and what derivatives need of w.
  fileprivate func apply(_ w: Panel, _ answer: CoreSolver.Answer, result: Panel) {
    guard let entries else { return apply(w, y: answer.y, t: answer.t, result: result) }
    entries.apply(w, result: result)
    scale(w, into: answer.scaled)
    entries.applyB(answer.scaled, self, y: answer.y)
  }

  /// A_joRᵀw for the solution to the right-hand sides in `answer`, scalar i of leading level j.
  @inline(__always)
  func leadingImage(_ answer: CoreSolver.Answer, _ j: Int, _ i: Int) -> Lanes {
    guard entries != nil else { return answer.t[j * system.size + i] }
    var sum = Lanes.zero
    for v in 0..<leadingViews.count {
      let (rows, from) = (
        leadingViews.start[v].rows, answer.scaled.start + leadingViews.start[v].first
      )
      let (ℓ, m) = (rows.height, rows.width)
      rows.forEachPartner(j) { partner, k in
        guard let values = rows.values else { return sum += from[partner] }
        for c in 0..<m { sum += values[(k * m + c) * ℓ + i] * from[partner * m + c] }
      }
    }
    return sum
  }
}
