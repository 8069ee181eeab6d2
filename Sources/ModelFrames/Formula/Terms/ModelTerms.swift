// SPDX-License-Identifier: GPL-2.0-or-later

/// The terms of one side of a formula, with R's order and labels.
public struct ModelTerms: Sendable, Hashable {
  public let hasIntercept: Bool
  /// The variables of the terms, in order of first appearance.
  public let variables: [Variable]
  /// Ascending indices into `variables`; by degree, then as they appear; no duplicates.
  public let terms: [[Int]]

  init(hasIntercept: Bool, variables: [Variable] = [], terms: [[Int]] = []) {
    self.hasIntercept = hasIntercept
    self.variables = variables
    self.terms = terms
  }

  /// R's label: the names of the variables joined by colons, "a:b".
  public func label(of term: [Int]) -> String {
    term.map { variables[$0].name }.joined(separator: ":")
  }
}
