// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Finds the φ of least criterion, and does not trust its first answer.
///
/// No coordinate is bounded. The criterion depends on λλᵀ only, so a column of λ may change its
/// sign: a bound at λ_ii = 0 with something below the diagonal would be a wall in the middle of
/// smooth country, and searches do end at such walls. Where a variance is zero the criterion is
/// even in φ and smooth, with its minimum at zero.
struct CriterionSearch {
  enum Method: Equatable {
    case derivativeFree(MinimizerAlgorithm)
    /// A trust region with exact gradients.
    case newton

    var name: String {
      switch self {
      case .derivativeFree(let algorithm): algorithm.rawValue
      case .newton: "newton"
      }
    }
  }

  struct Outcome {
    /// The method's name.
    var optimizer: String
    var φ: [Double]
    var value: Double
    var converged: Bool
    var messages: [String]
    /// Every evaluation in order: φ, criterion, seconds since the start.
    var trace: [Evaluation]
    /// Evaluations before these, of a rougher criterion that led to where the first of these is.
    var preliminaryEvaluations = 0
    /// Gradients computed, those for the curvature included.
    var gradients: Int
    /// Starts of searches, and how many of them led here.
    var starts = 1
    var startsAgreed = 1
    /// Searches that went below this value, to where there is none: rows are explained exactly, or correlations
    /// are ±1.
    var falls = 0
    /// nil if it cannot be computed.
    var curvature: CriterionCurvature?
    /// Median seconds of one evaluation.
    var evaluationSeconds: Double
  }

  struct Evaluation {
    var φ: [Double]
    var value: Double
    var seconds: Double
  }

  let method: Method
  let maximumEvaluations: Int
  /// Change of the criterion per row at which a derivative-free search stops.
  ///
  /// Not relative to the criterion, whose size depends on the units of the response.
  let tolerance: Double
  /// n, the rows of the data.
  let rows: Double
  /// An evaluation costs next to nothing: search again from where the first search ended, to be
  /// sure.
  let isThorough: Bool
  /// Evaluations up to which other starts are tried; 0: none but the given ones.
  let surveyEvaluations: Int
  let cost: SearchCost
  let covariance: RelativeCovariance
  /// Levels of each group.
  let levels: [Int]
  let progress: ((Int, [Double], Double, Double) throws -> Void)?

  var isExpensive: Bool { cost == .expensive }

  /// The entries among φ of every block that has any.
  var blocks: [Range<Int>] { covariance.blockRanges.filter { !$0.isEmpty } }
  /// Every column of every λ among φ; the diagonal entry is the first.
  var columns: [Range<Int>] { covariance.columnRanges }

  // Steps and final accuracy in units of a block's size.
  static let firstStep = 0.3
  static let restartStep = 0.003
  var lastStep: Double { isThorough ? 1e-6 : 1e-5 }
  static let maximumRestarts = 20
  /// A diagonal entry of λ below this is tried at zero.
  static let nearZero = 1e-3
}
