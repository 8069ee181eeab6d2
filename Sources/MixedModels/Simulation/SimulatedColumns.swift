// SPDX-License-Identifier: GPL-2.0-or-later

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
  }
  package var name: String
  package var levels: Int
  package var assignment: Assignment
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
  }
  package var name: String
  package var distribution: Distribution

  /// Decimals in the table; the values are rounded to them before the response is computed.
  package var decimals: Int {
    switch distribution {
    case .standardNormal, .uniform: 5
    case .labels: 0
    case .halves: 1
    }
  }
}

/// A column of X or Z: the product of covariates, and of the indicator of a label; 1 without
/// either.
package struct SimulatedColumn: Sendable {
  /// Indices of covariates.
  package var numbers: [Int] = []
  package var indicator: (covariate: Int, label: Int)?

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
