// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension AbsorbedEquations {
  /// Slopes from the inverse G of the core, [K⁻¹] (M⁻¹ for ML), by what levels have in common.
  ///
  /// A dense core is inverted in place.
  package func slopes(_ kind: CriterionKind) throws -> CovarianceSlopes {
    let ζ = try coreSolution()
    let residualSquares = penalizedResidualSumOfSquares
    let inverse = try invertCore(leading: layout.size + (kind == .reml ? p : 0))
    var slopes = CovarianceSlopes(
      logDeterminant: model.covariance.emptyFactors, residual: model.covariance.emptyFactors)
    addCoreSlopes(inverse, ζ, kind, to: &slopes)

    let leader = model.groups[layout.leading]
    let T = factors[layout.leading]
    let form = SlopeForm(T, size: leader.size, rows: rowsPerLevel(layout.leading))
    switch leadingLevels {
    case .packs(let packs):
      let G = kind == .reml ? fixedInverse(inverse) : nil
      let levels = packs.packCount * 8
      let (sums, ofParts) = packs.sums(form, T, ζ: ζ, fixedInverse: G, team)
      slopes.parts = model.parts.map { parts in
        let (traces, squares) = sums.traces(form, T, size: leader.size, levels: levels)
        // tr K⁻¹(K − I) with I for random effects alone, and r² − uᵀu
        return packs.partSlopes(
          ofParts, parts.all.map(\.tail), ζ: ζ, fixedInverse: G,
          together: (traces + Double(G == nil ? 0 : p), residualSquares - squares))
      }
      sums.store(form, group: 0, T, size: leader.size, levels: levels, in: &slopes)
    case .levels(let levels):
      sums(levels, form, T, inverse, ζ, kind).store(
        form, group: layout.leading, T, size: leader.size, levels: leader.levelCount, in: &slopes)
    }
    return slopes
  }

  func rowsPerLevel(_ group: Int) -> Double {
    Double(model.observations) / Double(model.groups[group].levelCount)
  }

  private func fixedInverse(_ inverse: CoreInverse) -> DenseMatrix {
    DenseMatrix(rows: p, columns: p, storage: inverse.block(layout.size, p))
  }

  private func sums(
    _ levels: LeadingLevels, _ form: SlopeForm, _ T: [Double], _ inverse: CoreInverse,
    _ ζ: [Double], _ kind: CriterionKind
  ) -> SlopeSums {
    var panel: DenseCore?
    if case .dense(let dense) = core, dense.usesPanel { panel = dense }
    let view = LeadingLevels.CoreView(
      factors: factors, sizes: model.groups.map(\.size), groupOfScalar: groupOfScalar, ζ: ζ,
      fixedInverse: kind == .reml && panel == nil ? fixedInverse(inverse) : nil)
    var sums = levels.respond(form, T, view, team)
    var products = products(
      levels, inverse, upTo: panel == nil ? layout.order.count : layout.firstFrequent,
      skippedTail: kind == .reml ? 1 : p + 1)
    if let panel {
      let frequent = panel.panelProducts(levels, fixed: kind == .reml ? p : 0, team)
      for x in products.indices { products[x] += frequent[x] }
    }
    let sign = form == .inverse ? 1.0 : -1
    for x in products.indices { sums.matrix[x] += sign * products[x] }
    return sums
  }

  /// ΣR_jGR_jᵀ for the columns of the first places, entry by entry.
  private func products(
    _ levels: LeadingLevels, _ inverse: CoreInverse, upTo places: Int, skippedTail: Int
  ) -> [Double] {
    let ℓ = levels.size
    let tasks = DenseCore.cut(0..<places, by: layout.work)
    let sums = OwnedBuffer(repeating: 0.0, count: tasks.count * ℓ * ℓ)
    let stride = layout.size + model.tail.columns + ℓ
    let scratch = OwnedBuffer(repeating: 0.0, count: team.count * stride)
    nonisolated(unsafe) let (sumStart, scratchStart) = (sums.start, scratch.start)
    nonisolated(unsafe) let inverse = inverse
    team.forEach(tasks.count) { worker, task in
      let dense = scratchStart + worker * stride
      let (product, target) = (dense + stride - ℓ, sumStart + task * ℓ * ℓ)
      for place in tasks[task] {
        let first = layout.scalarStart[place]
        for t in 0..<layout.scalarStart[place + 1] - first {
          inverse.withColumn(first + t, dense) { column in
            switch ℓ {
            case 1:
              levels.addProducts(
                1, place: place, offset: t, column, skippedTail: skippedTail, product, target)
            case 2:
              levels.addProducts(
                2, place: place, offset: t, column, skippedTail: skippedTail, product, target)
            default:
              levels.addProducts(
                ℓ, place: place, offset: t, column, skippedTail: skippedTail, product, target)
            }
          }
        }
      }
    }
    var total = [Double](repeating: 0, count: ℓ * ℓ)
    for task in tasks.indices {
      for j in 0..<ℓ {
        for i in 0..<ℓ {
          let value = sums.start[(task * ℓ + j) * ℓ + i]
          total[j * ℓ + i] += value
          total[i * ℓ + j] += value
        }
      }
    }
    return total
  }
}
