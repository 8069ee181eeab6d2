// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LinearMixedModel {
  /// The model with what the data do not determine taken out: the same family of covariance matrices
  /// of the data, or of the error contrasts for REML, with fewer parameters.
  ///
  /// Effects that are held at zero keep their place, and have no part in φ. Where no column can go
  /// without making the family smaller, all parameters stay.
  ///
  /// - Throws: `FitError` where the data determine no covariance parameter but σ, since none can be
  ///   told from it.
  func determined(by kind: CriterionKind) throws -> LinearMixedModel {
    try determination(by: kind).model
  }

  /// The same, with every group's new working columns as combinations of its old ones.
  ///
  /// - Throws: `FitError`.
  func determination(
    by kind: CriterionKind
  ) throws -> (model: LinearMixedModel, turns: [DenseMatrix]) {
    let unturned = groups.map { DenseMatrix.identity($0.size) }
    // V is linear in the covariances only where they are the parameters.
    guard covariance.isUnstructured, hasIndependentLevels, knownVariance == nil else {
      try requireDeterminedStructures(kind)
      return (self, unturned)
    }
    let full = releasingColumns()
    guard !full.isClearlyDetermined else { return (full, unturned) }
    let rough = ParameterSpace(full, kind)
    guard rough.moments.contrasts.isFinite, rough.isDoubtful else { return (full, unturned) }
    let space = ParameterSpace(refined: full, kind) ?? rough
    let null = space.nullCombinations(of: space.units)
    guard null.columns > 0 else { return (full, unturned) }
    let columns = full.covariance.blocks.enumerated().map { t, block in
      DeterminedColumns(space, block: block, index: t)
    }
    let covered = CoveredTerms(space, columns)
    let rest = covered.parameters(covered.present, residual: true)
    let determination = full.determination(
      space, null, covered, freedom: space.nullCombinations(of: rest).columns)
    if covered.present.isEmpty, !determination.residual {
      throw FitError.nothingDetermined(
        determination.names(terms), contrasts: observations - fixedEffectCount)
    }
    return full.holding(covered.terms, determination)
  }

  /// All effects free.
  func releasingColumns() -> LinearMixedModel {
    var model = self
    model.covariance = RelativeCovariance(
      blocks: covariance.blocks.map { block in
        RelativeCovariance.Block(
          group: block.group, offset: block.offset, size: block.size, R: block.R)
      }, groupSizes: covariance.groupSizes)
    model.determination = nil
    return model
  }

  /// Turns working columns so that those of effects that are held come last.
  private func holding(
    _ columns: [DeterminedColumns], _ determination: Determination
  ) -> (model: LinearMixedModel, turns: [DenseMatrix]) {
    var turns = groups.map { DenseMatrix.identity($0.size) }
    let blocks = zip(covariance.blocks, columns).map { block, columns in
      let order = columns.kept + columns.held
      var R = block.R
      if !columns.kept.isEmpty, order != order.sorted() {
        let qr = ColumnOrderedQR(
          block.R.submatrix(rows: Array(0..<block.size), columns: order), tolerance: 0)
        for (k, column) in order.enumerated() {
          for i in 0..<block.size { R[i, column] = qr.r[i, k] }
        }
        for j in 0..<block.size {
          for i in 0..<block.size {
            turns[block.group][block.offset + i, block.offset + j] = qr.q[i, j]
          }
        }
      }
      return RelativeCovariance.Block(
        group: block.group, offset: block.offset, size: block.size, R: R,
        rank: columns.kept.count)
    }
    var model = turned(by: turns)
    model.covariance = RelativeCovariance(blocks: blocks, groupSizes: covariance.groupSizes)
    model.determination = determination
    return (model, turns)
  }

  /// Parameters that the criterion depends on.
  var determinedCount: Int { covariance.parameterCount - (determination?.freedom ?? 0) }

  private func determination(
    _ space: ParameterSpace, _ null: DenseMatrix, _ covered: CoveredTerms, freedom: Int
  ) -> Determination {
    let scales = space.scales(space.units).map { $0 > 0 ? 1 / $0 : 1 }
    func isDetermined(_ functional: [Double]) -> Bool {
      // In units of what parameters do to V.
      let length = zip(functional, scales).reduce(0) { $0 + ($1.0 / $1.1) * ($1.0 / $1.1) }
      return (0..<null.columns).allSatisfy { k in
        let v = null.column(k)
        let size = zip(v, scales).reduce(0) { $0 + ($1.0 * $1.1) * ($1.0 * $1.1) }
        let change = dot(functional, v)
        return change * change <= 1e-10 * length * size
      }
    }
    let blocks = covariance.blocks
    let known = blocks.enumerated().map { t, block in
      let inverse = block.solveR(.identity(block.size)).transposed
      return (0..<block.size).map { i in
        (0..<block.size).map { j in
          // Cov(b_i, b_j) = Σ_kl R⁻¹_ik R⁻¹_jl γ_kl
          isDetermined(space.covariance(inverse.column(i), inverse.column(j), block: t))
        }
      }
    }
    let residual = isDetermined(space.residual)
    let words = DeterminationWords(terms, covered, known, residual: residual)
    return Determination(
      covariances: known, residual: residual,
      held: covered.terms.map(\.held), freedom: freedom, messages: words.messages(freedom: freedom),
      alliances: covered.alliances)
  }
}

extension CoveredTerms {
  /// Terms that explain the same, the one that is held and those that stand for it.
  fileprivate var alliances: [[Int]] {
    terms.enumerated().compactMap { t, columns in
      guard case .others(let others, residual: false) = columns.reason else { return nil }
      return ([t] + others).sorted()
    }
  }
}
