// SPDX-License-Identifier: GPL-2.0-or-later

/// A random-effects term as lme4 lists it.
package struct ReportedTerm: Sendable {
  /// `groupName`, with .1, .2, … for further terms on the same factor.
  package var name: String
  package let group: Int
  package let groupName: String
  package let columns: [String]
  /// The formula's word for its covariance matrix; nil where any is allowed, or a diagonal one.
  var structure: String?
}

extension ReportedTerm {
  /// The standard deviations, each followed by its correlations, of which `isWanted` says so: by the
  /// covariance's row and column.
  func names(where isWanted: (Int, Int) -> Bool) -> [String] {
    columns.indices.flatMap { j in
      columns.indices.dropFirst(j).compactMap { i in
        guard isWanted(i, j) else { return nil }
        return i == j
          ? ModelParameter.deviationName(columns[j], of: name)
          : ModelParameter.correlationName(columns[i], columns[j], of: name)
      }
    }
  }
}
