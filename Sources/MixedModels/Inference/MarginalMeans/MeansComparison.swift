// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames

/// Which combinations of marginal means are tested, within every group.
public enum MeansComparison: Sendable, Equatable {
  /// Every mean less each of those behind it.
  case pairwise
  /// Each mean less that of one level, of the first where nil.
  case control(String?)
  /// Each mean less the one before it.
  case consecutive
  /// Orthogonal polynomials over equally spaced levels, in whole numbers, to the sixth degree.
  case polynomial
  /// Weights of all means in their order.
  case custom([Weights])

  public struct Weights: Sendable, Equatable {
    public let name: String
    public let values: [Double]

    public init(name: String, values: [Double]) { (self.name, self.values) = (name, values) }
  }

  /// In reports.
  public var word: String {
    switch self {
    case .pairwise: "pairwise"
    case .control: "control"
    case .consecutive: "consecutive"
    case .polynomial: "polynomial"
    case .custom: "custom"
    }
  }

  /// What tests of such combinations are adjusted by unless somebody says otherwise; those of emmeans, but
  /// Sidak's for consecutive differences, where emmeans draws from a multivariate t.
  public var usualAdjustment: MultiplicityAdjustment {
    switch self {
    case .pairwise: .tukey
    case .control: .dunnett
    case .consecutive: .sidak
    case .polynomial, .custom: .none
    }
  }

  /// How many there are of so many means.
  func count(of means: Int) -> Int {
    switch self {
    case .pairwise: means * (means - 1) / 2
    case .control, .consecutive: max(means - 1, 0)
    case .polynomial: min(max(means - 1, 0), 6)
    case .custom(let all): all.count
    }
  }

  /// One combination: weights of some means by their places.
  struct Combination {
    let name: String
    let weights: [(place: Int, weight: Double)]

    /// Whether the weights add up to zero, so that it compares.
    var isContrast: Bool {
      let sum = weights.reduce(0) { $0 + $1.weight }
      return abs(sum) < 1e-6 * (1e-6 + weights.reduce(0) { max($0, abs($1.weight)) })
    }
  }

  /// Of the means of one group.
  ///
  /// - Parameters:
  ///   - names: Of the means, as emmeans has them in differences.
  ///   - labels: Their levels.
  ///   - sign: Between two means: −, or / where the difference is a logarithm of a ratio.
  /// - Throws: `InferenceError` for an unknown control, and for weights of another number.
  func combinations(
    _ names: [String], labels: [String], sign: String
  ) throws(InferenceError) -> [Combination] {
    func difference(_ a: Int, _ b: Int) -> Combination {
      Combination(name: "\(names[a]) \(sign) \(names[b])", weights: [(a, 1), (b, -1)])
    }
    switch self {
    case .pairwise:
      return names.indices.flatMap { a in
        names.indices.dropFirst(a + 1).map { difference(a, $0) }
      }
    case .control(let level):
      let control = try place(of: level, names, labels)
      return names.indices.filter { $0 != control }.map { difference($0, control) }
    case .consecutive: return names.indices.dropFirst().map { difference($0, $0 - 1) }
    case .polynomial: return Self.polynomials(names.count)
    case .custom(let all):
      return try all.map { (one) throws(InferenceError) in
        guard one.values.count == names.count else {
          throw .refused(
            "the combination “\(one.name)” has \(one.values.count) weights, and there are \(names.count) means: \(names.joined(separator: ", "))."
          )
        }
        return Combination(
          name: one.name, weights: zip(names.indices, one.values).filter { $0.1 != 0 })
      }
    }
  }

  private func place(
    of level: String?, _ names: [String], _ labels: [String]
  ) throws(InferenceError) -> Int {
    guard let level else { return 0 }
    guard let place = names.firstIndex(of: level) ?? labels.firstIndex(of: level) else {
      throw .refused(
        "there is no mean “\(level)” to compare with. There are \(labels.prefix(12).joined(separator: ", "))."
      )
    }
    return place
  }

  private static let degrees = ["linear", "quadratic", "cubic", "quartic", "degree 5", "degree 6"]

  private static func polynomials(_ count: Int) -> [Combination] {
    guard count > 1 else { return [] }
    let columns = OrthogonalPolynomials.equallySpaced(count, degree: degrees.count)
    return zip(degrees, columns).map { name, column in
      Combination(name: name, weights: Array(zip(column.indices, wholeNumbers(column))))
    }
  }

  /// A multiple whose entries are whole numbers, as emmeans finds it.
  private static func wholeNumbers(_ column: [Double]) -> [Double] {
    func rest(_ values: [Double]) -> Double { values.map { abs($0 - rint($0)) }.max() ?? 0 }
    let least = column.filter { $0 > 0.01 }.min() ?? column.map(abs).max() ?? 1
    var values = column.map { $0 / least }
    for _ in 0..<20 where rest(values) > 0.05 {
      let unit = rest(values)
      values = values.map { $0 / unit }
    }
    return values.map { rint($0) }
  }
}
