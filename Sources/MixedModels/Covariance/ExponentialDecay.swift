// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Levels that are times, at any distances: exp(−κ |t − s|) between those of t and s, the correlations
/// of an Ornstein–Uhlenbeck process. The parameter is the rate κ or the range 1/κ.
struct ExponentialDecay: CorrelationStructure {
  enum Scale { case rate, range }

  let size: Int
  let parameters: [StructureParameter]
  private let scale: Scale
  /// Ascending.
  private let times: [Double]
  /// The column of every time.
  private let columns: [Int]

  /// - Throws: `StructureProblem` where columns are no levels that are different numbers.
  init(_ columns: StructuredColumns, word: String, _ scale: Scale) throws(StructureProblem) {
    let remedy =
      "Write \(word)(0 + factor(t) | g) with one column of numbers, such as days; where order alone counts, ar1()."
    guard let levels = columns.levels else {
      throw StructureProblem(
        reason: "its columns are not the levels of one factor", remedy: remedy)
    }
    var times: [(time: Double, column: Int)] = []
    for (j, level) in levels.enumerated() {
      guard let time = Double(level), time.isFinite else {
        throw StructureProblem(reason: "the level “\(level)” is no time", remedy: remedy)
      }
      times.append((time, j))
    }
    times.sort { ($0.time, $0.column) < ($1.time, $1.column) }
    if let k = times.indices.dropFirst().first(where: { times[$0].time == times[$0 - 1].time }) {
      throw StructureProblem(
        reason: "two levels are the time \(times[k].time)", remedy: "Give them one label.")
    }
    (self.times, self.columns) = (times.map(\.time), times.map(\.column))
    self.scale = scale
    size = columns.size
    let gap = Self.usualGap(self.times)
    parameters =
      Self.deviations(columns)
      + (size > 1 ? [scale == .rate ? .rate(gap: gap) : .range(gap: gap)] : [])
  }

  private static func usualGap(_ times: [Double]) -> Double {
    let gaps = zip(times.dropFirst(), times).map { $0 - $1 }.sorted()
    return gaps.isEmpty ? 1 : gaps[gaps.count / 2]
  }

  func correlationFactor(_ values: ArraySlice<Double>) -> DenseMatrix {
    let root = root(rate(values.first))
    return isInOrder ? root : root.lowerTriangularFactor
  }

  func correlationSlopes(_ values: ArraySlice<Double>) -> [DenseMatrix] {
    values.map { value in
      let κ = rate(value)
      let slope = (scale == .rate ? 1 : -κ * κ) * rootSlope(κ)
      return isInOrder ? slope : slope * root(κ).lowerTriangularRotation.Q
    }
  }

  private var isInOrder: Bool { columns == Array(columns.indices) }

  /// κ; any number where there is one time.
  private func rate(_ value: Double?) -> Double {
    guard let value else { return 1 }
    return scale == .rate ? value : 1 / value
  }

  /// The root of the correlations that takes times one after the other: e^(−κ(t_i − t_j)) times the
  /// standard deviation √(1 − e^(−2κg)) of what is new after the gap g before t_j.
  private func root(_ κ: Double) -> DenseMatrix {
    entries { distance, gap in exp(-κ * distance) * Self.innovation(κ, gap) }
  }

  /// Its derivative in κ.
  private func rootSlope(_ κ: Double) -> DenseMatrix {
    entries { distance, gap in
      let innovation = Self.innovation(κ, gap)
      let slope = gap.map { $0 * exp(-2 * κ * $0) / innovation } ?? 0
      return exp(-κ * distance) * (slope - distance * innovation)
    }
  }

  private static func innovation(_ κ: Double, _ gap: Double?) -> Double {
    gap.map { (-expm1(-2 * κ * $0)).squareRoot() } ?? 1
  }

  /// Rows in the order of columns, of what came first to last from left to right.
  private func entries(_ entry: (_ distance: Double, _ gap: Double?) -> Double) -> DenseMatrix {
    var root = DenseMatrix(rows: size, columns: size)
    for j in 0..<size {
      let gap = j == 0 ? nil : times[j] - times[j - 1]
      for i in j..<size { root[columns[i], j] = entry(times[i] - times[j], gap) }
    }
    return root
  }
}
