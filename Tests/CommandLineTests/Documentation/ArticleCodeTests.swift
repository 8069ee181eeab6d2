// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import Reports
import TestSupport
import Testing

/// The Swift code of the articles, compiled and run; its outputs are those that are shown.
@Suite struct `Code of the articles` {
  private let folder: TemporaryFolder
  private let console = Console()

  init() throws {
    folder = try TemporaryFolder()
    let lines = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n")
    for (part, rows) in [lines[1..<91], lines[91...]].enumerated() {
      let text = ([lines[0]] + rows).joined(separator: "\n") + "\n"
      try folder.write(text, to: "part\(part + 1).csv")
    }
  }

  /// Takes the place of Swift's in the code below.
  private func print(_ items: Any...) { console.print(items) }

  @Test func `articles show what is compiled here, and nothing else`() throws {
    let pieces = try ShownCode.pieces(of: #filePath)
    let shown = Article.all.flatMap(\.blocks).filter { $0.language == "swift" }
      .map { $0.text.replacing(/^(import \w+\n)+\n/, with: "") }
    #expect(pieces.count > 15)
    for code in shown { #expect(pieces.contains(code), "shown, but not run:\n\(code)") }
    for code in pieces { #expect(shown.contains(code), "run, but not shown:\n\(code)") }
  }

  /// Compares all that was printed with the outputs behind the pieces from a test's source that
  /// begin in `lines`.
  private func expectShownOutput(_ first: Int, _ last: Int = #line) throws {
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
    let own = folder.path + "/test.swift"
    try source[first..<last].joined(separator: "\n").write(
      toFile: own, atomically: false, encoding: .utf8)
    let shown = try ShownCode.pieces(of: own).compactMap(Article.output).joined()
    #expect(!shown.isEmpty)
    #expect(console.text == Console.comparable(shown))
  }

  @Test func `fits, options and tables`() throws {
    let first = #line
    // shown
    let formula = try Formula("Reaction ~ Days + (Days | Subject)")
    let fit = try Fit(formula, data: [.file(Files.data("sleepstudy.csv"))])
    print(fit.criterion, fit.sigma)
    for effect in fit.fixedEffects {
      print(effect.name, effect.estimate!, effect.standardError!)
    }
    for component in fit.varianceComponents {
      print(component.group, component.columns, component.standardDeviations)
    }
    print(fit.theta.names, fit.theta.values)
    // end
    // shown
    print(fit.glance.text(as: .tidy))
    // end
    // shown
    var options = FitOptions()
    options.criterion = .ml
    options.weights = "w"
    options.contrasts["Dose"] = .sum
    options.wantsConditionalModes = true
    let weighted = try Fit(
      Formula("Reaction ~ Days * Dose + (1 | Subject)"),
      data: [.file(Files.data("sleepstudy_extra.csv"))], options: options)
    print(weighted.criterion)
    let modes = weighted.conditionalModes![0]
    for level in 0..<3 {
      print(
        modes.levels[level], modes.mode(level: level, column: 0),
        modes.standardDeviation(level: level, column: 0))
    }
    // end
    // shown
    let columns = try ColumnTable([
      "y": .numbers([1.3, 2.9, 1.8, 3.9, 0.8, 2.4, 2.1, 3.2]),
      "x": .numbers([0, 1, 0, 1, 0, 1, 0, 1]),
      "g": .labels(["a", "a", "b", "b", "a", "a", "b", "b"]),
    ])
    let inMemory = try FittedModel(Formula("y ~ x + (1 | g)"), data: [columns])
    print(inMemory.fit.observations, inMemory.fit.fixedEffects.map { $0.estimate! })
    let new = try ColumnTable(["x": .numbers([2, 3]), "g": .labels(["b", nil])])
    print(try inMemory.predict([new]).fitted)
    // end
    // shown
    let morning = DataSource.bytes(
      Array("y,x,g\n1.3,0,a\n2.9,1,a\n1.8,0,b\n3.9,1,b\n".utf8), name: "am")
    let evening = DataSource.bytes(
      Array("y,x,g\n0.8,0,a\n2.4,1,a\n2.1,0,b\n3.2,1,b\n".utf8), name: "pm")
    let small = try Fit(Formula("y ~ x + (1 | g)"), data: [morning, evening])
    print(small.observations, small.fixedEffects.map { $0.estimate! })
    // end
    // shown
    do {
      _ = try Fit(
        Formula("Reaction ~ Day + (1 | Subject)"), data: [.file(Files.data("sleepstudy.csv"))])
    } catch {
      print(error)
    }
    // end
    try expectShownOutput(first)
  }

  @Test func `tests of a fitted model`() throws {
    let formula = try Formula("Reaction ~ Days + (Days | Subject)")
    let first = #line
    // shown
    let model = try FittedModel(formula, data: [.file(Files.data("sleepstudy.csv"))])
    let table = try model.contrast([model.hypothesis("Days = 10")], .kenwardRoger)
    print(table.rows[0].estimate, table.rows[0].pValue!)
    print(try model.anova(type: .marginalMeans, .satterthwaite).report().text())
    // end
    // shown
    let intercepts = try FittedModel(
      Formula("Reaction ~ Days + (1 | Subject)"), data: [.file(Files.data("sleepstudy.csv"))])
    let comparison = try ModelComparison(
      [("slopes", model), ("intercepts", intercepts)], boundary: .mixture)
    for row in comparison.rows { print(row.name, row.parameterCount, row.deviance) }
    print(comparison.rows[1].test!.statistic, comparison.rows[1].test!.mixturePValue!)
    // end
    // shown
    var resampling = BootstrapOptions()
    resampling.replicates = 100
    resampling.seed = 7
    let bootstrap = try model.bootstrap(resampling)
    for interval in bootstrap.intervals() where interval.parameter.kind == .standardDeviation {
      print(interval.parameter.term, interval.percentile!.low, interval.percentile!.high)
    }
    // end
    try expectShownOutput(first)
  }

  @Test func `parts and files`() throws {
    let formula = try Formula("Reaction ~ Days + (Days | Subject)")
    let fit = try Fit(formula, data: [.file(Files.data("sleepstudy.csv"))])
    let first = #line
    // shown
    var products = try CrossProducts(formula, data: [.file(folder.file("part1.csv"))])
    try products.write(to: folder.file("part1.lmm"))
    try products.merge(CrossProducts(formula, data: [.file(folder.file("part2.csv"))]))
    let sum = try Fit(products, savingTo: folder.file("whole.lmm"))
    print(sum.observations, abs(sum.criterion - fit.criterion) < 1e-8)
    // end
    // shown
    let again = try Fit(contentsOf: folder.file("whole.lmm"))
    let part = try CrossProducts(contentsOf: folder.file("part1.lmm"))
    print(again.criterion == sum.criterion, part.observations, part.formula.text)
    // end
    try expectShownOutput(first)
  }

  @Test func `criterion and plan`() throws {
    let formula = try Formula("Reaction ~ Days + (Days | Subject)")
    let fit = try Fit(formula, data: [.file(Files.data("sleepstudy.csv"))])
    let first = #line
    // shown
    let criterion = try Criterion(formula, data: [.file(Files.data("sleepstudy.csv"))])
    print(criterion.thetaNames, try criterion(criterion.start))
    let (value, gradient) = try criterion.gradient(fit.theta.values)
    print(value - fit.criterion < 1e-9, gradient.allSatisfy { abs($0) < 1e-3 })
    // end
    // shown
    let plan = try ModelPlan(formula, data: [.file(Files.data("sleepstudy.csv"))])
    print(plan.randomEffectCount, plan.thetaNames.count, plan.strategies.map(\.name))
    // end
    try expectShownOutput(first)
  }

  @Test func `the landing page's code`() throws {
    // shown
    let formula = try Formula("Reaction ~ Days + (Days | Subject)")
    let fit = try Fit(formula, data: [.file(Files.data("sleepstudy.csv"))])
    print(fit.criterion, fit.theta.values)
    print(fit.report().text())
    // end
    // shown
    var products = try CrossProducts(formula, data: [.file(folder.file("part1.csv"))])
    try products.merge(CrossProducts(formula, data: [.file(folder.file("part2.csv"))]))
    let whole = try Fit(products)
    // end
    // shown
    try products.write(to: folder.file("part1.lmm"))
    let saved = try Fit(
      formula, data: [.file(Files.data("sleepstudy.csv"))], savingTo: folder.file("sleep.lmm"))
    let again = try Fit(contentsOf: folder.file("sleep.lmm"))
    // end
    #expect(abs(whole.criterion - fit.criterion) < 1e-9 * fit.criterion)
    #expect(again.criterion == saved.criterion)
  }

  @Test func `code of the articles on tests and files`() throws {
    let formula = try Formula("Reaction ~ Days + (Days | Subject)")
    do {
      // shown
      let model = try FittedModel(formula, data: [.file(Files.data("sleepstudy.csv"))])
      let slope = try model.contrast([model.hypothesis("Days = 0")], .kenwardRoger)
      print(slope.report().text())
      print(try model.anova(type: .marginalMeans, .kenwardRoger).report().text())
      print(try model.randomTermDeletions().report().text())
      // end
      #expect(console.text.contains("Days in (Days | Subject)"))
    }
    try CrossProducts(formula, data: [.file(folder.file("part2.csv"))])
      .write(to: folder.file("part2.lmm"))
    // shown
    let products = try CrossProducts(formula, data: [.file(folder.file("part1.csv"))])
    try products.write(to: folder.file("part1.lmm"))

    var sum = try CrossProducts(contentsOf: folder.file("part1.lmm"))
    try sum.merge(CrossProducts(contentsOf: folder.file("part2.lmm")))
    let fit = try Fit(sum, savingTo: folder.file("whole.lmm"))
    let again = try Fit(contentsOf: folder.file("whole.lmm"))
    // end
    #expect(again.criterion == fit.criterion)
  }
}

/// What was printed, as far as it is the same on all machines.
private final class Console {
  private(set) var text = ""

  func print(_ items: [Any]) {
    text += Self.comparable(items.map { "\($0)" }.joined(separator: " ") + "\n")
  }

  /// Long numbers to seven digits, files without the place of the repository, no empty lines.
  static func comparable(_ text: String) -> String {
    text.replacing(Files.root.path + "/", with: "").withShortNumbers
      .split(separator: "\n").map { $0 + "\n" }.joined()
  }
}
