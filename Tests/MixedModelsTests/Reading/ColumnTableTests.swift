// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// The same values as a table in memory and as text.
private struct Twins {
  var rows = 400
  var seed: UInt64 = 1
  private var columns: [(name: String, column: ColumnTable.Column)] = []
  private var fields: [[String]] = []

  init(rows: Int = 400, seed: UInt64 = 1) {
    (self.rows, self.seed) = (rows, seed)
    var random = SplitMix64(seed: seed)
    let effects = (0..<15).map { _ in (random.normal(), 0.4 * random.normal()) }
    var (y, x, k, w) = ([Double](), [Double](), [Double](), [Double]())
    var (f, g, h): ([String?], [String?], [String?]) = ([], [], [])
    var l: [Bool?] = []
    for _ in 0..<rows {
      let group = Int(random.uniform() * 15)
      let level = Int(random.uniform() * 3)
      func mayMiss<T>(_ value: T) -> T? { random.uniform() < 0.03 ? nil : value }
      x.append(mayMiss(random.normal() * 1e3) ?? .nan)
      k.append(Double(Int(random.uniform() * 6)) / 2)
      w.append(0.5 + random.uniform())
      let isTrue = random.uniform() < 0.4
      let signal = 1 + (x.last!.isNaN ? 0 : x.last! / 1e3) * (0.7 + effects[group].1)
      let more = effects[group].0 + Double(level) * 0.3 + (isTrue ? 0.5 : 0)
      y.append(mayMiss(signal + more + random.normal()) ?? .nan)
      f.append(mayMiss(["b, or c", "a\"", "ä"][level]))
      g.append(mayMiss("\(group * 7)"))
      h.append(["h1", nil, "h3", "h4", "h5", nil, "h6"][Int(random.uniform() * 7)])
      l.append(mayMiss(isTrue))
    }
    for (name, values) in [("y", y), ("x", x), ("k", k), ("w", w)] { add(name, values) }
    for (name, values) in [("f", f), ("g", g), ("h", h)] { add(name, values) }
    add("l", l)
  }

  private mutating func add(_ name: String, _ values: [Double]) {
    columns.append((name, .numbers(values)))
    fields.append(values.map { $0.isNaN ? "NA" : "\($0)" })
  }

  private mutating func add(_ name: String, _ values: [String?]) {
    columns.append((name, .labels(values)))
    fields.append(values.map { $0.map { "\"\($0.replacing("\"", with: "\"\""))\"" } ?? "NA" })
  }

  private mutating func add(_ name: String, _ values: [Bool?]) {
    columns.append((name, .logicals(values)))
    fields.append(values.map { $0.map { $0 ? "T" : "F" } ?? "" })
  }

  var table: ColumnTable { get throws { try ColumnTable(columns, name: "twins.csv") } }

  var text: DataSource {
    var text = columns.map(\.name).joined(separator: ",") + "\n"
    for row in 0..<rows { text += fields.map { $0[row] }.joined(separator: ",") + "\n" }
    return .bytes(Array(text.utf8), name: "twins.csv")
  }
}

@Suite struct `Tables in memory` {
  static let formulas = [
    "y ~ x + f + (1 | g)", "y ~ x * l + (x | g) + (1 | h)",
    "y ~ poly(k, 2) + f + (1 | k) + (1 | h:g)",
    "log(w) ~ 0 + l + scale(x) + I(k > 1) + (0 + l | g)",
    "y ~ relevel(f, ref = \"ä\") + offset(w) + (f || h)",
    "y ~ factor(k) + I(f == \"ä\") + (1 | l) + (1 | g)",
  ]

  private func options(_ change: (inout FitOptions) -> Void = { _ in }) -> FitOptions {
    var options = FitOptions()
    options.wantsConditionalModes = true
    change(&options)
    return options
  }

  private func expectIdentical(_ a: Fit, _ b: Fit) {
    #expect(a.criterion == b.criterion && a.theta == b.theta && a.vcov == b.vcov)
    #expect(a.fixedEffects.map(\.name) == b.fixedEffects.map(\.name))
    #expect(a.fixedEffects.map(\.estimate) == b.fixedEffects.map(\.estimate))
    #expect(a.conditionalModes!.map(\.levels) == b.conditionalModes!.map(\.levels))
    #expect(a.conditionalModes!.map(\.values) == b.conditionalModes!.map(\.values))
    #expect(a.omittedObservations == b.omittedObservations && a.data == b.data)
  }

  @Test(arguments: formulas)
  func `fits are those of the same values as text`(formula: String) throws {
    for seed in [1, 2, 3] as [UInt64] {
      let twins = Twins(seed: seed)
      let options = options {
        $0.criterion = seed == 2 ? .ml : .reml
        $0.weights = seed == 3 ? "w" : nil
        $0.reading.missingTexts = seed == 3 ? ["h3", "1.50"] : []
      }
      let formula = try Formula(formula)
      expectIdentical(
        try Fit(formula, data: [twins.table], options: options),
        try Fit(formula, data: [twins.text], options: options))
    }
  }

