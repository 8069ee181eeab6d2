// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The ways to solve a model's equations that are worth a look, with what each would cost.
///
/// The cheap looks come first: a way whose least cost is out of the question is not looked at any
/// closer.
struct StrategyComparison {
  struct Candidate {
    let estimate: StrategyEstimate
    /// nil where the way was not looked at closely enough to go it.
    let choice: EquationsPlan.Choice?
  }

  let model: LinearMixedModel
  let threads: Int
  let memory: Int
  /// `auto`, `exact`, `absorb`, `cholmod` or `matrix-free`.
  let solver: String
  /// Whether all strategies are to be estimated, even where the choice is clear.
  let compares: Bool
  private(set) var candidates: [Candidate] = []
  /// The effort that exact equations may be.
  private(set) var allowedSeconds = Double.infinity
  private var samples: [CoreSample] = []
  /// Of levels that hang together.
  private var elimination: BoundedElimination?
  /// Edges that finding an order for these looks at.
  private var relatedEdges = 0

  /// An exact search may cost this many times as much as one with an estimated criterion.
  private static let exactness = 3.0
  /// So many seconds of effort are always given for an exact one.
  private static let affordable = 0.12
  /// Below so many seconds an effort is not worth a look at the alternative.
  private static let negligible = 3e-3
  /// Scalars of a core that needs no thought.
  private static let smallCore = 4096
  /// Counting is worth while where ordering could take long.
  private static let manyPairs = 30_000
  /// About what ordering a graph takes for each of its edges.
  private static let analysisSeconds = 7e-6
  /// An order is not looked for longer than so many evaluations and derivatives take by what is known already; or
  /// than they would take if one took so many seconds.
  private static let (evaluations, shortest) = (10.0, 0.04)

  init(
    _ model: LinearMixedModel, solver: String, threads: Int, memory: Int, compares: Bool
  ) {
    (self.model, self.solver, self.threads) = (model, solver, threads)
    (self.memory, self.compares) = (memory, compares)
  }

  /// - Parameter accuracy: Standard error wanted of the criterion; nil: whatever hardly moves the estimates.
  mutating func addMatrixFree(accuracy: Double?) {
    guard model.groups.count > 1, ["auto", "matrix-free"].contains(solver) || compares else {
      return
    }
    let leading = model.leadingGroups[0]
    let estimate = StrategyEstimate(
      matrixFree: model, leading: leading, accuracy: accuracy, threads: threads)
    var wanted: MatrixFreeAccuracy =
      solver == "auto" ? .modest(accuracy) : MatrixFreeAccuracy(standardError: accuracy)
    if memory > 0 {
      let others = Double(estimate.bytes) - estimate.vectorBytes(model)
      wanted.memory = min(wanted.memory, max(0.8 * Double(memory) - others, 0))
    }
    candidates.append(
      Candidate(estimate: estimate, choice: .matrixFree(leading: leading, accuracy: wanted)))
    allowSeconds(estimate)
  }

  private mutating func allowSeconds(_ estimate: StrategyEstimate) {
    guard solver == "auto", estimate.fits(memory) else { return }
    allowedSeconds = max(Self.exactness * estimate.effort, Self.affordable)
  }

  /// Levels that hang together: those with few neighbours are eliminated, and the rest estimated.
  ///
  /// - Parameter accuracy: As for others.
  mutating func addRelated(accuracy: Double?) {
    let graph = NodeGraph(model)
    let elimination = graph.boundedElimination(limit: WholePattern.limit(model))
    self.elimination = elimination
    // Fields and maps are nearly planar: an order of theirs is found in the time that their own edges take,
    // where a pedigree fills in.
    relatedEdges =
      model.covariance.hasLevelParameters
      ? graph.edges.count : Int(min(elimination.remainingEntries, 1e15))
    guard ["auto", "matrix-free"].contains(solver) || compares else { return }
    let estimate = StrategyEstimate(elimination, model, accuracy: accuracy, threads: threads)
    let wanted: MatrixFreeAccuracy =
      solver == "auto" ? .modest(accuracy) : MatrixFreeAccuracy(standardError: accuracy)
    let layout = WholePattern(
      model, graph, order: elimination.order, leading: elimination.eliminatedCount)
    candidates.append(Candidate(estimate: estimate, choice: .related(layout, accuracy: wanted)))
    allowSeconds(estimate)
  }

