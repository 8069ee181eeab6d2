// SPDX-License-Identifier: GPL-2.0-or-later

public import MixedModels
import ModelFrames
import NumericalMethods
import Synchronization

/// A Monte-Carlo study: what the estimators of a model do when it is true, for one design or
/// several.
///
/// Of every design one table of covariates and levels is drawn and summed up in cross-products;
/// responses are drawn as cross-products too, as the parametric bootstrap does, so that a replicate
/// costs as much as a fit without rows.
public struct Study: Sendable {
  public let formula: String
  public let settings: StudySettings
  public let cells: [StudyCell]

  /// - Throws: `SimulationError`, `FormulaError`, `DataError`, `FitError` and `InferenceError`;
  ///   `OutOfRange`, `MemoryShortage`.
  public init(_ designs: [StudyDesign], _ settings: StudySettings = StudySettings()) throws {
    guard !designs.isEmpty, !settings.methods.isEmpty else {
      throw SimulationError.stated("a study needs a design and a method.")
    }
    try settings.check()
    formula = designs[0].formula.text
    self.settings = settings
    setBLASThreads(1)
    let threads = threadCount(settings.threads)
    let total = designs.count * settings.replicates
    var cells: [StudyCell] = []
    for (index, design) in designs.enumerated() {
      var stream = RandomStream(
        seed: settings.seed, purpose: Self.purpose, block: UInt64(index))
      let (tableSeed, responseSeed) = (stream.next(), stream.next())
      let model = try design.model(settings, seed: tableSeed, threads: threads)
      try requireMemory(
        Double(total * settings.methods.count)
          * Double(model.parameters.count * MemoryLayout<StudyEstimate>.stride + 200),
        for: "the results of \(total) replicates", remedy: "Take fewer replicates or designs.")
      let done = index * settings.replicates
      let replicates = try Self.run(
        settings.replicates, threads: threads, { try settings.progress?(done + $0, total) }
      ) { k in
        var stream = RandomStream(seed: responseSeed, purpose: Self.purpose, block: UInt64(k))
        return model.replicate(k, &stream)
      }
      cells.append(
        StudyCell(
          design: design, model: model,
          methods: settings.methods.enumerated().map { m, method in
            StudyMethod(
              method, model.parameters, replicates.map { $0[m] }, level: settings.level,
              expectedBias: model.expectedBias(method))
          }))
    }
    self.cells = cells
  }

  private static let purpose: UInt64 = 0x7374_7564

  /// Draws all replicates by several threads; the order is that of the indices.
  ///
  /// - Throws: what `report` throws, which is called with the number done.
  private static func run(
    _ count: Int, threads: Int, _ report: (Int) throws -> Void,
    _ draw: @Sendable (Int) -> [StudyReplicate]
  ) throws -> [[StudyReplicate]] {
    let results = Mutex([Int: [StudyReplicate]]())
    var (done, batch) = (0, threads)
    while done < count {
      let began = monotonicSeconds()
      let size = min(batch, count - done)
      inParallel(size, threads: threads) { [done] k in
        let replicate = draw(done + k)
        results.withLock { $0[done + k] = replicate }
      }
      done += size
      // Batches of about half a second: threads wait for each other at their ends.
      let seconds = max(monotonicSeconds() - began, 1e-6) / Double(size)
      batch = threads * max(1, min(1000, Int(0.5 / (seconds * Double(threads)))))
      try report(done)
    }
    return results.withLock { all in (0..<count).compactMap { all[$0] } }
  }
}

extension StudyDesign {
  /// - Throws: what makes the study impossible.
  fileprivate func model(
    _ settings: StudySettings, seed: UInt64, threads: Int
  ) throws -> any StudiedModel {
    if let fitted, let residual = fitted.residual { return try RepeatedStudy(fitted, residual, settings) }
    return try StudyFits(StudyModel(self, seed: seed, threads: threads), settings)
  }
}

/// What came out for one design.
public struct StudyCell: Sendable {
  public let design: StudyDesign
  /// n.
  public let rows: Int
  /// Names and numbers of levels of the random-effects terms' groups.
  public let groups: [(name: String, levels: Int)]
  public let parameters: [StudyParameter]
  /// In the order of the settings' methods.
  public let methods: [StudyMethod]

  init(design: StudyDesign, model: any StudiedModel, methods: [StudyMethod]) {
    (self.design, self.methods) = (design, methods)
    (rows, groups, parameters) = (model.rows, model.groups, model.parameters)
  }
}

/// What came out for one design by one method.
public struct StudyMethod: Sendable {
  public let kind: CriterionKind
  /// By index.
  public let replicates: [StudyReplicate]
  /// Parallel to the design's parameters; over the replicates that converged.
  public let summaries: [StudySummary]

  init(
    _ kind: CriterionKind, _ parameters: [StudyParameter], _ replicates: [StudyReplicate],
    level: Double, expectedBias: [Double?]
  ) {
    self.kind = kind
    self.replicates = replicates
    let good = replicates.filter(\.converged)
    summaries = parameters.indices.map { k in
      // At the boundary a variance's interval, on the scale of logarithms, never holds the truth, and
      // its estimate is cut off.
      let isInside = parameters[k].isInside
      return StudySummary(
        good.map { $0.estimates[k] }, truth: parameters[k].truth, level: level,
        hasCoverage: isInside, expectedBias: isInside ? expectedBias[k] : nil)
    }
  }

  public var failedCount: Int { replicates.count { !$0.converged } }
  /// Share of the converged replicates in which a variance, or a direction of one, is zero.
  public var singularShare: MonteCarloFigure? {
    MonteCarloFigure(share: replicates.filter(\.converged).map(\.singular))
  }
}