  @Test func `labels that look like numbers are a factor`() throws {
    let twins = Twins()
    let formula = try Formula("y ~ g + (1 | h)")
    let declared = options { $0.reading.categoricalColumns = ["g"] }
    let fit = try Fit(formula, data: [twins.table], options: options())
    expectIdentical(fit, try Fit(formula, data: [twins.text], options: declared))
    #expect(fit.fixedEffects[1].name == "g7" && fit.fixedEffects[2].name == "g14")
  }

  @Test func `sums do not depend on threads, and hardly on where rows are cut`() throws {
    let twins = Twins(rows: 3000)
    let formula = try Formula(Self.formulas[1])
    let whole = try Fit(formula, data: [twins.table], options: options())
    let fits = try [1, 2, 5].map { threads in
      try Fit(
        formula, data: [twins.table],
        options: options {
          $0.threads = threads
          $0.reading.chunkBytes = 32 * 100
        })
    }
    for fit in fits { expectIdentical(fit, fits[0]) }
    #expect(abs(fits[0].criterion - whole.criterion) <= 1e-10 * abs(whole.criterion))
  }

  @Test func `several tables are one, in memory or not`() throws {
    let (first, second) = (Twins(seed: 4), Twins(seed: 5))
    let formula = try Formula(Self.formulas[0])
    let text = try Fit(formula, data: [first.text, second.text], options: options())
    let sources: [[any TableSource]] = [
      [try first.table, try second.table], [try first.table, second.text],
      [first.text, try second.table],
    ]
    for data in sources {
      expectIdentical(text, try Fit(formula, data: data, options: options()))
    }
  }

  @Test func `residuals and predictions are those of the text`() throws {
    let (twins, new) = (Twins(), Twins(seed: 9))
    let formula = try Formula(Self.formulas[1])
    let (a, b) = (
      try FittedRows(formula, data: [twins.table]), try FittedRows(formula, data: [twins.text])
    )
    #expect(a.fitted == b.fitted && a.residuals == b.residuals && a.fitted.count > 200)
    let predictor = try LinearPredictor(formula, data: [twins.table])
    func predictions(_ data: any TableSource) throws -> [Double] {
      var all: [Double] = []
      try predictor.predict([data]) { all += $0.fitted }
      return all
    }
    let (inMemory, fromText) = (try predictions(new.table), try predictions(new.text))
    #expect(inMemory.map(\.bitPattern) == fromText.map(\.bitPattern))
    #expect(inMemory.count == 400 && inMemory.contains { !$0.isNaN })
    func rows(_ data: any TableSource) throws -> [Substring] {
      var bytes: [UInt8] = []
      try RowTable(predictor, [.fitted, .residual], input: .none).write([data]) { bytes += $0 }
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
    #expect(try rows(twins.table) == rows(twins.text))
  }

  @Test func `rows in memory are written with their columns`() throws {
    let table = try ColumnTable([
      "y": .numbers([1, 2.5, .nan, 4, 2, 7]), "g": .labels(["a,b", "c", nil, "c", "a,b", "c"]),
    ])
    let predictor = try LinearPredictor(Formula("y ~ 1 + (1 | g)"), data: [table])
    var bytes: [UInt8] = []
    try RowTable(predictor, [.fixed]).write([table]) { bytes += $0 }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    #expect(lines[0] == "y,g,.fixed")
    #expect(lines[1].hasPrefix("1,\"a,b\",") && lines[2].hasPrefix("2.5,c,"))
    #expect(lines[3].hasPrefix("NA,NA,"))
  }

  @Test func `many responses are fitted to columns`() throws {
    let twins = Twins()
    let responses = try ResponsesFormula("cbind(y, log(w)) ~ l + (1 | h)")
    let (a, b) = (
      try ManyResponses(responses, data: [twins.table]),
      try ManyResponses(responses, data: [twins.text])
    )
    #expect(a.results.map { $0.fit?.criterion } == b.results.map { $0.fit?.criterion })
    #expect(a.failures.isEmpty)
  }

  @Test func `errors name the row`() throws {
    let table = try ColumnTable(
      [
        "y": .numbers([1, 2, 3, 5]), "w": .numbers([1, 1, 0, 1]),
        "t": .labels(["1", "x", "2", "3"]),
        "g": .labels(["a", "a", "b", "b"]), "z": .numbers([1, 2, 3, .infinity]),
      ], name: "small")
    func message(_ formula: String, _ change: (inout FitOptions) -> Void = { _ in }) -> String {
      do {
        return "\(try Fit(Formula(formula), data: [table], options: options(change)).criterion)"
      } catch { return "\(error)" }
    }
    #expect(message("y ~ 1 + (1 | g)") { $0.weights = "w" }.hasPrefix("small, row 3: column \"w\""))
    #expect(message("y ~ z + (1 | g)").hasPrefix("small, row 4: Inf in column \"z\" is not finite"))
    #expect(message("y ~ I(t + 1) + (1 | g)").hasPrefix("column t is text (“x” in small, row 2)"))
    #expect(
      message("y ~ 1 + (1 | g)") { $0.weights = "t" }
        .hasPrefix("small, row 2: \"x\" in numeric column \"t\""))
    #expect(message("y ~ q + (1 | g)").contains("no variable \"q\" in small"))
  }
}
