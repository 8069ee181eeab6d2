// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// A parameter of a covariance structure.
enum StructureParameter: Sendable, Equatable {
  /// Of all columns, relative to σ.
  case commonDeviation
  /// Of one column, relative to σ.
  case deviation(column: Int)
  /// In (`above`, 1).
  case correlation(above: Double)
  /// The correlation of columns `lag` apart, given all between them, in (−1, 1); θ has it as it is.
  case autocorrelation(lag: Int)
  /// Of two columns, the later one first; where it is partial, given others, θ has it as it is.
  case pairCorrelation(Int, Int, isPartial: Bool)
  /// κ of exp(−κ |t − s|), per unit of time; `gap` is a usual distance of neighbours.
  case rate(gap: Double)
  /// ϱ of exp(−|t − s| / ϱ), in units of time.
  case range(gap: Double)
  /// Of one column on a common factor, relative to σ; 0 or another number.
  case loading(column: Int, factor: Int)
  /// The standard deviation of what a column has for itself, relative to σ.
  case specificDeviation(column: Int)
  /// A correlation or a rate of neighbours among the levels, and the axis that it is along where there are
  /// several.
  indirect case ofLevels(StructureParameter, axis: String?)

  func along(_ axis: String?) -> StructureParameter { .ofLevels(self, axis: axis) }

  /// The parameter at a coordinate of φ, which has no bounds.
  ///
  /// A common or specific deviation may have any sign, so that the criterion is smooth where it is zero;
  /// those of columns are logarithms, since signs would make another structure; correlations follow
  /// z/√(1 + z²), and so do those at a usual distance in time.
  func value(_ φ: Double) -> Double {
    switch self {
    case .commonDeviation, .loading, .specificDeviation: φ
    case .deviation: exp(φ)
    case .correlation, .autocorrelation, .pairCorrelation: least + (1 - least) * Self.share(φ)
    case .rate(let gap): -log(Self.share(φ)) / gap
    case .range(let gap): -gap / log(Self.share(φ))
    case .ofLevels(let own, _): own.value(φ)
    }
  }

  /// The coordinate for a value.
  func coordinate(_ value: Double) -> Double {
    switch self {
    case .commonDeviation, .loading, .specificDeviation: value
    case .deviation: log(max(value, Self.leastDeviation))
    case .correlation, .autocorrelation, .pairCorrelation: Self.coordinate(share: (value - least) / (1 - least))
    case .rate(let gap): Self.coordinate(share: exp(-value * gap))
    case .range(let gap): Self.coordinate(share: exp(-gap / value))
    case .ofLevels(let own, _): own.coordinate(value)
    }
  }

  /// The derivative of `value`.
  func slope(_ φ: Double) -> Double {
    let shareSlope = 0.5 * pow(1 + φ * φ, -1.5)
    switch self {
    case .commonDeviation, .loading, .specificDeviation: return 1
    case .deviation: return exp(φ)
    case .correlation, .autocorrelation, .pairCorrelation: return (1 - least) * shareSlope
    case .rate(let gap): return -shareSlope / (Self.share(φ) * gap)
    case .range(let gap):
      let share = Self.share(φ)
      return gap * shareSlope / (share * log(share) * log(share))
    case .ofLevels(let own, _): return own.slope(φ)
    }
  }

  /// Where a search begins: deviations of σ, columns independent or, in time, half alike.
  var start: Double {
    switch self {
    case .commonDeviation: 1
    case .deviation, .rate, .range: 0
    case .correlation, .autocorrelation, .pairCorrelation: coordinate(0)
    case .loading(let column, let factor): column == factor ? 1 : 0
    case .specificDeviation: 0.7
    // Where levels are independent they may be told from nothing.
    case .ofLevels(.correlation, _): coordinate(0.5)
    case .ofLevels(let own, _): own.start
    }
  }

  /// Another start, from a normal deviate and a size of the term's deviations.
  func start(_ deviate: Double, size: Double) -> Double {
    switch self {
    case .commonDeviation, .deviation, .specificDeviation: coordinate(abs(deviate) * size)
    case .loading: deviate * size
    case .correlation, .autocorrelation, .pairCorrelation, .rate, .range, .ofLevels: deviate
    }
  }

