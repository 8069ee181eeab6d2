// SPDX-License-Identifier: GPL-2.0-or-later

/// The influence of groups as CSV, a line for every level: rows, Cook's distance, and the change of
/// every coefficient that the level is responsible for.
public struct GroupInfluenceReport {
  private let influence: GroupInfluence

  public init(_ influence: GroupInfluence) { self.influence = influence }

  public func write(to output: inout some TextOutputStream) {
    let changes = influence.coefficients.map { DelimitedField.text("dfbeta.\($0)") }
    output.writeRecord(["group", "level", "nobs", ".cooksd"].map(DelimitedField.text) + changes)
    for level in influence.levels {
      output.writeRecord(
        [
          .text(influence.group), .text(level.name), .integer(level.rows),
          .number(level.cooksDistance),
        ] + level.changes.map { .number($0) })
    }
  }
}
