// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Reports
import TestSupport
import Testing

/// Figures of the fixed part, and factors on the axis of rows.
@Suite struct `Figures of means and coefficients` {
  private static let cake = Result {
    try Self.source("angle ~ recipe * temperature + (1 | recipe:replicate)", "cake.csv") {
      $0.reading.categoricalColumns = ["temperature"]
    }
  }
  private static let machines = Result {
    try Self.source("score ~ Machine + (Machine | Worker)", "machines.csv") { _ in }
  }

  private static func source(
    _ formula: String, _ file: String, _ change: (inout FitOptions) -> Void
  ) throws -> FigureSource {
    var options = FitOptions()
    change(&options)
    return try FigureSource(
      Formula(formula), from: ModelInput(arguments: [Files.data(file)]), options: options)
  }

  private func means(
    _ text: String, _ change: (inout MeansOptions) -> Void = { _ in }
  ) throws -> (any Figure, MarginalMeans) {
    let source = try Self.cake.get()
    let specification = try MeansSpecification(text)
    var options = MeansOptions()
    change(&options)
    return (
      try source.figure(specification, options),
      try source.fitted.marginalMeans(specification, options)
    )
  }

  private func numbers(_ script: String) -> [[Double]] {
    script.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ").map { Double($0) }
      return fields.contains(nil) || fields.count < 2 ? nil : fields.map { $0! }
    }
  }

  @Test func `means stand with their intervals, the first variable along the axis`() throws {
    let (figure, means) = try means("~ temperature:recipe")
    let script = figure.script(.svg).text
    let drawn = numbers(script)
    #expect(drawn.count == 18 && means.means.count == 18)
    for mean in means.means {
      let test = try #require(mean.test)
      let (low, high) = try #require(test.confidenceInterval)
      #expect(drawn.contains { Array($0.dropFirst()) == [test.estimate, low, high] })
    }
    // Three recipes in colours beside each other, six temperatures.
    #expect(Set(drawn.map { $0[0].rounded() }) == [0, 1, 2, 3, 4, 5])
    #expect(script.contains("by temperature and recipe") && script.contains("set xlabel 'temperature'"))
    #expect(script.contains("set ylabel 'angle'"))
  }

  @Test func `what stands behind the bar has panels, on one scale`() throws {
    let (figure, _) = try means("~ temperature | recipe")
    let script = figure.script(.svg).text
    #expect(script.components(separatedBy: "\nplot ").count == 4)
    for recipe in ["A", "B", "C"] { #expect(script.contains("set title 'recipe: \(recipe)'")) }
    #expect(script.components(separatedBy: "set yrange").count == 2)
    #expect(figure.size.width > 800)
  }

  @Test func `captions say what was averaged over`() throws {
    let (figure, _) = try means("~ recipe") { $0.level = 0.9 }
    #expect(figure.caption.contains("90 % confidence intervals"))
    #expect(figure.caption.contains("Averaged over temperature"))
  }

  @Test func `coefficients stand with their intervals, without the intercept`() throws {
    let source = try Self.cake.get()
    let figure = try source.figure(.coefficients)
    let drawn = numbers(figure.script(.svg).text)
    let effects = try source.fitted.finished().fixedEffects.dropFirst()
    #expect(drawn.count == effects.count && effects.count == 17)
    for (place, effect) in effects.enumerated() {
      let interval = try #require(effect.confidenceInterval)
      #expect(
        drawn.contains([try #require(effect.estimate), Double(place), interval.low, interval.high]))
    }
    let empty = try Self.source("diameter ~ 1 + (1 | plate) + (1 | sample)", "penicillin.csv") { _ in }
    #expect(throws: FigureError.self) { try empty.figure(.coefficients) }
  }

  @Test func `factors can stand on the axis of rows`() throws {
    let source = try Self.machines.get()
    let data: [any TableSource] = [.file(Files.data("machines.csv"))]
    // Without a number, the factor with random effects.
    for name in [nil, "Machine"] {
      let script = try source.figure(.data, data: data, covariate: name).script(.svg).text
      #expect(script.contains("set xtics nomirror scale 0 ('A' 0, 'B' 1, 'C' 2)"))
      #expect(script.components(separatedBy: "\nplot ").count == 7)
      // 54 rows, and of six workers the means of three machines.
      #expect(numbers(script).count == 54 + 18)
    }
    let error = #expect(throws: FigureError.self) {
      try source.figure(.data, data: data, covariate: "Machin")
    }
    #expect("\(error!)".contains("did you mean Machine?"))
  }

  @Test(.enabled(if: isGnuplotInstalled), arguments: [FigureTerminal.svg, .png, .text(columns: 80, rows: 20)])
  func `they are drawn`(_ terminal: FigureTerminal) throws {
    let data: [any TableSource] = [.file(Files.data("machines.csv"))]
    let figures: [any Figure] = [
      try means("~ temperature:recipe").0, try means("~ temperature | recipe").0,
      try means("~ 1").0, try Self.cake.get().figure(.coefficients),
      try Self.machines.get().figure(.data, data: data),
    ]
    for figure in figures { #expect(try figure.drawn(on: terminal).count > 400) }
  }
}
