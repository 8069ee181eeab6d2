// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Reports
import TestSupport
import Testing

@Suite(.enabled(if: isGnuplotInstalled)) struct ReportPageTests {
  @Test(arguments: [true, false])
  func thePageIsWellFormedAndNeedsNoOther(_ hasRows: Bool) throws {
    let example = try FigureExample.sleepstudy.get()
    let page = try example.source.report(data: hasRows ? example.data : [])
    let document = try SVGDocument(page.replacing("<!DOCTYPE html>", with: ""))
    #expect(document.counts["svg"] == (hasRows ? 8 : 6))
    #expect(document.counts["figcaption"] == document.counts["svg"])
    #expect(page.contains("REML criterion at convergence: 1743.6"))
    #expect(page.contains("Tests of fixed effects") && page.contains("Tests of random effects"))
    #expect(page.contains("The rows were not at hand") == !hasRows)
    for outside in ["<link", "<script", "src=", "@import", "url(http"] {
      #expect(!page.contains(outside), "\(outside)")
    }
    // Every name once.
    let names = page.matches(of: #/ id=['"]([^'"]*)['"]/#).map { String($0.output.1) }
    #expect(Set(names).count == names.count)
  }

  @Test func colourFollowsThePage() throws {
    let svg = String(
      decoding: try FigureExample.sleepstudy.get().source.figure(.qq).drawn(on: .svg), as: UTF8.self)
    let inline = InlineSVG(svg, number: 3).text
    #expect(svg.contains("black") && svg.contains("#ffffff"))
    #expect(!inline.contains("'black'") && !inline.contains("\"black\""))
    // Ink, and no white pen behind it, which white paper would swallow.
    #expect(svg.contains("color=\"#FFFFFF\"") && !inline.contains("color=\"#FFFFFF\""))
    let points = inline.matches(of: #/<use [^>]*>/#).map { String($0.output) }
      .filter { $0.contains("translate(") }
    // 18 levels, two effects.
    #expect(points.count == 36 && points.allSatisfy { $0.contains("color='var(--estimate)'") })
    #expect(inline.contains("currentColor") && inline.contains("var(--estimate)"))
    #expect(inline.contains("href='#f3-gpPt6'") && inline.contains("id='f3-gpPt6'"))
    _ = try SVGDocument(inline)
  }

  /// Numbers in coloured squares keep their colours on a dark page, and so do the squares.
  @Test(.enabled(if: isGnuplotInstalled)) func squaresOfCorrelationsStayWhatTheyAre() throws {
    let figure = try FigureExample.sleepstudy.get().source.figure(.correlations)
    let inline = InlineSVG(String(decoding: try figure.drawn(on: .svg), as: UTF8.self), number: 1).text
    let numbers = inline.matches(of: #/<g transform[^>]*fill="([^"]*)"[^>]*>\s*<text>[01]\.[0-9]{2}</#)
    #expect(numbers.count == 4)
    #expect(numbers.allSatisfy { $0.output.1.hasPrefix("rgb(") })
    #expect(!inline.contains("var(--estimate)") && !inline.contains("var(--reference)"))
  }

  /// gnuplot writes a box of white behind a key over a density, with the page's ink on it.
  @Test(.enabled(if: isGnuplotInstalled)) func aKeyOverADensityHasThePagesGround() throws {
    var csv = "y,x,g\n"
    var random = SplitMix64(seed: 6)
    for g in 0..<400 {
      for _ in 0..<4 { csv += "\(random.normal()),\(random.normal()),\(g)\n" }
    }
    let example = try FigureExample("y ~ x + (x | g)", .bytes(Array(csv.utf8), name: "t.csv"))
    let svg = String(
      decoding: try example.source.figure(.shrinkage).drawn(on: .svg), as: UTF8.self)
    let inline = InlineSVG(svg, number: 1).text
    #expect(svg.contains("fill = '#FFFFFF'") && !inline.contains("'#FFFFFF'"))
    #expect(inline.contains("fill = 'var(--page)'"))
  }
}
