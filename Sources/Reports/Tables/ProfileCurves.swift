// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// The curves of a profile as a table for programs: a row for every point.
public struct ProfileCurves: Reportable {
  private let profile: Profile

  public init(_ profile: Profile) { self.profile = profile }

  public static let layout = ReportLayout<ProfileCurves>([
    .table(\.rows, columns: { _ in columns })
  ])

  private struct Row {
    let parameter: String
    let point: Profile.Point
  }

  private var rows: [Row] {
    profile.curves.flatMap { curve in
      curve.points.map { Row(parameter: curve.parameter.name, point: $0) }
    }
  }

  private static let columns: [Column<Row>] = [
    .text(tidy: "parameter", \.parameter), .number(tidy: "value", \.point.value),
    .number(tidy: "zeta", \.point.zeta), .number(tidy: "deviance", \.point.deviance),
  ]
}