  /// - Throws: `CholmodError`.
  mutating func addAbsorbed() throws {
    guard ["auto", "exact", "absorb"].contains(solver) || compares else { return }
    for leading in model.leadingGroups {
      if isSettled && !compares { break }
      if let bound = bound(leading: leading),
        isHopeless(bound) || (solver != "absorb" && takesLong(edges: edges(bound)))
      {
        candidates.append(Candidate(estimate: bound, choice: nil))
        continue
      }
      let estimator = AbsorptionEstimate(
        model, leading: leading, threads: threads, memory: memory)
      let (estimate, layout) = try estimator.cheapest()
      candidates.append(
        Candidate(estimate: estimate, choice: layout.map(EquationsPlan.Choice.absorbed)))
    }
  }

  /// - Throws: `CholmodError`; `FitError.outOfMemory` if nothing else is there.
  mutating func addWhole() throws {
    guard solver == "cholmod" || compares || (["auto", "exact"].contains(solver) && !isClear)
    else { return }
    if let sample = samples.min(by: { $0.densityWithoutHubs < $1.densityWithoutHubs }) {
      let bound = StrategyEstimate(whole: sample, model, threads: threads)
      let isLate = solver != "cholmod" && takesLong(edges: pairCount)
      if isHopeless(bound) || isLate {
        candidates.append(Candidate(estimate: bound, choice: nil))
        return
      }
    }
    if let elimination {
      let bound = StrategyEstimate(whole: elimination, model)
      let isLate = solver != "cholmod" && takesLong(edges: relatedEdges)
      if isHopeless(bound) || isLate {
        candidates.append(Candidate(estimate: bound, choice: nil))
        return
      }
    }
    do {
      let (estimate, layout) = try StrategyEstimate.whole(model, memory: memory)
      candidates.append(Candidate(estimate: estimate, choice: .whole(layout)))
    } catch {
      // What cannot even be analyzed is no alternative.
      guard !candidates.isEmpty, Self.isTooLarge(error) else { throw error }
    }
  }

  /// Whether a full core that fits was found: nothing else needs to be looked at.
  private var isSettled: Bool {
    candidates.contains { $0.estimate.isFull && $0.estimate.fits(memory) && $0.choice != nil }
  }

  private var isClear: Bool {
    (model.groups.count == 1 && model.hasIndependentLevels) || isSettled
      || candidates.contains { candidate in
        let estimate = candidate.estimate
        return estimate.strategy != .matrixFree && candidate.choice != nil
          && estimate.effort < Self.negligible && estimate.fits(memory)
      }
  }

  /// What absorbing a group costs at least; nil where a closer look is cheap.
  private mutating func bound(leading: Int) -> StrategyEstimate? {
    guard pairCount > Self.manyPairs else { return nil }
    let sample = CoreSample(model, leading: leading)
    samples.append(sample)
    return StrategyEstimate(absorbing: leading, sample, model, threads: threads)
  }

  /// Of the core that was sampled last.
  private func edges(_ bound: StrategyEstimate) -> Int {
    // A core that is small is ordered, or factored as it is, in no time.
    guard !bound.isDense, bound.coreSize > Self.smallCore, let sample = samples.last else { return 0 }
    // Of a core that is hardly filled, where few levels have most partners, a sample may show a third.
    return sample.density < Self.sparse ? Int(min(sample.meetings, 1e15)) : bound.factorNonzeros
  }

  /// Share of the pairs of a core's nodes below which leading levels' partners are counted instead.
  private static let sparse = 0.01

  /// Whether a lower bound is too high in time or memory. The sample that it comes from is allowed
  /// an error.
  private func isHopeless(_ bound: StrategyEstimate) -> Bool {
    bound.effort > 1.2 * allowedSeconds || (memory > 0 && 0.8 * Double(bound.bytes) > Double(memory))
  }

  /// Whether ordering a graph takes longer than going another way that is known.
  private func takesLong(edges: Int) -> Bool {
    let known = candidates.filter { $0.choice != nil && $0.estimate.fits(memory) }
    guard let best = known.map(\.estimate.effort).min() else { return false }
    return Double(edges) * Self.analysisSeconds > Self.evaluations * max(best, Self.shortest)
  }

  private var pairCount: Int { model.pairs.reduce(0) { $0 + $1.rowLevels.count } }

  private static func isTooLarge(_ error: any Error) -> Bool {
    switch error {
    case CholmodError.outOfMemory, CholmodError.tooLarge, FitError.outOfMemory: true
    default: false
    }
  }
}
