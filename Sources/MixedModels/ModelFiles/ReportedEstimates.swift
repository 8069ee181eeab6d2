// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What the report in a model file says for readers in other languages, as far as it follows from
/// one evaluation of the criterion.
///
/// This program computes it again and does not use it: but what others read must be the same fit.
struct ReportedEstimates {
  // What a report does not say is not compared.
  let criterion: Double?
  let sigma: Double?
  let theta: [Double?]
  /// Of the columns that were kept.
  let coefficients: [Double]

  /// - Throws: `MalformedMember`.
  init(_ text: String) throws(MalformedMember) {
    guard let value = JSONParser.value(of: text) else {
      throw MalformedMember(
        name: SavedOptimum.reportMember, "it is no JSON, or has a name twice in one object")
    }
    do throws(MalformedMember) {
      let json = JSONMember(name: "", value: value)
      criterion = try json.optional("criterion")?.double
      sigma = try json.optional("sigma")?.double
      theta = try json["theta"]["values"].elements.map { (value) throws(MalformedMember) in
        if case .null = value.value { return nil }
        return try value.double
      }
      let rows = try json["fixed"].elements
      var coefficients: [Double] = []
      for row in rows {
        if let estimate = try row.optional("estimate") { coefficients.append(try estimate.double) }
      }
      self.coefficients = coefficients
    } catch {
      throw MalformedMember(name: error.words(in: SavedOptimum.reportMember))
    }
  }

  /// What differs from the estimates at the saved optimum by more than rounding and iterations do;
  /// nil if nothing does.
  func difference(from optimum: Optimum, _ model: LinearMixedModel) -> String? {
    let estimates = optimum.estimates
    func differ(_ a: Double?, _ b: Double, _ size: Double) -> Bool {
      a.map { !(abs($0 - b) <= size) } ?? false
    }
    let value = optimum.outcome.value
    // Of least squares it need not be computed again.
    let hasCriterion = !(model.groups.isEmpty && value.isNaN)
    if hasCriterion, differ(criterion, value, 1e-9 * max(1, abs(value))) { return "criterion" }
    if differ(sigma, estimates.sigma, 1e-5 * estimates.sigma) { return "sigma" }
    let θ = model.covariance.theta(optimum.outcome.φ)
    let largest = θ.reduce(0) { max($0, abs($1)) }
    guard theta.count == θ.count,
      !zip(theta, θ).contains(where: { differ($0, $1, 1e-5 * (abs($1) + 1e-3 * largest)) })
    else { return "theta" }
    if let all = model.reportedCoefficients(estimates)?.compactMap(\.self) {
      guard coefficients.count == all.count else { return "fixed" }
      let size = 1e-5 * estimates.sigma
      return zip(coefficients, all).contains { differ($0, $1, size + 1e-6 * abs($1)) } ? "fixed" : nil
    }
    guard coefficients.count == estimates.β.count else { return "fixed" }
    for (k, β) in estimates.β.enumerated() {
      let error = estimates.vcov[k, k].squareRoot()
      if differ(coefficients[k], β, 1e-3 * error + 1e-9 * abs(β)) { return "fixed" }
    }
    return nil
  }
}
