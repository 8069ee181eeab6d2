// SPDX-License-Identifier: GPL-2.0-or-later

/// What the optimizer did and how sure we are that it arrived.
public struct Convergence: Sendable {
  public let converged: Bool
  public let optimizer: String
  /// Of the criterion, by the search.
  public let evaluations: Int
  /// Before these, of a rough estimate of the criterion that led near the optimum for less; those are
  /// not in `trace`.
  public internal(set) var preliminaryEvaluations = 0
  /// Of the gradient, of a rough one included; those for the Hessian, whose evaluations are not counted above, included.
  public let gradients: Int
  /// From how many points the optimum was searched; one where the model is large.
  public internal(set) var starts = 1
  /// How many of these searches ended at this criterion: the others saw higher minima, or were given up.
  public internal(set) var startsAgreed = 1
  /// The largest component of the criterion's gradient in units of 1/√H_kk, so that half its square
  /// is about what the criterion could still fall along one parameter; nil without parameters.
  public let gradientMax: Double?
  /// The smallest eigenvalue of the criterion's Hessian, scaled to a unit diagonal: positive at a
  /// minimum, zero where parameters cannot be told apart.
  public let hessianMinEigenvalue: Double?
  /// A variance component or a direction of one is zero: θ lies on the boundary.
  public let isSingular: Bool
  /// In words for the user: singular fit, dropped columns, early stop.
  public internal(set) var messages: [String]
  /// Covariance parameters that the data do not determine, by the names that intervals have
  /// (`sd_(Intercept)|Subject`, `cor_…`, `sigma`); `messages` say why.
  public let notDetermined: [String]
  public let trace: [TracePoint]
}

extension Convergence {
  package init(
    _ optimizer: String, converged: Bool, evaluations: Int, gradients: Int = 0,
    gradientMax: Double? = nil,
    hessianMinEigenvalue: Double? = nil, isSingular: Bool, messages: [String],
    notDetermined: [String] = [], trace: [TracePoint]
  ) {
    self.init(
      converged: converged, optimizer: optimizer, evaluations: evaluations,
      gradients: gradients, gradientMax: gradientMax, hessianMinEigenvalue: hessianMinEigenvalue,
      isSingular: isSingular,
      messages: messages, notDetermined: notDetermined, trace: trace)
  }
}
