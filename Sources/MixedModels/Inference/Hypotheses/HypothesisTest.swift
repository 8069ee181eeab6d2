// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// The F test of a linear hypothesis, as a line of lmerTest's tables.
public struct FTest: Sendable {
  /// What is tested: a term, or hypotheses in words.
  public let name: String
  /// meanSquare · numeratorDF; nil with everything else where nothing is left to test, and where the
  /// residuals are correlated.
  public let sumOfSquares: Double?
  /// σ² times the F statistic before scaling.
  public let meanSquare: Double?
  /// The rank of the hypothesis.
  public let numeratorDF: Int
  /// Infinite where F · numeratorDF is taken as χ²; nil where the approximation breaks down.
  public let denominatorDF: Double?
  /// `scaling` included.
  public let statistic: Double?
  /// Kenward and Roger's λ; 1 for other methods.
  public let scaling: Double?
  public let pValue: Double?
  /// Of `denominatorDF` where that comes from random probes.
  public var denominatorDFError: Double?
}

/// The t test of one linear combination of coefficients.
public struct TTest: Sendable {
  public let name: String
  public let estimate: Double
  /// The value under the hypothesis.
  public let value: Double
  public let standardError: Double
  public let df: Double?
  /// (estimate − value) / standardError.
  public let statistic: Double
  public let pValue: Double?
  public let confidenceInterval: (low: Double, high: Double)?
  /// Of `df` where that comes from random probes.
  public var dfError: Double?
}

extension FittedModel {
  /// F test of a hypothesis in working coordinates.
  ///
  /// - Parameter estimates: What the hypothesis is of, and the method's covariance; nil: β.
  func test(
    _ name: String, _ hypothesis: LinearHypothesis, _ method: any DenominatorDegreesOfFreedom,
    estimates: [Double]? = nil
  ) -> FTest {
    let rank = hypothesis.rank
    guard rank <= method.largestRank else {
      return FTest(
        name: name, sumOfSquares: nil, meanSquare: nil, numeratorDF: rank, denominatorDF: nil,
        statistic: nil, scaling: nil, pValue: nil)
    }
    let basis = hypothesis.basis
    var C = basis.multipliedByTransposeOnLeft(method.covariance * basis)
    guard rank > 0, (try? DenseCholesky.factorize(&C)) != nil else {
      return FTest(
        name: name, sumOfSquares: nil, meanSquare: nil, numeratorDF: 0, denominatorDF: nil,
        statistic: nil, scaling: nil, pValue: nil)
    }
    var deviation = hypothesis.deviation(estimates ?? coefficients.β)
    DenseCholesky.solveLower(C, &deviation)
    let unscaled = dot(deviation, deviation) / Double(rank)
    let denominator = method.denominator(hypothesis)
    let statistic = denominator.scaling * unscaled
    // Without a σ there is nothing that squares could be compared with.
    let meanSquare = repeated == nil ? unscaled * coefficients.variance : nil
    return FTest(
      name: name, sumOfSquares: meanSquare.map { $0 * Double(rank) }, meanSquare: meanSquare,
      numeratorDF: rank, denominatorDF: denominator.degreesOfFreedom, statistic: statistic,
      scaling: denominator.scaling,
      pValue: denominator.degreesOfFreedom.map {
        FisherF(numerator: Double(rank), denominator: $0).cumulative(statistic, tail: .upper)
      }, denominatorDFError: denominator.standardError)
  }

  /// t test of one combination, `row` in working coordinates, with an interval that covers `level`.
  ///
  /// - Parameter estimates: What the row is of, and the method's covariance; nil: β in working coordinates.
  func test(
    _ name: String, row: [Double], value: Double = 0, level: Double = 0.95,
    _ method: any DenominatorDegreesOfFreedom, estimates: [Double]? = nil
  ) throws -> TTest {
    let hypothesis = try LinearHypothesis(
      rows: DenseMatrix(rows: 1, columns: row.count, storage: row), values: [value])
    return tTest(
      name, estimate: dot(row, estimates ?? coefficients.β), value: value, level: level,
      variance: dot(row, method.covariance * row),
      hypothesis.rank == 1 ? method.denominator(hypothesis) : nil)
  }

  func tTest(
    _ name: String, estimate: Double, value: Double, level: Double, variance: Double,
    _ denominator: Denominator?
  ) -> TTest {
    let df = denominator?.degreesOfFreedom
    let standardError = max(variance, 0).squareRoot()
    let statistic = (estimate - value) / standardError
    let t = df.map { StudentT(degreesOfFreedom: $0) }
    let margin = t.map { $0.quantile((1 - level) / 2, tail: .upper) * standardError }
    return TTest(
      name: name, estimate: estimate, value: value, standardError: standardError, df: df,
      statistic: statistic, pValue: t.map { $0.twoSided(statistic) },
      confidenceInterval: margin.map { (estimate - $0, estimate + $0) },
      dfError: denominator?.standardError)
  }

  /// Tests of the single coefficients that were kept, in order.
  ///
  /// - Throws: `InferenceError` where the method does not fit the model.
  public func coefficientTests(
    _ method: DegreesOfFreedomMethod, level: Double = 0.95
  ) throws -> [TTest] {
    try ValueRange.coverage.check(level, "level")
    let ddf = try degreesOfFreedom(method)
    // R⁻ᵀ, whose columns multiply the working coefficients.
    var rows = DenseMatrix.identity(model.fixedEffectCount)
    DenseCholesky.solveUpperTransposed(model.fixed.R, &rows)
    let estimates = rows.multipliedByTransposeOnLeft(coefficients.β)
    let variances = ddf.covariance.quadraticForms(rows)
    let denominators = try ddf.denominators(rows)
    return model.fixed.kept.enumerated().map { k, column in
      tTest(
        model.fixed.names[column], estimate: estimates[k], value: 0, level: level,
        variance: variances[k], denominators[k])
    }
  }

  /// The adjusted covariance of the kept coefficients that a method uses, p × p, by rows.
  public func coefficientCovariance(_ method: DegreesOfFreedomMethod) throws -> [[Double]] {
    let half = model.fixed.solveR(try degreesOfFreedom(method).covariance)
    let covariance = model.fixed.solveR(half.transposed)
    return (0..<covariance.rows).map { i in (0..<covariance.columns).map { covariance[i, $0] } }
  }
}

extension FixedCoordinates {
  /// R⁻ᵀ l: what multiplies the working coefficients where l multiplies the kept reported ones.
  package func workingRow(_ l: [Double]) -> [Double] {
    var row = l
    DenseCholesky.solveUpperTransposed(R, &row)
    return row
  }
}

/// What to say of degrees of freedom that come from random probes: nothing of exact ones.
package func probeNotes(_ degreesOfFreedom: [(value: Double?, error: Double?)]) -> [String] {
  let shares = degreesOfFreedom.compactMap { value, error in
    value.flatMap { value in error.map { $0 / value } }
  }
  guard let largest = shares.max() else { return [] }
  let percent = NumberColumn([100 * largest], digits: 2).cells[0]
  return [
    "the matrices of Kenward and Roger's method would not fit into memory: its traces come from random probes, and degrees of freedom have standard errors of up to \(percent) %"
  ]
}
