// SPDX-License-Identifier: GPL-2.0-or-later

/// What a robust covariance of the coefficients was computed from.
public struct RobustDescription: Sendable, Equatable {
  public let kind: CoefficientCovariance
  /// The clusters' column; nil where rows are independent.
  public let clusters: String?
  public let clusterCount: Int?
  /// Clusters without which some combination of coefficients is not determined, so that they tell nothing
  /// of its variance; of independent rows their number.
  public let determining: [String]

  /// In sentences without a full stop.
  package var notes: [String] {
    guard let clusters, let clusterCount else { return notesOfRows }
    var notes = [
      "Wald tests and intervals of coefficients are by the cluster-robust covariance \(kind.rawValue) of \(clusterCount) clusters (\(clusters))"
    ]
    if let first = determining.first {
      let more = determining.count > 1 ? " and \(determining.count - 1) more" : ""
      notes.append(
        "the cluster “\(first)”\(more) alone determines a combination of coefficients: of its variance the clusters tell nothing, and it is underestimated"
      )
    }
    return notes
  }

  private var notesOfRows: [String] {
    let note =
      "Wald tests and intervals of coefficients are by the covariance \(kind.rawValue), robust against unequal variances of the rows"
    guard let count = determining.first else { return [note] }
    return [
      note,
      "\(count) \(count == "1" ? "row alone determines" : "rows alone determine") a combination of coefficients, of whose variance the rows tell nothing",
    ]
  }
}
