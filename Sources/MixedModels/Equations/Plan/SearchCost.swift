// SPDX-License-Identifier: GPL-2.0-or-later

/// What an evaluation costs, as far as the steps of a search depend on it.
enum SearchCost {
  case usual
  /// Two gradients for every parameter take ten seconds or more.
  case expensiveHessian
  /// An evaluation takes a good part of a second, so that every one counts.
  case expensive

  /// A gradient takes the operations of some three evaluations; ten seconds have 10¹¹ of them.
  private static let hessianFlops = 2e10

  init(_ estimate: StrategyEstimate, parameters: Int) {
    self =
      estimate.isExpensive
      ? .expensive : Double(parameters) * estimate.flops > Self.hessianFlops ? .expensiveHessian : .usual
  }
}
