// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// The influence of groups, a row for every level: rows, Cook's distance, and the change of every
/// coefficient that the level is responsible for.
extension GroupInfluence: Reportable {
  public static let layout = ReportLayout<GroupInfluence>([
    .title { "Influence of the levels of \($0.group)" },
    .table(
      json: "levels", \.levels, label: \.name, width: 140,
      columns: { influence in
        let (group, names) = (influence?.group ?? "", influence?.coefficients ?? [])
        return [
          .text(json: "group", tidy: "group") { _ in group },
          .text(json: "level", tidy: "level", \.name),
          .count(json: "nobs", tidy: "nobs", header: "Rows", \.rows),
          .number(json: "cooksd", tidy: ".cooksd", header: "Cook's distance", \.cooksDistance),
          .json("dfbeta") { .object(zip(names, $0.changes).map { ($0, .number($1)) }) },
        ]
          + names.indices.map { k in
            .number(tidy: "dfbeta.\(names[k])", header: names[k]) { $0.changes[k] }
          }
      }),
  ])
}
