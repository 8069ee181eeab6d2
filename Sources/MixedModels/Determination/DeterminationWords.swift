// SPDX-License-Identifier: GPL-2.0-or-later

/// What is not determined and why, in words.
struct DeterminationWords {
  private let terms: [ReportedTerm]
  private let columns: [DeterminedColumns]
  /// As `Determination.covariances`.
  private let known: [[[Bool]]]

  private let knowsResidual: Bool

  init(_ terms: [ReportedTerm], _ covered: CoveredTerms, _ known: [[[Bool]]], residual: Bool) {
    (self.terms, columns, self.known) = (terms, covered.terms, known)
    knowsResidual = residual
  }

  func messages(freedom: Int) -> [String] {
    var messages = terms.indices.compactMap(message)
    if freedom > 0 {
      messages.append(
        "the data determine only combinations of \(list(combined)): other values of these fit as well, so their standard errors are NA; what depends on the combinations only, coefficients and their tests included, is determined"
      )
    }
    return messages
  }

  private func message(_ t: Int) -> String? {
    guard let reason = columns[t].reason else { return nil }
    let held = columns[t].held
    let names = list(
      terms[t].names { i, j in held.contains(i) || held.contains(j) })
    switch reason {
    case .columns:
      return
        "the data do not determine \(names): the column is zero or a combination of others at every level; the effect is left out, as if its variance were zero"
    case .fixedPart:
      return
        "the data do not determine \(names): the fixed effects explain all that the effect could; it is left out, as if its variance were zero"
    case .others(let others, let residual):
      let partners = list(
        others.flatMap { t in terms[t].names { !known[t][$0][$1] } } + (residual ? ["sigma"] : []))
      return
        "the data determine only the sum of what \(names) and \(partners) explain: the former is left out, and the latter stands for both"
    }
  }

  /// Not determined, and not held.
  private var combined: [String] {
    let random = terms.indices.flatMap { t in
      terms[t].names { i, j in
        !known[t][i][j] && !columns[t].held.contains(i) && !columns[t].held.contains(j)
      }
    }
    return random + (knowsResidual ? [] : ["sigma"])
  }

  private func list(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}
