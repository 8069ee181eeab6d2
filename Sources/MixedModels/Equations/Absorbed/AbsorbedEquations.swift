// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Henderson's absorption: the levels of one group, the leading one, are eliminated one by one,
/// since they do not occur with each other; what is left, the core, is factored as one matrix.
///
/// With A_jj, A_jo the blocks of level j, T and U the factors of the leading group and of the
/// others,
///
///     D_j = TᵀA_jjT + I = L_jL_jᵀ,   W_j = L_j⁻¹TᵀA_jo,   S = Uᵀ(A_oo − Σ W_jᵀW_j)U + Q,   log|M|
///   = Σ log|D_j| + log|S|,
///
/// where o also stands for X and y, on which U is the identity and to which no Q is added; Q is I for independent
/// levels, as those of the leading group are.
/// Sums are cut by position, so nothing depends on the number of threads.
package final class AbsorbedEquations: MixedModelEquations {
  let model: LinearMixedModel
  let layout: CoreLayout
  let team: ThreadTeam
  let leadingLevels: Leading
  let core: Core
  /// Levels eliminated even before the leading ones.
  let leaves: LeafLevels?
  /// Λ of the last update.
  private(set) var factors: [[Double]]
  private var leadingLogDeterminant = Double.nan
  private var leafLogDeterminant = 0.0
  private let tailSums: OwnedBuffer<Double>
  /// [X y]ᵀW[X y]
  private(set) var tail: DenseMatrix
  /// Group of each of the core's scalars.
  let groupOfScalar: [Int32]
  /// Whether a dense core holds its Cholesky factor.
  var isFactored = false

  enum Leading {
    /// The only group: nothing but the tail to update.
    case packs(LevelPacks)
    case levels(LeadingLevels)
  }

  enum Core {
    case dense(DenseCore)
    case sparse(SparseCore)
  }

  /// - Throws: `CholmodError` when a sparse core cannot be analyzed.
  package init(_ model: LinearMixedModel, _ layout: CoreLayout, threads: Int) throws {
    setBLASThreads(1)  // the threads here each call the serial BLAS
    self.model = model
    self.layout = layout
    team = ThreadTeam(count: threads)
    let width = model.tail.columns
    leaves = LeafLevels(model, layout.incidence)
    leadingLevels =
      model.groups.count == 1
      ? .packs(
        LevelPacks(
          model.groups[0], ofEach: model.parts?.all.map { $0.groups[0] } ?? [], width: width,
          workers: threads))
      : .levels(LeadingLevels(model, layout, workers: threads))
    core =
      layout.pattern == nil
      ? .dense(DenseCore(model, layout))
      : .sparse(try SparseCore(model, layout, workers: threads))
    factors = model.covariance.emptyFactors
    groupOfScalar = layout.order.indices.flatMap { place in
      repeatElement(
        layout.incidence.groupOfNode[layout.order[place]],
        count: layout.scalarStart[place + 1] - layout.scalarStart[place])
    }
    tailSums = OwnedBuffer(repeating: 0, count: width * width)
    tail = model.tail
  }

  package func weigh(_ coefficients: [Double]) throws {
    guard case .packs(let packs) = leadingLevels, let parts = model.parts else {
      throw Self.needsOneA
    }
    packs.coefficients = coefficients
    tail = parts.tail(coefficients)
  }

  package func update(_ factors: [[Double]]) throws {
    self.factors = factors
    isFactored = false
    tailSums.start.update(repeating: 0, count: tailSums.count)
    let T = factors[layout.leading]
    var levels: LeadingLevels?
    switch leadingLevels {
    case .packs(let packs):
      leadingLogDeterminant = packs.absorb(T, from: tailSums.start, team)
    case .levels(let leading):
      levels = leading
      if let leaves {
        leafLogDeterminant = leaves.absorb(factors, into: leading, from: tailSums.start)
      }
      leadingLogDeterminant = leading.absorb(T, from: tailSums.start, team)
    }
    guard !leadingLogDeterminant.isNaN, !leafLogDeterminant.isNaN else {
      throw CholmodError.notPositiveDefinite(column: 0)
    }
    do {
      switch core {
      case .dense(let dense):
        dense.assemble(levels, factors, tail: tail, tailSums: tailSums.start, team)
        try dense.factorize(team)
      case .sparse(let sparse):
        sparse.assemble(levels!, factors, tail: model.tail, tailSums: tailSums.start, team)
        try sparse.factorize()
      }
      isFactored = true
    } catch let error as NotPositiveDefinite {
      throw failure(column: error.column)
    } catch CholmodError.notPositiveDefinite(let column) {
      throw failure(column: column)
    }
  }

  private func failure(column: Int) -> any Error {
    column == layout.size + p
      ? FitError.zeroResidualVariance : CholmodError.notPositiveDefinite(column: column)
  }

  var p: Int { model.fixedEffectCount }

  /// Diagonal of the core's Cholesky factor.
  private func diagonal(_ i: Int) -> Double {
    switch core {
    case .dense(let dense): dense.diagonal(i)
    case .sparse(let sparse): sparse.factor.diagonal(i)
    }
  }

  private func logDeterminant(_ range: Range<Int>) -> Double {
    2 * range.reduce(0) { $0 + log(diagonal($1)) }
  }

  package var logDeterminantM: Double {
    leafLogDeterminant + leadingLogDeterminant + logDeterminant(0..<layout.size)
  }
  package var logDeterminantRX: Double { logDeterminant(layout.size..<layout.size + p) }
  package var penalizedResidualSumOfSquares: Double {
    let r = diagonal(layout.size + p)
    return r * r
  }

  package var description: SolverSummary {
    var summary = SolverSummary(
      strategy: "absorbed", leadingGroup: layout.leading, coreSize: layout.size)
    switch core {
    case .dense(let dense):
      summary.coreDensity = layout.size > 0 ? 1 : nil
      summary.factorNonzeros = dense.size * (dense.size + 1) / 2
    case .sparse(let sparse):
      let n = Double(layout.size)
      let tail = (n + Double(model.tail.columns) / 2) * Double(model.tail.columns)
      let entries = Double(sparse.factor.pattern.entryCount) - tail
      summary.coreDensity = min(1, entries / (n * (n + 1) / 2))
      summary.factorNonzeros = sparse.factor.factorNonzeros
    }
    return summary
  }
}
