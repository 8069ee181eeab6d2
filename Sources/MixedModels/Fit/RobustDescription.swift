// SPDX-License-Identifier: GPL-2.0-or-later

/// What a robust covariance of the coefficients was computed from.
public struct RobustDescription: Sendable, Equatable {
  public let kind: CoefficientCovariance
  /// The clusters' column.
  public let clusters: String
  public let clusterCount: Int
  /// Clusters without which some combination of coefficients is not determined, so that they tell nothing
  /// of its variance.
  public let determining: [String]

  /// In sentences without a full stop.
  package var notes: [String] {
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
}
