// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// How p-values and intervals of all differences of a family of means are adjusted for their number.
public enum MultiplicityAdjustment: String, Sendable, CaseIterable {
  case none, tukey, bonferroni, holm
}

extension MultiplicityAdjustment {
  /// Adjusted tests of all pairwise differences of `means` means.
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
      switch self {
      case .none: return test
      case .tukey where means > 2:
        p = range.cumulative(2.0.squareRoot() * abs(test.statistic), tail: .upper)
        width = range.quantile(α, tail: .upper) / 2.0.squareRoot()
      case .tukey: return test  // one difference
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
