// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Reports
import TestSupport
import Testing

private let kinds = FigureKind.allCases.filter {
  $0.takesModel && ![.means, .coefficients, .deviations, .correlations, .map, .correlogram, .variogram].contains($0)
}
private let text = FigureTerminal.text(columns: 70, rows: 20)

/// Lines of numbers in a script.
private func dataLines(_ script: String) -> Int {
  script.split(separator: "\n").count { line in
    line.split(separator: " ").allSatisfy { Double($0) != nil }
  }
}

@Suite struct FigureTests {
  @Test(.enabled(if: isGnuplotInstalled), arguments: kinds, [FigureTerminal.svg, .png, text])
  func everyKindIsDrawn(_ kind: FigureKind, _ terminal: FigureTerminal) throws {
    for example in [FigureExample.sleepstudy, FigureExample.penicillin] {
      let (source, data) = (try example.get().source, try example.get().data)
      let figure = try source.figure(kind, data: kind.usesRows ? data : [])
      let drawing = try figure.drawn(on: terminal)
      if terminal == .svg {
        let svg = try SVGDocument(String(decoding: drawing, as: UTF8.self))
        #expect(svg.texts.count > 3 && svg.counts["rect"] ?? 0 >= 1)
      } else {
        #expect(drawing.count > 500)
      }
    }
  }

  @Test func panelsNameEveryLevel() throws {
    let example = try FigureExample.sleepstudy.get()
    let script = try example.source.figure(.data, data: example.data).script(.svg).text
    for level in ["308", "335", "372"] { #expect(script.contains("set title '\(level)'")) }
    #expect(script.contains("'Days' at screen") && script.contains("'Reaction' at screen"))
  }

  /// An item has one frequency: its rows would stand above each other.
  @Test func aCovariateVariesWithinTheLevelsThatAreShown() throws {
    var csv = "y,item,subject,frequency,condition\n"
    var random = SplitMix64(seed: 9)
    for item in 0..<12 {
      for subject in 0..<8 {
        let condition = (item + subject) % 2 == 0 ? "near" : "far"
        csv += "\(random.normal() + Double(item % 5)),w\(item),s\(subject),\(item * item % 7),\(condition)\n"
      }
    }
    let table = DataSource.bytes(Array(csv.utf8), name: "items.csv")
    for frequency in ["frequency", "center(frequency)", "scale(frequency)", "poly(frequency, 2)"] {
      let example = try FigureExample(
        "y ~ \(frequency) + condition + (condition | item) + (1 | subject)", table)
      func script(_ group: String?) throws -> String {
        try example.source.figure(.data, data: example.data, group: group).script(.svg).text
      }
      let chosen = try script(nil)
      #expect(chosen.contains("set title 's3'") && chosen.contains("'frequency' at screen"), "\(frequency)")
      let items = try script("item")
      #expect(items.contains("set title 'w3'") && items.contains("'condition' at screen"), "\(frequency)")
    }
  }

  @Test func linesOfAllLevelsStandInOnePanel() throws {
    let example = try FigureExample.sleepstudy.get()
    let figure = try example.source.figure(.data, data: example.data, layout: .lines)
    let script = figure.script(.svg).text
    #expect(script.components(separatedBy: "\nplot ").count == 2)
    // 180 rows, 18 lines and the population's, of ten days each.
    #expect(dataLines(script.replacing("\n\n", with: "\n")) == 180 + 180 + 10)
    #expect(figure.caption.contains("All 180 rows (grey)"))
    if isGnuplotInstalled {
      #expect(try figure.drawn(on: .png).count > 5000 && figure.drawn(on: text).count > 500)
    }
    let crossed = try FigureExample.penicillin.get()
    #expect(throws: FigureError.self) {
      try crossed.source.figure(.data, data: crossed.data, layout: .lines)
    }
  }

