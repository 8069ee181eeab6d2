// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// The replicates of a bootstrap as a table for programs: a row for each, with its values.
public struct BootstrapReplicates: Reportable {
  private let replicates: [BootstrapReplicate]
  private let names: [String]

  /// - Parameters:
  ///   - replicates: In the order of their numbers.
  ///   - names: Of the replicates' values.
  public init(_ replicates: [BootstrapReplicate], names: [String]) {
    (self.replicates, self.names) = (replicates, names)
  }

  public static let layout = ReportLayout<BootstrapReplicates>([
    .table(\.replicates, columns: columns)
  ])

  @Sendable private static func columns(
    _ report: BootstrapReplicates?
  ) -> [Column<BootstrapReplicate>] {
    let names = report?.names ?? []
    return [
      .count(tidy: "replicate") { $0.index + 1 }, .flag(tidy: "converged", \.converged),
      .flag(tidy: "singular", \.singular),
    ] + names.enumerated().map { k, name in .number(tidy: name) { $0.values[k] } }
  }
}
