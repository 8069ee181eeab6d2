// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// How p-values and intervals of all comparisons of a family of means are adjusted for their number.
public enum MultiplicityAdjustment: String, Sendable, CaseIterable {
  /// What belongs to the kind of comparison.
  case automatic
  case none
  /// Of pairwise differences.
  case tukey
  /// Of differences from one control.
  case dunnett
  case sidak, bonferroni, holm
}

extension MultiplicityAdjustment {
  /// Adjusted tests of comparisons of `means` means.
  ///
  /// Intervals are those of Bonferroni where the adjustment is Holm's, which has none. Tukey's takes
  /// the studentized range for every difference with its own degrees of freedom, as emmeans does.
  func adjusted(_ tests: [TTest?], means: Int, level: Double) -> [TTest?] {
    let known = tests.compactMap(\.self)
    let count = Double(known.count)
    let holm = self == .holm ? Self.holm(known.map(\.pValue)) : []
    var index = 0
    return tests.map { test in
      guard let test, let df = test.df else { return test }
      defer { index += 1 }
      let α = 1 - level
      let t = StudentT(degreesOfFreedom: df)
      let range = StudentizedRange(count: means, degreesOfFreedom: df)
      let p: Double?
      let width: Double
      // emmeans adjusts nothing where there is one test.
      if known.count == 1, self != .tukey { return test }
      switch self {
      case .none, .automatic: return test
      case .tukey where means > 2:
        p = range.cumulative(2.0.squareRoot() * abs(test.statistic), tail: .upper)
        width = range.quantile(α, tail: .upper) / 2.0.squareRoot()
      case .tukey: return test  // one difference
      case .dunnett:
        let dunnett = DunnettDistribution(count: count, degreesOfFreedom: df)
        p = dunnett.upperTail(abs(test.statistic))
        width = dunnett.quantile(upper: α)
      case .sidak:
        p = test.pValue.map { Self.sidak($0, count: count) }
        width = t.quantile(Self.sidakShare(α, count: count) / 2, tail: .upper)
      case .bonferroni:
        p = test.pValue.map { min(1, count * $0) }
        width = t.quantile(α / (2 * count), tail: .upper)
      case .holm:
        p = holm[index]
        width = t.quantile(α / (2 * count), tail: .upper)
      }
      let margin = width * test.standardError
      return TTest(
        name: test.name, estimate: test.estimate, value: test.value,
        standardError: test.standardError, df: df, statistic: test.statistic,
        pValue: p.flatMap { $0.isFinite ? $0 : nil },
        confidenceInterval: margin.isFinite
          ? (test.estimate - margin, test.estimate + margin) : nil, dfError: test.dfError)
    }
  }

  /// 1 − (1 − p)^count, exact for small p, too.
  static func sidak(_ p: Double, count: Double) -> Double { -expm1(count * log1p(-p)) }

  /// The level of every one of `count` intervals.
  private static func sidakShare(_ α: Double, count: Double) -> Double {
    -expm1(log1p(-α) / count)
  }

  /// R's `p.adjust(method = "holm")`.
  private static func holm(_ p: [Double?]) -> [Double?] {
    let order = p.indices.filter { p[$0] != nil }.sorted { p[$0]! < p[$1]! }
    var (adjusted, largest) = ([Double?](repeating: nil, count: p.count), 0.0)
    for (place, k) in order.enumerated() {
      largest = max(largest, min(1, Double(order.count - place) * p[k]!))
      adjusted[k] = largest
    }
    return adjusted
  }
}