  @Test func fittedValuesThatAreAllTheSameHaveAnAxis() throws {
    let example = try FigureExample("Yield ~ 1 + (1 | Batch)", "dyestuff2.csv")
    let script = try example.source.figure(.residuals, data: example.data).script(.svg).text
    #expect(script.contains("set xrange [5.09"))
    #expect(
      try example.source.figure(.caterpillar).script(.svg).text.contains(
        "variance 0: every mode is 0"))
  }

  /// gnuplot 5.4 crashes at error bars without points.
  @Test(.enabled(if: isGnuplotInstalled))
  func aCaterpillarWhoseIntervalsAllLeaveOutZeroIsDrawn() throws {
    var csv = "y,g\n"
    for g in 0..<6 { for k in 0..<6 { csv += "\(100 * (2 * g - 5) + k % 3),\(g)\n" } }
    let example = try FigureExample("y ~ 1 + (1 | g)", .bytes(Array(csv.utf8), name: "t.csv"))
    let figure = try example.source.figure(.caterpillar)
    #expect(figure.script(text).text.contains("6 exclude 0"))
    for terminal in [text, .svg] { #expect(try figure.drawn(on: terminal).count > 500) }
  }

  @Test func axesNameUnits() throws {
    let script = try FigureExample.sleepstudy.get().source.figure(.shrinkage).script(.svg).text
    #expect(script.contains("set xlabel '(Intercept), units of Reaction'"))
    #expect(script.contains("set ylabel 'Days, Reaction per unit of Days'"))
  }

  /// Smaller letters, and wider panels, before anything is cut.
  @Test(.enabled(if: isGnuplotInstalled)) func longNamesStandWhole() throws {
    var random = SplitMix64(seed: 8)
    var csv = "y,the_first_covariate,the_second_covariate,neighbourhood\n"
    for g in 0..<20 {
      for _ in 0..<6 { csv += "\(random.normal()),\(random.normal()),\(random.normal()),\(g)\n" }
    }
    let formula =
      "y ~ the_first_covariate + (the_first_covariate * the_second_covariate | neighbourhood)"
    let source = try FigureExample(formula, .bytes(Array(csv.utf8), name: "t.csv")).source
    let caterpillar = try source.figure(.caterpillar)
    #expect(
      caterpillar.script(.svg).text.contains(
        "'neighbourhood: the_second_covariate, 20 levels' font ',10'"))
    let names = ["the_first_covariate", "the_second_covariate"]
    let correlations = try source.figure(.correlations)
    let drawn = try SVGDocument(String(decoding: correlations.drawn(on: .svg), as: UTF8.self))
    for name in names { #expect(drawn.texts.count { $0 == name } == 2) }
    let folder = try TemporaryFolder()
    let parameters = (0..<14).map { "cor_the_covariate_\($0).(Intercept)|subject" }
    let curves = parameters.flatMap { name in
      [-1, 0, 1].map { "\(name),\(Double($0) / 2),\($0)" }
    }
    try folder.write((["parameter,value,zeta"] + curves).joined(separator: "\n"), to: "curves.csv")
    let figure = try ProfileFigure(contentsOf: folder.file("curves.csv"))
    let profiles = try SVGDocument(String(decoding: figure.drawn(on: .svg), as: UTF8.self))
    for name in parameters { #expect(profiles.texts.contains(name)) }
  }

  @Test func ownEstimatesOfCrossedFactorsAreCalledWhatTheyAre() throws {
    let crossed = try FigureExample.penicillin.get().source.figure(.shrinkage, group: "plate")
    #expect(crossed.script(.svg).text.contains("'own rows, effects of sample not taken off'"))
    #expect(crossed.caption.contains("effects of sample are not taken off"))
    let single = try FigureExample.sleepstudy.get().source.figure(.shrinkage)
    #expect(single.script(.svg).text.contains("title 'own rows'"))
    #expect(!single.caption.contains("taken off"))
  }

  @Test(arguments: kinds.filter { ![.trace, .profile].contains($0) })
  func manyRowsAndLevelsAreNotDrawnOneByOne(_ kind: FigureKind) throws {
    var csv = "y,x,g\n"
    var random = SplitMix64(seed: 5)
    for g in 0..<3000 {
      let (a, b) = (random.normal(), 0.5 * random.normal())
      for _ in 0..<6 {
        let x = random.normal()
        csv += "\(1 + a + (1 + b) * x + random.normal()),\(x),\(g)\n"
      }
    }
    let example = try FigureExample("y ~ x + (x | g)", .bytes(Array(csv.utf8), name: "t.csv"))
    let figure = try example.source.figure(kind, data: kind.usesRows ? example.data : [])
    let script = figure.script(.svg).text
    #expect(script.utf8.count < 1_500_000)
    if [.data, .qq, .caterpillar].contains(kind) { #expect(dataLines(script) < 2500) }
    #expect(dataLines(figure.script(text).text) < 8000)
    if kind == .residuals { #expect(script.contains("rows in a cell")) }
    if kind == .data {
      let lines = try example.source.figure(.data, data: example.data, layout: .lines)
      let script = lines.script(.svg).text
      #expect(script.utf8.count < 1_500_000 && script.contains("40 of 3,000 levels"))
      #expect(lines.caption.contains("All 18,000 rows, counted in hexagonal cells"))
    }
    if kind == .data { #expect(script.contains("12 of 3,000 levels")) }
    if kind == .caterpillar { #expect(script.contains("150 of 3,000 levels")) }
    if isGnuplotInstalled { #expect(try figure.drawn(on: .svg).count < 3_000_000) }
  }

  @Test func otherRowsAreRefused() throws {
    let example = try FigureExample.sleepstudy.get()
    let less = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n").dropLast().joined(separator: "\n")
    #expect(throws: FigureError.self) {
      try example.source.figure(.residuals, data: [.bytes(Array(less.utf8), name: "less.csv")])
    }
  }

  @Test func unknownNamesAreRefused() throws {
    let example = try FigureExample.sleepstudy.get()
    func message(_ group: String?, _ covariate: String?) -> String {
      do {
        _ = try example.source.figure(
          .data, data: example.data, group: group, covariate: covariate)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("Subjct", nil).contains("did you mean Subject?"))
    #expect(message(nil, "Day").contains("did you mean Days?"))
    #expect(message("Subject", "Days") == "")
  }

  @Test func namesOfColumnsAreNeverCommands() throws {
    let table = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n").dropFirst()
      .map { String($0).replacing(",308", with: ",\"it's `exit`\"\"; quit <&>\"") }
    let header = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n")[0]
      .replacing("Reaction", with: "\"y'; system('exit 3'); print '\"")
      .replacing("Subject", with: "\"s_{i}^2\"")
    let csv = ([String(header)] + table).joined(separator: "\n") + "\n"
    let formula = "`y'; system('exit 3'); print '` ~ Days + (Days | `s_{i}^2`)"
    let example = try FigureExample(formula, .bytes(Array(csv.utf8), name: "t.csv"))
    for kind in kinds {
      let figure = try example.source.figure(kind, data: kind.usesRows ? example.data : [])
      for line in figure.script(.svg).text.split(separator: "\n") where line.contains("system(") {
        // Labels may be cut, but no apostrophe of a name's ends a constant.
        #expect(line.contains("system(’exit") && !line.contains("system('"), "\(line)")
      }
      if isGnuplotInstalled {
        _ = try SVGDocument(String(decoding: figure.drawn(on: .svg), as: UTF8.self))
      }
    }
  }

  @Test(arguments: ["caterpilar", "QQ", "resid", "histogram"])
  func unknownKindsAreRefused(_ name: String) {
    #expect(throws: FigureError.self) { try FigureKind(name: name) }
  }
}

@Suite struct WithinGroupTests {
  /// R 4.2.2: coef(lm(Reaction ~ Days, subset = Subject == 308)) and coef(fm)$Subject["308", ].
  @Test func levelsHaveTheirOwnLeastSquares() throws {
    let source = try FigureExample.sleepstudy.get().source
    let estimates = WithinGroupEstimates(source, term: 0)
    #expect(estimates.levels[0] == "308" && estimates.columns == ["(Intercept)", "Days"])
    #expect(abs(estimates.own[0] - 244.1926691) < 1e-6)
    #expect(abs(estimates.own[1] - 21.7647024) < 1e-6)
    #expect(abs(estimates.mixed[0] - 253.6637) < 1e-3)
    #expect(abs(estimates.mixed[1] - 19.6663) < 1e-3)
  }

  /// One row says nothing of a slope.
  @Test func levelsWithFewRowsHaveNone() throws {
    var csv = "y,x,g\n1,2,z\n"
    var random = SplitMix64(seed: 2)
    for g in 0..<8 {
      for _ in 0..<5 { csv += "\(random.normal() + Double(g)),\(random.normal()),\(g)\n" }
    }
    let example = try FigureExample("y ~ x + (x | g)", .bytes(Array(csv.utf8), name: "t.csv"))
    let estimates = WithinGroupEstimates(example.source, term: 0)
    let last = estimates.levels.firstIndex(of: "z")!
    #expect(estimates.own[2 * last].isNaN && estimates.own[2 * last + 1].isNaN)
    #expect(estimates.own.count { $0.isNaN } == 2)
    #expect(try example.source.figure(.shrinkage).caption.contains("1 of 9 levels"))
  }
}

@Suite struct NormalQuantilesTests {
  /// R 4.2.2: qqnorm(c(3, 1, 2, 5, 4))$x, sorted.
  @Test func smallSamplesAreThoseOfR() {
    let quantiles = NormalQuantiles([3, 1, 2, 5, 4])
    let expected = [-1.1797611, -0.4972006, 0, 0.4972006, 1.1797611]
    for (point, z) in zip(quantiles.points, expected) { #expect(abs(point.normal - z) < 1e-6) }
    #expect(quantiles.points.map(\.sample) == [1, 2, 3, 4, 5])
  }

  @Test func largeSamplesAreThinned() {
    var random = SplitMix64(seed: 3)
    let quantiles = NormalQuantiles((0..<100_000).map { _ in 2 + 3 * random.normal() })
    #expect(quantiles.points.count == NormalQuantiles.pointLimit)
    #expect(abs(quantiles.slope - 3) < 0.05 && abs(quantiles.intercept - 2) < 0.05)
    for point in quantiles.points where abs(point.normal) < 3 {
      #expect(abs(point.sample - 2 - 3 * point.normal) < 0.35)
    }
  }
}
