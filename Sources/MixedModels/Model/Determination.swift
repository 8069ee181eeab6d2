// SPDX-License-Identifier: GPL-2.0-or-later

/// Which covariance parameters the data determine, decided from the cross-products before any
/// search.
struct Determination: Sendable {
  /// For every term, in lme4's order, and every two reported columns whether their covariance (a
  /// variance on the diagonal) is determined.
  var covariances: [[[Bool]]]
  var residual: Bool
  /// For every term its reported columns whose effects are taken for zero.
  var held: [[Int]]
  /// Parameters fewer than the free elements of the terms' covariance matrices: combinations that
  /// move the estimates and not the criterion.
  var freedom: Int
  /// In words for the user, one for every reason.
  var messages: [String]
  /// Terms of which only what they explain together is determined, so that a test takes them out
  /// together.
  var alliances: [[Int]]

  /// Everything is determined.
  static func complete(_ terms: [ReportedTerm]) -> Determination {
    Determination(
      covariances: terms.map { term in
        term.columns.map { _ in term.columns.map { _ in true } }
      }, residual: true, held: terms.map { _ in [] }, freedom: 0, messages: [], alliances: [])
  }

  var isComplete: Bool { messages.isEmpty }

  /// Names of the parameters that are not determined, as intervals and tests name them.
  func names(_ terms: [ReportedTerm]) -> [String] {
    let random = zip(terms, covariances).flatMap { term, known in
      term.names(where: { !known[$0][$1] })
    }
    return random + (residual ? [] : ["sigma"])
  }
}
