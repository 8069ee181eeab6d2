// SPDX-License-Identifier: GPL-2.0-or-later

/// One random-effects term, `(terms | grouping)`.
public struct RandomTerm: Sendable, Hashable {
  /// The left-hand side, with an implicit intercept.
  public let terms: ModelTerms
  /// The factors whose interaction groups the rows, in the order of the name.
  public let grouping: [Variable]
  /// lme4's name: "g", "a:b", "b:a" for the inner factor of `a/b`, "c:(b:a)" for `a/b/c`.
  public let groupName: String
  /// Whether it was written with `||`: no correlation between any two columns, those of a
  /// factor included.
  public let isDiagonal: Bool
  /// Characters of the formula, parentheses included.
  public let range: Range<Int>
  /// What was written around it: `ar1(0 + day | subject)`; nil where any covariance matrix is meant.
  public let structure: StructureWord?

  /// A covariance structure by the word for it.
  public struct StructureWord: Sendable, Hashable {
    public let word: String
    /// `hom = TRUE` or `FALSE`: whether all columns have one standard deviation; nil where nothing is
    /// said.
    public let isHomogeneous: Bool?
    /// `d = 2`: of reduced rank and of factor analysis; nil where nothing is said.
    public let dimensions: Int?
    /// Of `ar1(row):ar1(column)`, whose levels hang together along axes: a word for every factor of the
    /// grouping, `id` where its levels are independent; else none.
    package let axes: [String]
    /// Characters of the formula.
    package let range: Range<Int>
  }
}
