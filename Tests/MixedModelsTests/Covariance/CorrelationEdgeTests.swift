// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

@Suite struct `Edges where correlations are ±1` {
  /// Searches from most starts go to ρ = −1 here, and stop where rounding stops them: for some orders of the rows
  /// that was called a minimum.
  @Test func `no order of rows makes a minimum of an edge`() throws {
    let path = Files.test("MixedModelsTests/Determination/Data/edge.csv").path
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    for k in 0..<6 {
      var random = SplitMix64(seed: UInt64(k))
      let rows = lines.dropFirst().map { (random.normal(), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
      let text = ([lines[0]] + rows).joined(separator: "\n") + "\n"
      #expect {
        try Fit(Formula("y ~ x + trial:ar1(row)"), data: [.bytes(Array(text.utf8), name: "edge.csv")])
      } throws: { error in
        "\(error)".contains("correlations along row that go to −1")
      }
    }
  }

  /// A smooth field of 40 × 40 plots: its correlations are near 1, and the criterion rises from there to the edge.
  @Test func `a minimum near an edge is one`() throws {
    var random = SplitMix64(seed: 4)
    let size = 40
    let (ρ, rest) = (0.995, (1 - 0.995 * 0.995).squareRoot())
    var field = (0..<size * size).map { _ in random.normal() }
    func filter(_ first: Int, _ step: Int) {
      for k in 1..<size { field[first + k * step] = ρ * field[first + (k - 1) * step] + rest * field[first + k * step] }
    }
    for k in 0..<size { filter(k * size, 1) }
    for k in 0..<size { filter(k, size) }
    let columns: [(String, ColumnTable.Column)] = [
      ("y", .numbers(field.map { 10 * $0 + 0.1 * random.normal() })),
      ("row", .numbers((0..<size * size).map { Double($0 / size) })),
      ("col", .numbers((0..<size * size).map { Double($0 % size) })),
    ]
    let fit = try Fit(
      Formula("y ~ 1 + ar1(row):ar1(col)"), data: [ColumnTable(columns, name: "field")])
    #expect(fit.convergence.converged && (fit.convergence.hessianMinEigenvalue ?? 0) > 0)
    for ρ in fit.theta.values.dropFirst() { #expect(ρ > 0.98 && ρ < 0.9999) }
  }
}
