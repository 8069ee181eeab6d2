// SPDX-License-Identifier: GPL-2.0-or-later

/// Why a table says no covariances between levels.
public enum RelationshipError: Error, Sendable, Equatable {
  /// A pair of levels, or a level with itself.
  case repeated(String, String)
  /// Two levels, with the values of the pair in one order and in the other.
  case asymmetric(String, String, Double, Double)
  case noDiagonal(String)
  /// A level whose diagonal entry is not positive.
  case notPositive(String, Double)
  /// The level at which the factorization broke down.
  case notPositiveDefinite(String)
  case individualTwice(String, otherParents: Bool)
  case ownAncestor(String)
  /// Of groups of unknown parents.
  case groupTwice(String)
  case groupAmongIndividuals(String)
  case groupWithoutOffspring(String)
  case groupVariance(Double)
  /// A level that is its own neighbour.
  case ownNeighbour(String)
  /// A level of the data that is not among the relationship's, and how many others there are.
  case unknownLevel(String, factor: String, others: Int)
  case noSuchFactor(String, known: [String])
  /// A factor whose levels have correlations along axes.
  case ofAxes(String)
  case memoryShortage(String)
}

extension RelationshipError: CustomStringConvertible {
  public var description: String { message.description }

  private var message: MessageText {
    switch self {
    case .repeated(let a, let b) where a.hasBytes(of: b): "“\(a)” has two diagonal entries"
    case .repeated(let a, let b):
      "the pair of “\(a)” and “\(b)” is there twice. Give each pair once; the matrix is symmetric"
    case .asymmetric(let a, let b, let value, let other):
      "the matrix is not symmetric: it has \(value) for “\(a)” and “\(b)”, and \(other) for “\(b)” and “\(a)”"
    case .noDiagonal(let level): "“\(level)” has no diagonal entry. Add the line \(level),\(level),…"
    case .notPositive(let level, let value):
      "the diagonal entry of “\(level)” is \(value). A variance or a precision is positive"
    case .notPositiveDefinite(let level):
      "the matrix is not positive definite, it breaks down at “\(level)”. A covariance matrix or its inverse is; where levels are the same, or combinations of others, add a little to the diagonal, such as 0.01"
    case .individualTwice(let name, let others):
      "“\(name)” is there twice\(others ? ", with other parents" : ""). A pedigree has one line for each individual"
    case .ownAncestor(let name): "“\(name)” is among its own ancestors"
    case .groupTwice(let name): "the group “\(name)” of unknown parents is named twice"
    case .groupAmongIndividuals(let name):
      "“\(name)” is a group of unknown parents, and has parents of its own here. Give the group another name"
    case .groupWithoutOffspring(let name):
      "“\(name)” is to be a group of unknown parents, and is nobody's parent. Name it as sire or dam, or leave it out"
    case .groupVariance(let value):
      "the variance of groups of unknown parents is a positive multiple of the additive variance, not \(value)"
    case .ownNeighbour(let level):
      "“\(level)” is its own neighbour. A pair of neighbours is two levels"
    case .unknownLevel(let level, let factor, let others):
      "the level “\(level)” of \(factor)\(others > 0 ? " (and \(others) more)" : "") is not in its relationship. Add it, or leave out its rows"
    case .noSuchFactor(let name, let known):
      "no random-effects term has the grouping factor “\(name)”. There are \(known.joined(separator: ", "))"
    case .ofAxes(let factor):
      "the levels of \(factor) are correlated along axes, as its term says. Leave out their relationship, or write (1 | \(factor))"
    case .memoryShortage(let words): "\(words)"
    }
  }
}
