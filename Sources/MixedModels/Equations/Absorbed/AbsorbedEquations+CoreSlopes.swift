// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension AbsorbedEquations {
  /// The slopes of the groups that are not absorbed.
  func addCoreSlopes(
    _ inverse: CoreInverse, _ ζ: [Double], _ kind: CriterionKind, to slopes: inout CovarianceSlopes
  ) {
    var illConditioned: Set<Int> = []
    for (g, group) in model.groups.enumerated() where g != layout.leading {
      let least = factors[g].squaredSingularValues(size: group.size).least
      // 1 − [K⁻¹]_jj is about this; it must keep its digits.
      if least * rowsPerLevel(g) < 1e-6 { illConditioned.insert(g) }
    }
    var sums = model.groups.map { group in
      let zero = [Double](repeating: 0, count: group.size * group.size)
      return SlopeSums(matrix: zero, residual: zero)
    }
    for (place, node) in layout.order.enumerated() {
      let g = Int(layout.incidence.groupOfNode[node])
      guard !illConditioned.contains(g) else { continue }
      let (m, first) = (model.groups[g].size, layout.scalarStart[place])
      let block = inverse.block(first, m)
      let own = precision.diagonal[place]
      for j in 0..<m {
        for i in 0..<m {
          sums[g].matrix[j * m + i] += own * block[j * m + i]
          sums[g].residual[j * m + i] += own * ζ[first + i] * ζ[first + j]
        }
      }
      // K K⁻¹ = I, so that ΛᵀAΛ leaves I − QG of the levels' blocks of G.
      precision.forEachLater(place) { other, value in
        let second = layout.scalarStart[other]
        for j in 0..<m {
          for i in 0..<m {
            let entry = inverse.entry(second + i, first + j) + inverse.entry(second + j, first + i)
            sums[g].matrix[j * m + i] += value * entry
            sums[g].residual[j * m + i]
              += value * (ζ[second + i] * ζ[first + j] + ζ[first + i] * ζ[second + j])
          }
        }
      }
    }
    let fixed = kind == .reml ? p : 0
    addLeaves(inverse, ζ, fixed: fixed, illConditioned, sums: &sums, to: &slopes)
    for (g, group) in model.groups.enumerated()
    where g != layout.leading && !illConditioned.contains(g) {
      sums[g].store(
        .inverse, group: g, factors[g], size: group.size, levels: group.levelCount, in: &slopes)
    }
    if !illConditioned.isEmpty {
      addDirectly(illConditioned, inverse, ζ, fixed: fixed, to: &slopes)
    }
  }

  /// What leaves add to the sums of their groups, or to the slopes of ill-conditioned ones.
  private func addLeaves(
    _ inverse: CoreInverse, _ ζ: [Double], fixed: Int, _ illConditioned: Set<Int>,
    sums: inout [SlopeSums], to slopes: inout CovarianceSlopes
  ) {
    guard leaves != nil, case .levels(let levels) = leadingLevels else { return }
    let u = levels.modes(factors[layout.leading], b: scaled(ζ), team)
    let tail = Array(ζ[layout.size...])
    forEachLeaf(inverse, fixed: fixed) { leaves, leaf, partner in
      let (g, m, U) = (leaf.group, model.groups[leaf.group].size, factors[leaf.group])
      let s = leaves.answer(leaf, factors, .direct, u: u, tail: tail)
      let own = (0..<m).map { i in (i..<m).reduce(0.0) { $0 + U[i * m + $1] * s[$1] } }  // Uᵀs
      if illConditioned.contains(g) {
        let B = leaves.projectionBlock(leaf, factors, partner).storage
        for (x, value) in B.multiplied(by: U, size: m).enumerated() {
          slopes.logDeterminant[g][x] += value
        }
        for k in 0..<m { for i in 0..<m { slopes.residual[g][k * m + i] += s[i] * own[k] } }
      } else {
        let block = leaves.inverseBlock(leaf, factors, partner).storage
        for x in 0..<m * m { sums[g].matrix[x] += block[x] }
        for k in 0..<m { for i in 0..<m { sums[g].residual[k * m + i] += own[i] * own[k] } }
      }
    }
  }

  /// The slopes of groups whose T has no inverse to speak of, from the core Ã before it was scaled:
  /// Σ_c Σ_o Ã_coU_oG_oc, and Σ_c s_cu_cᵀ with s_c = Σ_o Ã_coU_oζ_o.
  private func addDirectly(
    _ groups: Set<Int>, _ inverse: CoreInverse, _ ζ: [Double], fixed: Int,
    to slopes: inout CovarianceSlopes
  ) {
    guard case .levels(let levels) = leadingLevels else { return }
    let size = layout.size + model.tail.columns
    let (parts, widest) = unscaledTasks
    let partials = OwnedBuffer(repeating: 0.0, count: parts * slopeCount)
    let scratch = OwnedBuffer(repeating: 0.0, count: team.count * size * (widest + 1))
    // Of each part: s, which the groups' residual slopes are made of.
    let answers = OwnedBuffer(repeating: 0.0, count: parts * layout.size)
    nonisolated(unsafe) let (partial, work) = (partials.start, scratch.start)
    nonisolated(unsafe) let (answer, inverse) = (answers.start, inverse)
    let b = scaled(ζ)
    team.forEach(parts) { worker, part in
      let columns = work + worker * size * (widest + 1)
      let own = DirectSlopes(
        equations: slopeParts, groups: groups, G: inverse, ζ: b, fixed: fixed,
        dense: columns + size * widest, sums: partial + part * slopeCount,
        answer: answer + part * layout.size)
      add(own, levels, task: part, columns, stride: size)
    }
    for g in groups {
      let m = model.groups[g].size
      for part in 0..<parts {
        for x in 0..<m * m {
          slopes.logDeterminant[g][x] += partial[part * slopeCount + model.blockStarts[g] + x]
        }
      }
    }
    for (place, node) in layout.order.enumerated() {
      let g = Int(layout.incidence.groupOfNode[node])
      guard groups.contains(g) else { continue }
      let (m, first) = (model.groups[g].size, layout.scalarStart[place])
      for i in 0..<m {
        let s = (0..<parts).reduce(0.0) { $0 + answer[$1 * layout.size + first + i] }
        for k in 0..<m { slopes.residual[g][k * m + i] -= s * ζ[first + k] }
      }
    }
  }

  /// Tasks that make the columns of Ã, and the most columns of one that are there at a time.
  private var unscaledTasks: (count: Int, columns: Int) {
    switch core {
    case .dense(let dense): (dense.tasks.count, dense.widestTask)
    case .sparse(let sparse): (sparse.tasks.count, model.groups.map(\.size).max()!)
    }
  }

  /// Adds what the places of one task contribute; `work` is room for their columns of Ã, zero
  /// before and, for a sparse core, after.
  private func add(
    _ slopes: DirectSlopes, _ levels: LeadingLevels, task: Int,
    _ work: UnsafeMutablePointer<Double>, stride: Int
  ) {
    switch core {
    case .dense(let dense):
      dense.fillUnscaled(levels, task, work)
      let first = layout.scalarStart[dense.tasks[task].lowerBound]
      for place in dense.tasks[task] {
        slopes.add(
          place: place, work + (layout.scalarStart[place] - first) * stride, stride: stride)
      }
    case .sparse(let sparse):
      for place in sparse.tasks[task] {
        let width = sparse.columns.width(place)
        sparse.columns.blocks.add(place: place, width: width, to: work, stride: stride)
        sparse.columns.subtractProducts(levels, place: place, from: work, stride: stride)
        slopes.add(place: place, work, stride: stride)
        for t in 0..<width {
          slopes.forEachRows(place) {
            (work + t * stride + $0.lowerBound).update(repeating: 0, count: $0.count)
          }
        }
      }
    }
  }

  private var slopeCount: Int { model.groups.reduce(0) { $0 + $1.size * $1.size } }

  private var precision: CorePrecision { columns.precision }

  private var columns: CoreColumns {
    switch core {
    case .dense(let dense): dense.columns
    case .sparse(let sparse): sparse.columns
    }
  }

  private var slopeParts: DirectSlopes.Parts {
    return DirectSlopes.Parts(
      columns: columns, factors: factors, start: model.blockStarts)
  }
}

extension LinearMixedModel {
  /// Where the ℓ × ℓ block of each group begins when they are stored one after another.
  fileprivate var blockStarts: [Int] {
    groups.indices.map { g in groups[..<g].reduce(0) { $0 + $1.size * $1.size } }
  }
}
