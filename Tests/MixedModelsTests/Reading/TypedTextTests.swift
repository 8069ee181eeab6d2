// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Texts of tables that have types are labels, whatever they look like.
@Suite struct TypedTextTests {
  private static func table(_ labels: [String], count: Int = 120) throws -> ColumnTable {
    var random = SplitMix64(seed: 7)
    let groups = (0..<count).map { "g\($0 % 12)" }
    let y = (0..<count).map { Double($0 % labels.count) + 0.3 * Double($0 % 12) + random.normal() }
    return try ColumnTable([
      "y": .numbers(y), "f": .labels((0..<count).map { labels[$0 % labels.count] }), "g": .labels(groups),
    ])
  }

  private static func fit(_ labels: [String], _ levels: [String]? = nil) throws -> Fit {
    var options = FitOptions()
    if let levels { options.levels = ["f": levels] }
    return try Fit(Formula("y ~ f + (1 | g)"), data: [table(labels)], options: options)
  }

  @Test(arguments: [
    ["2024-01-01", "2024-01-02", "2024-01-03"], ["08:30", "09:00", "17:15"],
    ["2024-01-01 08:00", "2024-01-02 09:00", "2024-01-03"], ["", "NA", "NaN"], ["1", "10", "2"],
  ])
  func `whatever labels look like, they are levels`(labels: [String]) throws {
    let (fit, plain) = (try Self.fit(labels, labels), try Self.fit(["a", "b", "c"]))
    #expect(fit.fixedEffects.map(\.name) == ["(Intercept)"] + labels.dropFirst().map { "f\($0)" })
    #expect(fit.criterion == plain.criterion && fit.omittedObservations == 0)
  }

  @Test(arguments: [["T", "F"], ["F", "T"], ["true", "false"]])
  func `levels of logical words may be given as they are written`(levels: [String]) throws {
    let fit = try Self.fit(["F", "T"].map { levels.contains("T") ? $0 : $0 == "T" ? "true" : "false" }, levels)
    #expect(fit.fixedEffects[1].name == "f\(levels[1])")
  }

  @Test(arguments: [("numbers", "2.5"), ("dates", "2024-01-"), ("", "l")])
  func `many numbers and dates that came as texts are told of`(what: String, beginning: String) throws {
    let labels = (10..<35).map { "\(beginning)\($0)" }
    let products = try CrossProducts(Formula("y ~ f + (1 | g)"), data: [Self.table(labels)])
    let told = what.isEmpty ? [] : [
      "column f has become a factor of 25 levels: its type is that of texts, which hold \(what). For a trend convert the column"
    ]
    #expect(products.notes == told)
    var options = FitOptions()
    options.reading.categoricalColumns = ["f"]
    #expect(try CrossProducts(Formula("y ~ f + (1 | g)"), data: [Self.table(labels)], options: options).notes.isEmpty)
  }

  @Test func `logical columns are numbers, too`() throws {
    let table = try ColumnTable([
      "y": .numbers((0..<60).map { Double($0 * 7 % 11) }), "l": .logicals((0..<60).map { $0 % 3 == 0 }),
      "g": .numbers((0..<60).map { Double($0 % 6) }),
    ])
    let fit = try Fit(Formula("y ~ I(2 * l) + (1 | g)"), data: [table])
    #expect(fit.fixedEffects[1].name == "I(2 * l)")
  }
}

/// Numbers that are none, and numbers that count something else than those of the fit.
@Suite struct MeaningOfNumbersTests {
  private static func text(_ name: String, _ values: (Int) -> String) -> DataSource {
    let lines = (0..<60).map { "\(Double($0 * 7 % 11)),\(values($0)),\($0 % 6)" }
    return .bytes(Array((["y,x,g"] + lines + [""]).joined(separator: "\n").utf8), name: name)
  }

  @Test func `logarithms of negative numbers are told of`() throws {
    let data = Self.text("t.csv") { $0 == 3 ? "NA" : "\($0 % 10 - 2).5" }
    let products = try CrossProducts(Formula("y ~ log(x) + (1 | g)"), data: [data])
    // −2.5 and −1.5 of every ten rows, and the missing one.
    #expect(products.omittedObservations == 13)
    #expect(products.notes.contains { $0.contains("log(x) is not a number in 12 rows, which are left out") })
    let positive = Self.text("t.csv") { "\($0 % 10 + 1)" }
    #expect(try CrossProducts(Formula("y ~ log(x) + (1 | g)"), data: [positive]).notes.isEmpty)
  }

  @Test func `days are not predicted by seconds`() throws {
    func day(_ k: Int) -> String { "2024-01-\(10 + k % 20)" }
    let (days, times) = (Self.text("days.csv", day), Self.text("times.csv") { day($0) + "T08:00" })
    let numbers = Self.text("numbers.csv") { "\(19732 + $0 % 20)" }
    for (own, other) in [(days, times), (times, days), (numbers, days)] {
      let predictor = try LinearPredictor(Formula("y ~ x + (1 | g)"), data: [own])
      try predictor.predict([own]) { _ in }
      #expect {
        try predictor.predict([other]) { _ in }
      } throws: {
        "\($0)".contains("in the fit") && "\($0)".contains(other.name)
      }
    }
    let predictor = try LinearPredictor(Formula("y ~ x + (1 | g)"), data: [days])
    var predictions: [[Double]] = [[], []]
    try predictor.predict([days]) { predictions[0] += $0.fitted }
    try predictor.predict([numbers]) { predictions[1] += $0.fitted }
    #expect(zip(predictions[0], predictions[1]).allSatisfy { abs($0 - $1) < 1e-9 })
  }
}
