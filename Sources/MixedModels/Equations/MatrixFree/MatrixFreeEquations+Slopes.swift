// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension MatrixFreeEquations {
  /// The derivative of the estimate with its own probes; exact for what is exact. The factor stays.
  package func slopes(_ kind: CriterionKind) throws -> CovarianceSlopes {
    var slopes = CovarianceSlopes(
      logDeterminant: model.covariance.emptyFactors, residual: model.covariance.emptyFactors)
    // Closures cannot hold on to equations that cannot be copied.
    let (system, core, team) = (self.system, self.core, self.team)
    let products = OwnedBuffer(
      repeating: 0.0, count: system.leadingPlaces.count * system.size * system.size)
    let coreSlopes = CoreSlopes(core)
    let Vhat = try estimate.forEachSlopes(
      core, tolerance: tolerance, limit: stepLimit
    ) { krylov in
      coreSlopes.add(krylov)
      krylov.addOuterProducts(system, team, to: products.start)
    }
    if let entries = core.entries, !estimate.isExact {
      coreSlopes.add(entries)
      entries.addLeadingSlopes(to: products.start)
    }
    coreSlopes.finish(V: estimate.space.V, Vhat: Vhat, &slopes)
    let written = estimate.written.map { WrittenSlopes(core, $0) }
    written?.add(to: &slopes)
    if let written { products.start.update(from: written.products.start, count: products.count) }
    let answers = TailAnswers(tail, fixedInverse: kind == .reml ? tail.fixedInverse : nil)
    addCoreAnswers(answers, to: &slopes)

    let T = core.factors[system.leading]
    let levels = system.leadingPlaces.count
    let form = SlopeForm(
      T, size: system.size, rows: Double(model.observations) / Double(levels))
    leadingSums(form, coreSlopes.W, products, answers).store(
      form, group: system.leading, T, size: system.size, levels: levels, in: &slopes)
    return slopes
  }

  /// X's and y's part of the slopes of the core's groups, where s = c − B Rᵀw.
  private func addCoreAnswers(_ answers: TailAnswers, to slopes: inout CovarianceSlopes) {
    // Closures cannot hold on to equations that cannot be copied.
    let (system, tail) = (self.system, self.tail)
    let parts = system.coreParts
    let stride = 2 * (system.core.map { $0.size * $0.size }.max() ?? 1)
    let sums = OwnedBuffer(repeating: 0.0, count: parts.count * stride)
    let scratch = answers.scratch(team, size: model.groups.map(\.size).max() ?? 1)
    team.forEach(parts.count, pays: system.pays) { worker, part in
      let own = system.core[parts[part].member]
      let s = scratch.start + worker * (scratch.count / team.count)
      for place in parts[part].places {
        answers.gather(own.size, into: s) { b, i in
          let k = own.first + place * own.size + i
          return tail.c[b][k] - tail.answers[b].y[k]
        }
        let matrix = sums.start + part * stride
        answers.add(own.size, s, sign: -1, matrix: matrix, residual: matrix + stride / 2)
      }
    }
    for (k, part) in parts.enumerated() {
      let own = system.core[part.member]
      let U = core.factors[own.group]
      func add(_ offset: Int, to target: inout [Double]) {
        let sum = (0..<own.size * own.size).map { sums.start[k * stride + offset + $0] }
        for (x, value) in sum.multiplied(by: U, size: own.size).enumerated() { target[x] += value }
      }
      add(0, to: &slopes.logDeterminant[own.group])
      add(stride / 2, to: &slopes.residual[own.group])
    }
  }

  /// The sums over the leading levels: F ± N(Σ_c A_jcW_cA_cj + Σ_ij D_ij t_it_jᵀ)Nᵀ (see `respond`), and
  /// X's and y's part, where s = N(A_jx − A_joUξ_x).
  private func leadingSums(
    _ form: SlopeForm, _ W: borrowing OwnedBuffer<Double>,
    _ products: borrowing OwnedBuffer<Double>, _ answers: TailAnswers
  ) -> SlopeSums {
    // Closures cannot hold on to equations that cannot be copied.
    let (system, core) = (self.system, self.core)
    let T = core.factors[system.leading]
    let (ℓ, parts) = (system.size, system.leadingParts)
    let square = ℓ * ℓ
    let sums = OwnedBuffer(repeating: 0.0, count: parts.count * 2 * square)
    let scratch = answers.scratch(team, size: ℓ)
    let own = scratch.count / team.count
    let widest = model.groups.map(\.size).max() ?? 1
    let blocks = OwnedBuffer(repeating: 0.0, count: team.count * (6 * square + widest * widest))
    let (W, products) = (W.start, products.start)
    let sign = form == .inverse ? 1.0 : -1
    let scalars = ScalarLevelSlopes(core, tail, answers, form)
    team.forEach(parts.count, pays: system.pays) { worker, part in
      let work = blocks.start + worker * (6 * square + widest * widest)
      let (N, F) = (work + 3 * square, work + 4 * square)
      for (member, crossed) in system.crossed.enumerated() {
        crossed?.rows(of: system.leading).addSandwiches(
          parts[part], W + core.blockStarts[member], scale: 1, to: products,
          work + 6 * square)
      }
      let sum = sums.start + part * 2 * square
      if let scalars { return scalars.add(parts[part], products, to: sum) }
      let s = scratch.start + worker * own
      for j in parts[part] {
        MixedModels.respond(ℓ, form, system.leadingZZ.start + j * square, T, work, N: N, F: F)
        let M = products + j * square
        // The compiler writes the loops out for the usual sizes.
        switch ℓ {
        case 1: addLevel(1, j, M, N, F, sign, work, answers, s, to: sum)
        case 2: addLevel(2, j, M, N, F, sign, work, answers, s, to: sum)
        default: addLevel(ℓ, j, M, N, F, sign, work, answers, s, to: sum)
        }
      }
    }
    return SlopeSums(sums.start, parts: parts.count, size: ℓ)
  }

  /// What one leading level adds.
  @inline(__always)
  private func addLevel(
    _ ℓ: Int, _ j: Int, _ M: UnsafePointer<Double>, _ N: UnsafePointer<Double>,
    _ F: UnsafePointer<Double>, _ sign: Double, _ work: UnsafeMutablePointer<Double>,
    _ answers: TailAnswers, _ s: UnsafeMutablePointer<Double>,
    to sum: UnsafeMutablePointer<Double>
  ) {
    addCongruent(ℓ, N, M, work, sign, F, to: sum)
    answers.gather(ℓ, into: s) { b, i in
      var value = Lanes.zero
      for k in 0..<ℓ {
        value += N[k * ℓ + i] * (tail.leading(b, j, k) - core.leadingImage(tail.answers[b], j, k))
      }
      return value
    }
    answers.add(ℓ, s, sign: sign, matrix: sum, residual: sum + ℓ * ℓ)
  }
}

