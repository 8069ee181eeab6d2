// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Reports
import TestSupport
import Testing

@Suite struct `Maps of fields` {
  private static let field = Result { try FigureExample("yield ~ gen + ar1(row):ar1(col)", "slatehall.csv") }

  /// A rectangle for every plot, at its column and row.
  @Test func `every plot is where it lies`() throws {
    let source = try Self.field.get().source
    let script = try source.figure(.map).script(.svg).text
    let modes = source.fit.conditionalModes![0]
    let plots = script.split(separator: "\n").map { $0.split(separator: " ").compactMap { Double($0) } }
      .filter { $0.count == 5 }
    #expect(plots.count == 150)
    for plot in plots {
      let level = try #require(modes.levels.firstIndex(of: "\(Int(plot[1])):\(Int(plot[0]))"))
      #expect(abs(modes.mode(level: level, column: 0) - plot[4]) < 1e-9)
      #expect(plot[2] == 0.5 && plot[3] == 0.5)
    }
  }

  /// Rows and columns from 1 on: axes end at the plots' edges.
  @Test func `axes end where the field ends`() throws {
    let script = try Self.field.get().source.figure(.map).script(.svg).text
    #expect(script.contains("set xrange [0.5:15.5]") && script.contains("set yrange [10.5:0.5]"))
    #expect(script.contains("set title '150 plots'"))
  }

  /// Two fields, of which the second lies elsewhere.
  @Test func `fields have their names`() throws {
    var csv = "y,place,row,col\n"
    var random = SplitMix64(seed: 8)
    for (place, rows) in [("south", 5..<9), ("north", 1..<6)] {
      for row in rows {
        for col in 1..<6 { csv += "\(random.normal() + Double(row * col)),\(place),\(row),\(col)\n" }
      }
    }
    let example = try FigureExample(
      "y ~ 1 + place:ar1(row):ar1(col)", .bytes(Array(csv.utf8), name: "places.csv"))
    let script = try example.source.figure(.map).script(.svg).text
    #expect(script.contains("set title 'north: 25 plots'"), "\(script)")
    #expect(script.contains("set title 'south: 20 plots'"))
    #expect(script.contains("set yrange [8.5:4.5]") && script.contains("set yrange [5.5:0.5]"))
  }

  @Test(.enabled(if: isGnuplotInstalled), arguments: [FigureTerminal.svg, .png, .text(columns: 70, rows: 20)])
  func `it is drawn`(_ terminal: FigureTerminal) throws {
    let drawing = try Self.field.get().source.figure(.map, group: "row:col").drawn(on: terminal)
    #expect(drawing.count > 500)
  }

  @Test func `other terms have none`() throws {
    let source = try FigureExample.sleepstudy.get().source
    let error = #expect(throws: FigureError.self) { try source.figure(.map) }
    #expect(error?.description.contains("ar1(row):ar1(column)") == true)
  }
}
