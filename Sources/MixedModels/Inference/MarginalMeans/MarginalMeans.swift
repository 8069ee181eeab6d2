// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Estimated marginal means: the fixed part at a reference grid, averaged over what is not asked for
/// (Searle, Speed & Milliken 1980; Lenth's R package emmeans).
///
/// Numbers stand at their means over the rows, also inside of functions and polynomials, and factors
/// are averaged over their levels; a factor that is nested in others (`FactorNesting`) over those that
/// occur in each of theirs. Cells that do not occur make other means inestimable.
public struct MarginalMeans: Sendable {
  public struct Mean: Sendable {
    /// Values of `variables`, then of `groups`.
    public let labels: [String]
    /// nil where the mean cannot be estimated; the test is that it is zero.
    public let test: TTest?
    /// Why it cannot.
    public let reason: String?
  }
  public struct Difference: Sendable {
    public let name: String
    /// Values of `groups`.
    public let labels: [String]
    public let test: TTest?
    public let reason: String?
  }
  public let formula: String
  public let specification: MeansSpecification
  public let method: DegreesOfFreedomMethod
  /// Coverage of the intervals.
  public let level: Double
  public let weights: MeansWeights
  public let adjustment: MultiplicityAdjustment
  /// Numbers and chosen levels where means are looked at.
  public let fixedValues: [(name: String, values: [String])]
  /// Factors averaged over.
  public let averaged: [String]
  public let means: [Mean]
  /// All pairwise ones within every group; nil unless asked for.
  public let differences: [Difference]?
  public let messages: [String]
}

/// What marginal means to compute, and how.
public struct MeansOptions: Sendable {
  public var method = DegreesOfFreedomMethod.satterthwaite
  public var level = 0.95
  public var weights = MeansWeights.equal
  /// Values of variables, for numbers instead of their means.
  public var values: [String: [String]] = [:]
  public var wantsDifferences = false
  public var adjustment = MultiplicityAdjustment.tukey

  public init() {}
}

extension FittedModel {
  private static let mostDifferences = 1_000_000

  /// Marginal means of the combinations of some variables of the fixed part.
  ///
  /// - Throws: `InferenceError` for unknown variables and values, and where the method does not fit
  ///   the model.
  public func marginalMeans(
    _ specification: MeansSpecification, _ options: MeansOptions = MeansOptions()
  ) throws -> MarginalMeans {
    try ValueRange.coverage.check(options.level, "level")
    let grid = try ReferenceGrid(self, at: options.values)
    let nesting = try FactorNesting(self, grid)
    let rows = try MeansRows(self, grid, nesting, specification, options.weights)
    let specification = MeansSpecification(
      text: specification.text, variables: specification.variables, groups: rows.groups)
    let ddf = try degreesOfFreedom(options.method)
    let columns = try fixedColumns(.fitted)
    func tested(_ name: String, _ c: [Double]) throws -> (test: TTest?, reason: String?) {
      let (row, aliased) = estimableRow(c, columns)
      if let aliased {
        return (
          nil, "the column \(aliased) depends on others, or its cell has no rows, and was dropped"
        )
      }
      return (try test(name, row: row, level: options.level, ddf), nil)
    }
    let means = try rows.cells.map { cell in
      let (test, reason) = try tested(cell.labels.joined(separator: " "), cell.row)
      return MarginalMeans.Mean(labels: cell.labels, test: test, reason: reason)
    }
    var differences: [MarginalMeans.Difference]?
    if options.wantsDifferences {
      let count = rows.families.reduce(0) { $0 + $1.count * ($1.count - 1) / 2 }
      guard count <= Self.mostDifferences else {
        throw InferenceError.refused(
          "there are \(count) pairwise differences, and \(Self.mostDifferences) is the limit. Fix some factors by \(Setting.gridValues(of: "FACTOR", "LEVEL")), or write some behind |."
        )
      }
      differences = try rows.families.flatMap { family in
        let pairs = family.indices.flatMap { i in
          family.indices.dropFirst(i + 1).map { (family[i], family[$0]) }
        }
        let tests = try pairs.map { a, b in
          try tested(
            "\(a.name) - \(b.name)", zip(a.row, b.row).map { $0 - $1 })
        }
        let adjusted = options.adjustment.adjusted(
          tests.map(\.test), means: family.count, level: options.level)
        return pairs.indices.map { k in
          MarginalMeans.Difference(
            name: "\(pairs[k].0.name) - \(pairs[k].1.name)",
            labels: Array(pairs[k].0.labels.suffix(rows.groups.count)),
            test: adjusted[k], reason: tests[k].reason)
        }
      }
    }
    return MarginalMeans(
      formula: fit.formula, specification: specification, method: options.method,
      level: options.level, weights: options.weights, adjustment: options.adjustment,
      fixedValues: grid.variables.filter { !$0.isFactor || $0.isGiven }.map {
        ($0.name, $0.values.map(\.text))
      }, averaged: rows.averaged, means: means, differences: differences,
      messages: marginalMeansNotes(nesting))
  }

  private func marginalMeansNotes(_ nesting: FactorNesting) -> [String] {
    var notes = nesting.descriptions.map { "nested factors: \($0)" }
    if case .column = formula.response {
    } else {
      notes.append("results are on the scale of \(formula.response.deparsed)")
    }
    if !products.basis.offsets.isEmpty { notes.append("the offset is taken as zero") }
    return notes
  }
}