  /// The coordinate where a term has no effects; of others the middle of their range.
  var nothing: Double { isDeviation ? coordinate(0) : 0 }

  /// The size of a large step.
  func unit(_ φ: Double) -> Double {
    switch self {
    case .commonDeviation, .loading, .specificDeviation: max(abs(φ), Self.smallestUnit)
    case .deviation, .correlation, .autocorrelation, .pairCorrelation, .rate, .range, .ofLevels: 1
    }
  }

  /// The column in whose unit values are; nil where they have no such unit.
  var column: Int? {
    switch self {
    case .commonDeviation: 0
    case .deviation(let column), .loading(let column, _), .specificDeviation(let column): column
    case .correlation, .autocorrelation, .pairCorrelation, .rate, .range, .ofLevels: nil
    }
  }

  /// Whether it is a correlation between levels.
  var isLevelCorrelation: Bool {
    if case .ofLevels(.correlation, _) = self { true } else { false }
  }

  /// Whether values are multiples of a column's unit.
  var isDeviation: Bool { column != nil }

  /// Whether values have a sign that means nothing.
  var isUnsigned: Bool {
    switch self {
    case .commonDeviation, .deviation, .specificDeviation: true
    default: false
    }
  }

  /// Whether it is reported beside the standard deviations of the columns.
  var isReported: Bool {
    switch self {
    case .commonDeviation, .deviation, .pairCorrelation: false
    default: true
    }
  }

  /// Whether zero, which makes columns independent, is inside its range.
  var hasZeroInside: Bool {
    switch self {
    case .correlation, .autocorrelation: true
    default: false
    }
  }

  /// Whether θ has the value itself.
  var isItself: Bool {
    switch self {
    case .autocorrelation(let lag): lag == 1
    case .pairCorrelation(_, _, let isPartial): !isPartial
    default: true
    }
  }

  /// In θ's names, after that of the group.
  func name(_ columns: [String]) -> String {
    switch self {
    case .commonDeviation: "sd"
    case .deviation(let column): columns[column]
    case .correlation: "rho"
    case .pairCorrelation(let i, let j, _): "\(columns[i]).\(columns[j])"
    case .autocorrelation(let lag): "rho\(lag)"
    case .rate: "rate"
    case .range: "range"
    case .loading(let column, let factor): "\(columns[column]).factor\(factor + 1)"
    case .specificDeviation(let column): "\(columns[column]).specific"
    case .ofLevels(let own, let axis): own.name(columns) + (axis.map { ".\($0)" } ?? "")
    }
  }

  /// Why a value is none of the parameter's; nil for one that is.
  func problem(_ value: Double) -> String? {
    switch self {
    case .commonDeviation, .deviation, .specificDeviation:
      value >= 0 && value.isFinite ? nil : "a standard deviation is a number from 0 on"
    case .correlation, .autocorrelation, .pairCorrelation:
      value > least && value < 1 ? nil : "this correlation lies between \(least) and 1"
    case .rate, .range: value > 0 && value.isFinite ? nil : "it is a positive number"
    case .loading: value.isFinite ? nil : "it is a number"
    case .ofLevels(let own, _): own.problem(value)
    }
  }

  private var least: Double {
    if case .correlation(let least) = self { least } else { -1 }
  }

  /// Of the way through a range, in (0, 1).
  private static func share(_ φ: Double) -> Double {
    let length = (1 + φ * φ).squareRoot()
    // ½(1 + φ/√(1 + φ²)) without cancellation
    return φ < 0 ? 0.5 / (length * (length - φ)) : 0.5 + 0.5 * φ / length
  }

  private static func coordinate(share: Double) -> Double {
    let inside = min(max(2 * share - 1, -1 + 1e-12), 1 - 1e-12)
    return inside / (1 - inside * inside).squareRoot()
  }

  /// A random effect is not taken for smaller than this: from zero a search must find its way back.
  static let smallestUnit = 0.05
  /// A standard deviation that counts as zero.
  static let leastDeviation = 1e-6
}
