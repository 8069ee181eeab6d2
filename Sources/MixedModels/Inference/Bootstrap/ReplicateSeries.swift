// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods
import Synchronization

/// What one simulated response gave.
public struct BootstrapReplicate: Sendable, Equatable {
  /// From 0; it names the stream of random numbers.
  public let index: Int
  /// Whether the search (each of the searches) found its optimum.
  public let converged: Bool
  /// A variance, or a direction of one, was estimated as zero.
  public let singular: Bool
  /// Parallel to the series' names; NaN for what is not defined.
  public let values: [Double]

  public init(index: Int, converged: Bool, singular: Bool, values: [Double]) {
    (self.index, self.converged) = (index, converged)
    (self.singular, self.values) = (singular, values)
  }
}

/// How many replicates to draw, and from which stream.
public struct BootstrapOptions {
  public var replicates = 1000
  public var seed: UInt64 = 1
  /// Replicates that an earlier run has made, of the same models and data with the same seed; they
  /// are not drawn again.
  public var completed: [BootstrapReplicate] = []
  /// Called now and then, on the calling thread, with all replicates so far; what it throws ends
  /// the run.
  public var progress: (([BootstrapReplicate]) throws -> Void)?

  public init() {}
}

extension BootstrapOptions {
  /// Draws what is missing, by `threads` threads; replicates are the same whatever their number.
  ///
  /// `values` are the numbers of a replicate.
  ///
  /// - Throws: `OutOfRange`, `MemoryShortage`; what `progress` throws.
  func run(
    values: Int, threads: Int,
    _ draw: @Sendable (_ index: Int, _ stream: inout RandomStream) -> BootstrapReplicate
  ) throws -> [BootstrapReplicate] {
    let seed = seed
    try ValueRange.replicates.check(replicates, "replicates")
    try requireMemory(
      Double(replicates) * Double(8 * values + Self.replicateBytes),
      for: "the results of \(replicates) replicates", remedy: "Take fewer replicates.")
    setBLASThreads(1)
    var all = completed.filter { $0.index < replicates }
    let known = Set(all.map(\.index))
    let missing = (0..<replicates).filter { !known.contains($0) }
    var (next, count) = (0, threads)
    while next < missing.count {
      let batch = Array(missing[next..<min(next + count, missing.count)])
      let began = monotonicSeconds()
      let results = Mutex([BootstrapReplicate]())
      inParallel(batch.count, threads: threads) { k in
        var stream = RandomStream(seed: seed, purpose: Self.purpose, block: UInt64(batch[k]))
        let replicate = draw(batch[k], &stream)
        results.withLock { $0.append(replicate) }
      }
      all += results.withLock { $0 }
      next += batch.count
      // Batches of about a second: threads wait for each other at their ends.
      let seconds = max(monotonicSeconds() - began, 1e-6) / Double(batch.count)
      count = threads * max(1, min(1000, Int(1 / (seconds * Double(threads)))))
      try progress?(all)
    }
    return all.sorted { $0.index < $1.index }
  }

  private static let purpose: UInt64 = 0x626f_6f74
  /// Of a replicate, its place in three lists and what the allocator adds.
  private static let replicateBytes = 200
}