/// sum + F + sign N M Nᵀ
@inline(__always)
private func addCongruent(
  _ ℓ: Int, _ N: UnsafePointer<Double>, _ M: UnsafePointer<Double>,
  _ half: UnsafeMutablePointer<Double>, _ sign: Double, _ F: UnsafePointer<Double>,
  to sum: UnsafeMutablePointer<Double>
) {
  for c in 0..<ℓ {
    for r in 0..<ℓ {
      half[c * ℓ + r] = (0..<ℓ).reduce(0.0) { $0 + N[$1 * ℓ + r] * M[c * ℓ + $1] }
    }
  }
  for c in 0..<ℓ {
    for r in 0..<ℓ {
      var value = 0.0
      for k in 0..<ℓ { value += half[k * ℓ + r] * N[k * ℓ + c] }
      sum[c * ℓ + r] += F[c * ℓ + r] + sign * value
    }
  }
}

extension KrylovSlopes {
  /// Adds Σ_ij D_ij t_it_jᵀ of each leading level, ℓ × ℓ.
  fileprivate func addOuterProducts(
    _ system: CrossedSystem, _ team: ThreadTeam, to products: UnsafeMutablePointer<Double>
  ) {
    let (ℓ, parts) = (system.size, system.leadingParts)
    let lanes = OwnedBuffer(repeating: Lanes.zero, count: team.count * ℓ)
    team.forEach(parts.count, pays: system.pays) { worker, part in
      for j in parts[part] {
        addOuterProducts(j * ℓ, ℓ, lanes.start + worker * ℓ, to: products + j * ℓ * ℓ)
      }
    }
  }

  /// M + Σ_ij D_ij t_it_jᵀ at scalars s ..< s + ℓ of the leading levels.
  @inline(__always)
  private func addOuterProducts(
    _ s: Int, _ ℓ: Int, _ lanes: UnsafeMutablePointer<Lanes>, to M: UnsafeMutablePointer<Double>
  ) {
    for i in 0..<lanczos.steps {
      combined(i, lanczos.t, s, ℓ, into: lanes)
      let t = lanczos.t[i].start + s
      for c in 0..<ℓ { for r in 0..<ℓ { M[c * ℓ + r] += (lanes[r] * t[c]).sum() } }
    }
  }
}
