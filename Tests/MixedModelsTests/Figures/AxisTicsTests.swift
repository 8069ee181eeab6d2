// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Reports
import Testing

@Suite struct AxisTicsTests {
  @Test(arguments: [
    (0.0, 1e6), (-4e9, 4e9), (2e-9, 1.1e-8), (-0.05, 0.04), (0, 0.6), (100_000.001, 100_000.009),
  ])
  func labelsHaveRoom(_ low: Double, _ high: Double) {
    for width in [155.0, 260, 700] {
      let tics = AxisTics(low, high, width: width, character: 6)
      let spacing = tics.step / (high - low) * width
      #expect(spacing > 6 * Double(tics.longest), "\(tics)")
      #expect((high - low) / tics.step >= 1, "\(tics)")
    }
  }

  @Test func widthsAreThoseOfTheLabels() {
    #expect(AxisTics(0, 1e6, width: 700, most: 5).longest == 6)  // 200000, but 1e+06
    #expect(AxisTics(-4e9, 4e9, width: 700, most: 4).longest == 6)  // -2e+09
    #expect(AxisTics(0, 0.6, width: 700, most: 6).longest == 3)  // 0.1
  }

  @Test func neighboursDiffer() {
    #expect(AxisTics(0, 1, width: 300).format == "%g")
    #expect(AxisTics(100_000.001, 100_000.009, width: 700).format == "%.9g")
  }

  @Test(arguments: [(1.0, 1.0), (0, .infinity), (.nan, 1)])
  func rangesWithoutLengthHaveSome(_ low: Double, _ high: Double) {
    #expect(AxisTics(low, high, width: 300).step == 1)
  }
}

@Suite struct ShortNamesTests {
  @Test func namesAreCutWhereTheyAreAlike() {
    #expect(shortNames(["short", "a long name"], limit: 8) == ["short", "a long …"])
    let alike = ["school_of_the_north_1", "school_of_the_north_2"]
    #expect(shortNames(alike, limit: 11) == ["schoo…rth_1", "schoo…rth_2"])
    #expect(shortNames(["a\tb"], limit: 11) == ["a\\tb"])
  }

  @Test func titlesKeepTheirEnd() {
    #expect(panelTitle("g", "x", ", 3 levels", limit: 44) == "g: x, 3 levels")
    let long = String(repeating: "n", count: 60)
    let title = panelTitle(long, "(Intercept)", ", 3 levels", limit: 44)
    #expect(title.count == 44 && title.hasSuffix("…: (Intercept), 3 levels"))
    #expect(panelTitle(long, long, ", 3 levels", limit: 44).count == 44)
  }
}
