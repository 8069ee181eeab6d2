// SPDX-License-Identifier: GPL-2.0-or-later

package import ModelFrames

/// A grouping factor with the levels 0, 1, … and how rows get theirs.
package struct SimulatedFactor: Sendable {
  package enum Assignment: Sendable {
    /// Every row draws one of the levels with equal probability.
    case uniform
    /// Every row draws level k with probability ∝ (k + offset)^−exponent.
    case zipf(offset: Double, exponent: Double)
    /// Every level has one row; the others draw a level with probability ∝ exp(deviation × z), z
    /// standard normal, but at most `most`.
    case lognormal(deviation: Double, most: Double)
    /// The rows of a level follow each other; the sizes are multinomial with Gamma(shape) weights.
    case runs(shape: Int)
    /// The rows of a level follow each other: `least`, and the others in proportion to
    /// exp(deviation × z), z standard normal.
    case lognormalRuns(least: Int, deviation: Double)
    /// Level = child's level modulo the number of levels: the factor `child`, an index, is nested
    /// in this one.
    case parent(child: Int)
    /// Every level of the factor `worker`, an index, belongs to one level here; a share of them,
    /// the `movers`, to a second one that is at most `reach` levels away: each of its rows to
    /// either.
    case employer(of: Int, movers: Double, reach: Int)
    /// Level = row ÷ (product of the levels of the factors after `self`) modulo the levels: full
    /// crossing in order.
    case crossed
    /// Level = row ÷ `every` modulo the levels: so many rows of a level follow each other.
    case strided(every: Int)
    /// The rows of a level follow each other; every level has at least one.
    case shares(RowShares)
    /// Every row draws one of the levels by its weight.
    case random(RowShares)
    /// The same with given weights.
    case weighted([Double])
    /// Level by level along the rows of a level of the first factor whose rows stay together.
    case inTurn
    /// The levels of the factor `child`, an index, in as many equal parts as this one has levels.
    case blocks(child: Int)
    /// Every row draws one of the levels that lie in its level of the factor `parent`.
    case within(parent: Int)
    /// All rows of a level of the factor `of` have the same level: by turns without weights.
    case constant(of: Int, weights: [Double]?)
    /// The combinations of factors.
    case product([Int])
  }
  package var name: String
  package var levels: Int
  package var assignment: Assignment
  /// What is written; 0, 1, … without.
  package var labels: [String]?
  /// Number of the first level in the table where there are no labels.
  package var firstNumber = 0
  /// false for combinations, which are no column of the table.
  package var isWritten = true
}

/// A column of X's raw material.
package struct SimulatedCovariate: Sendable {
  package enum Distribution: Sendable {
    case standardNormal
    case uniform(ClosedRange<Double>)
    /// One of the texts, with equal probability; its value is its index.
    case labels([String])
    /// ½ where the sum of all factors' levels ÷ `every` is even, −½ elsewhere: varies within every
    /// level.
    case halves(every: Int)
    case normal(mean: Double, sd: Double)
    /// exp(N(mean, sd²)).
    case lognormal(mean: Double, sd: Double)
    case exponential(mean: Double)
    case gamma(shape: Double, scale: Double)
    case bernoulli(Double)
    case poisson(mean: Double)
    /// One of the numbers, with these weights.
    case values([Double], weights: [Double])
    /// One number after another along the rows of a level, see `SimulatedFactor.Assignment.inTurn`.
    case sequence([Double])
  }
  package var name: String
  package var distribution: Distribution
  /// The factor all rows of whose levels have the same value.
  package var constantWithin: Int?
  private var ownDecimals: Int?

  package init(
    name: String, distribution: Distribution, decimals: Int? = nil, constantWithin: Int? = nil
  ) {
    (self.name, self.distribution) = (name, distribution)
    (ownDecimals, self.constantWithin) = (decimals, constantWithin)
  }

  /// Decimals in the table; the values are rounded to them before the response is computed.
  package var decimals: Int {
    if let ownDecimals { return ownDecimals }
    return switch distribution {
    case .standardNormal, .uniform: 5
    case .halves: 1
    default: 0
    }
  }
}

/// A column of X or Z: the product of covariates, of the indicator of a label, of expressions and
/// of what levels stand for; 1 without any.
package struct SimulatedColumn: Sendable {
  /// Indices of covariates.
  package var numbers: [Int] = []
  package var indicator: (covariate: Int, label: Int)?
  package var expressions: [Expression] = []
  /// A number for every level of a factor, given by its index.
  package var levelValues: [(factor: Int, values: [Double])] = []

  package static let intercept = SimulatedColumn()
  package static func number(_ covariates: Int...) -> SimulatedColumn {
    SimulatedColumn(numbers: covariates)
  }
  package static func indicator(_ covariate: Int, label: Int) -> SimulatedColumn {
    SimulatedColumn(indicator: (covariate, label))
  }
}

/// A column of X with its coefficient.
package struct SimulatedEffect: Sendable {
  /// β.
  package var coefficient: Double
  package var column: SimulatedColumn
}

/// b ~ N(0, LLᵀ) for every level of a factor.
package struct SimulatedRandomTerm: Sendable {
  /// Index of the factor.
  package var factor: Int
  package var columns: [SimulatedColumn]
  /// Rows of the lower triangle of L, on the scale of the response.
  package var covarianceFactor: [[Double]]
}
