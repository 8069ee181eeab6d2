// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// log |I + E| and its derivative Ē at the entries of E:
///
///     log |I + E| = −½ tr E² + tr f(E),   f(x) = log(1 + x) − x + x²/2,
///
/// of which the first is a sum of squares and the second the mean over probes of zᵀf(E)z by Lanczos' method. E is
/// written out in full, and nothing left to chance, where it is small.
final class RemainderEstimate {
  private let remainder: ScaledRemainder
  /// Scalar of the model of every row, so that probes do not depend on the order.
  private let scalars: [Int]
  private let seed: UInt64
  private let lanczos: PanelLanczos
  private var vectors: SlopeVectors?
  /// Parallel to the values of E.
  let slopes: OwnedBuffer<Double>
  private(set) var probeCount: Int
  private(set) var value = 0.0
  /// By each probe alone; none where nothing is left to chance.
  private(set) var probeValues: [Double] = []
  private(set) var steps = 0

  init(_ remainder: ScaledRemainder, scalars: [Int], probes: Int, seed: UInt64) {
    (self.remainder, self.scalars, self.seed) = (remainder, scalars, seed)
    probeCount = (probes + 7) / 8 * 8
    lanczos = PanelLanczos(size: remainder.size, remainder.team, isWritten: true)
    slopes = OwnedBuffer(repeating: 0, count: remainder.E.values.count)
  }

  func setProbeCount(_ count: Int) { probeCount = (count + 7) / 8 * 8 }

  /// Rows up to which E is written out whatever the number of probes.
  private static let small = 256

  var isExact: Bool { remainder.size <= max(Self.small, probeCount) }

  /// Of the value over the choice of probes; nil where it is exact.
  var standardError: Double? {
    guard !isExact else { return nil }
    let n = Double(probeValues.count)
    let squares = probeValues.reduce(0) { $0 + ($1 - value) * ($1 - value) }
    return (squares / (n - 1) / n).squareRoot()
  }

  /// - Parameter tolerance: What the sum may lack for want of steps.
  /// - Throws: `CholmodError.notPositiveDefinite`, `FitError.slowSpectrum`.
  func update(tolerance: Double, limit: Int) throws {
    (probeValues, steps) = ([], 0)
    if isExact { return try writeOut() }
    value = 0
    try estimate(blocks: 0..<probeCount / 8, tolerance: tolerance, limit: limit) { probeValues += $0 }
    value = probeValues.reduce(0, +) / Double(probeValues.count)
  }

  /// Ē by some probes, eight by eight.
  func estimate(
    blocks: Range<Int>, tolerance: Double, limit: Int, _ body: ([Double]) -> Void = { _ in }
  ) throws {
    let E = remainder.E
    for k in 0..<E.values.count { slopes.start[k] = -E.values.start[k] }
    for b in blocks {
      let z = lanczos.start
      remainder.forEachPart { _, rows in
        for i in rows { z[i] = ProbeVectors.entries(of: scalars[i], block: b, seed: seed) }
      }
      try lanczos.run(tolerance: 8 * tolerance, limit: limit) { k, result in
        remainder.apply(lanczos.q[k], result: result)
      }
      steps = max(steps, lanczos.steps)
      let exact = -0.5 * remainder.squares
      body((0..<8).map { exact + lanczos.values[$0] })
      let vectors = try SlopeVectors(
        lanczos, weights: Lanes(repeating: 1 / Double(8 * blocks.count)), reusing: vectors)
      self.vectors = vectors
      remainder.forEachPart { _, rows in vectors.add(to: slopes.start, E, rows) }
    }
  }

  /// In full: (I + E)⁻¹ off its diagonal.
  private func writeOut() throws {
    let (E, n) = (remainder.E, remainder.size)
    steps = 1
    guard n > 0 else { return }
    var A = DenseMatrix.identity(n)
    for i in 0..<n { E.forEachPartner(i) { partner, k in A[i, Int(partner)] = E.values.start[k] } }
    do { try DenseCholesky.factorize(&A) } catch {
      throw CholmodError.notPositiveDefinite(column: error.column)
    }
    value = DenseCholesky.logDeterminant(factor: A)
    let inverse = DenseCholesky.inverse(factor: A)
    for i in 0..<n { E.forEachPartner(i) { partner, k in slopes.start[k] = inverse[i, Int(partner)] } }
  }
}
