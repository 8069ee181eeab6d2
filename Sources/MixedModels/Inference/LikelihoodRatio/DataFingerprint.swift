// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What two models must have in common for their likelihoods to be comparable: the rows, as far as
/// sums can tell them apart.
struct DataFingerprint {
  let response: String
  let observations: Int
  let sumOfWeights: Double
  let sumOfLogWeights: Double
  /// Weighted mean and mean square about it of the response less offsets.
  let mean: Double
  let variance: Double

  init(_ fitted: FittedModel) {
    let products = fitted.products
    response = fitted.formula.response.deparsed
    observations = products.observations
    sumOfWeights = products.sumOfWeights
    sumOfLogWeights = products.sumOfLogWeights
    // y = predictor + s · rest; column 0 is the rest, column 1 the constant.
    let all = products.fixed.matrix
    let s = products.basis.responseScale
    let predictor = products.basis.predictor
    let total = all[1, 1]
    var sum = s * all[0, 1]
    var shifted = predictor
    for k in predictor.indices { sum += predictor[k] * all[1, k + 1] }
    mean = sum / total
    shifted[0] -= mean
    var square = s * s * all[0, 0]
    for j in shifted.indices {
      square += 2 * s * shifted[j] * all[0, j + 1]
      for k in shifted.indices { square += shifted[j] * shifted[k] * all[j + 1, k + 1] }
    }
    variance = square / total
  }

  /// What differs, in words; nil if nothing does.
  func difference(from other: DataFingerprint) -> String? {
    if observations != other.observations {
      return
        "they have \(other.observations) and \(observations) rows. Rows with a missing value in a used column are left out: use a table without missing values in the columns of both models"
    }
    if response != other.response {
      return "their responses are \(other.response) and \(response)"
    }
    func differs(_ a: Double, _ b: Double, _ size: Double) -> Bool { abs(a - b) > 1e-8 * size }
    if differs(sumOfWeights, other.sumOfWeights, sumOfWeights)
      || differs(sumOfLogWeights, other.sumOfLogWeights, abs(sumOfLogWeights) + 1)
    {
      return "their prior weights differ"
    }
    let sd = max(variance, 0).squareRoot()
    if differs(mean, other.mean, sd + 1e-6 * abs(mean))
      || differs(variance, other.variance, variance)
    {
      return
        "the values of their responses (less offsets) differ, or other rows were left out for missing values"
    }
    return nil
  }
}
