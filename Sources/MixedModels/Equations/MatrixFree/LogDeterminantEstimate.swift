// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// log |I + E|: exact on the deflation space, the mean over probes elsewhere; or exact altogether where
/// the core has no more scalars than probes are wanted.
final class LogDeterminantEstimate {
  private let system: CrossedSystem
  private let team: ThreadTeam
  private let probes: ProbeVectors
  let space: DeflationSpace
  let deflated: PanelLanczos
  /// Those blocks of probes that there is memory to keep, and one for all others, which are run again
  /// when they are needed.
  private var blocks: [Block] = []
  private var spare: Block?
  /// Of the probes, eight by eight.
  var blockValues: [Lanes] = []
  /// Of the last eight, where E is written out: room for the next.
  var slopeVectors: SlopeVectors?
  /// Bytes for the vectors of blocks.
  private let memory: Double
  /// I + E in full where it is exact.
  private(set) var written: WrittenCore?
  /// Probes; no fewer than the core's scalars: all unit vectors, and no error.
  private(set) var probeCount: Int
  private(set) var value = Double.nan
  /// What of it no probe has a part in.
  private var exact = 0.0
  /// nil where it is exact.
  private(set) var standardError: Double?
  /// Steps of Lanczos' method, at most.
  var steps = 0
  /// Of the spectrum of I + E where it is written out, by one probe.
  var condition = 1.0

  /// Eight probes.
  final class Block {
    let lanczos: PanelLanczos
    /// Vᵀz of the probes as they were drawn.
    fileprivate(set) var coordinates = LaneMatrix()

    init(_ system: CrossedSystem, _ team: ThreadTeam, isWritten: Bool = false) {
      lanczos = PanelLanczos(system, team, isWritten: isWritten)
    }
  }

  init(_ core: CoreOperator, probes: Int, memory: Double, seed: UInt64) {
    (system, team) = (core.system, core.team)
    self.probes = ProbeVectors(system: system, seed: seed)
    space = DeflationSpace(system, team, isEmpty: core.entries != nil)
    deflated = PanelLanczos(system, team)
    (probeCount, self.memory) = (probes, memory)
  }

  func setProbeCount(_ count: Int) { probeCount = (count + 7) / 8 * 8 }

  var blockCount: Int { isExact ? 0 : (probeCount + 7) / 8 }

  /// Whether nothing is left to chance.
  var isExact: Bool { probeCount >= system.coreSize }

  /// What each value of a block counts for in the sum.
  var weights: Lanes { Lanes(repeating: 1 / Double(probeCount)) }

  /// - Parameter tolerance: What the sum may lack for want of steps.
  /// - Throws: `CholmodError.notPositiveDefinite`, `FitError.slowSpectrum`.
  func update(_ core: CoreOperator, tolerance: Double, limit: Int) throws {
    try space.update(core)
    guard !isExact else { return try writeOut(core) }
    written = nil
    if let entries = core.entries {
      return try update(core, entries, tolerance: tolerance, limit: limit)
    }
    space.algebra.copy(space.V, to: deflated.start)
    var failure: (any Error)?
    try deflated.run(core, tolerance: tolerance, limit: limit) { image in
      do { try space.setImage(image) } catch { failure = error }
    }
    if let failure { throw failure }
    steps = deflated.steps
    let count = min(blockCount, fitting)
    while blocks.count < count { blocks.append(Block(system, team)) }
    if blocks.count > count { blocks.removeLast(blocks.count - count) }
    for b in 0..<count { try run(b, blocks[b], core, tolerance: tolerance, limit: limit) }
    blockValues = blocks.map(\.lanczos.values)
    for b in count..<max(count, blockCount) {
      blockValues.append(
        try runSpare(b, core, tolerance: tolerance, limit: limit).lanczos.values)
    }
    sum(exact: deflated.values.sum())
  }

  /// Blocks whose vectors there is memory for, if they take about as many steps as the deflated ones.
  private var fitting: Int {
    let scalars = 2 * system.coreSize + system.leadingPlaces.count * system.size
    return max(2, Int(min(memory / (Double((deflated.steps + 2) * scalars) * 64), 1e6)))
  }

  private func runSpare(
    _ b: Int, _ core: CoreOperator, tolerance: Double, limit: Int
  ) throws -> Block {
    let block = spareBlock(isWritten: false)
    try run(b, block, core, tolerance: tolerance, limit: limit)
    return block
  }

  /// The block whose vectors are not kept.
  func spareBlock(isWritten: Bool) -> Block {
    let block = spare ?? Block(system, team, isWritten: isWritten)
    spare = block
    return block
  }

  /// Calls `body` with the Krylov spaces of so many blocks of probes, from those that the estimate is made
  /// of on.
  func forEachBlock(
    _ core: CoreOperator, _ count: Int, tolerance: Double, limit: Int,
    _ body: (_ index: Int, _ block: Block) throws -> Void
  ) throws {
    for b in 0..<count {
      try body(
        b,
        b < blocks.count
          ? blocks[b] : try runSpare(b, core, tolerance: tolerance, limit: limit))
    }
  }

  private func writeOut(_ core: CoreOperator) throws {
    let own = written ?? WrittenCore(system)
    (written, blocks, blockValues, steps) = (own, [], [], 1)
    try own.update(core)
    (value, standardError) = (own.logDeterminant, nil)
  }

  private func run(
    _ b: Int, _ block: Block, _ core: CoreOperator, tolerance: Double, limit: Int
  ) throws {
    let start = block.lanczos.start
    draw(b, into: start)
    block.coordinates = space.project(start)
    space.project(start)
    try block.lanczos.run(core, tolerance: 8 * tolerance, limit: limit)
    steps = max(steps, block.lanczos.steps)
  }

  /// Calls `body` with the Krylov spaces of the probes, at least `least` of them, the probes as they
  /// were drawn in a panel and what each lane counts for.
  func forEachProbe(
    _ core: CoreOperator, least: Int, tolerance: Double, limit: Int,
    _ body: (_ block: Block, _ z: Panel, _ weights: Lanes) throws -> Void
  ) throws {
    let z = Panel(count: system.coreSize)
    let count = max(blockCount, (least + 7) / 8)
    let share = Double(blockCount) / Double(count)
    try forEachBlock(core, count, tolerance: tolerance, limit: limit) { b, block in
      draw(b, into: z)
      try body(block, z, share * weights)
    }
  }

  func draw(_ b: Int, into z: Panel) { probes.fill(z, block: b, team) }

  /// log |I + E| by each probe alone; none where it is exact.
  var probeValues: [Double] {
    guard !isExact else { return [] }
    return blockValues.flatMap { values in (0..<8).map { exact + values[$0] } }
  }

  /// The sum of what is exact and the mean over probes, and its error.
  func sum(exact: Double) {
    self.exact = exact
    var total = 0.0
    for values in blockValues { total += (weights * values).sum() }
    value = exact + total
    let squares = blockValues.reduce(0.0) { sum, values in
      let deviation = values - total
      return sum + (deviation * deviation).sum()
    }
    let n = Double(probeCount)
    standardError = (squares / (n - 1) / n).squareRoot()
  }
}
