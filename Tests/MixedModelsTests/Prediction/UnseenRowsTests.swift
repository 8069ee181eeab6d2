// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Rows that a fit cannot predict, and rows that need less than the fit did.
@Suite struct UnseenRowsTests {
  /// a has three levels, b two; the combination a3, b2 does not occur. Levels of g are numbers.
  private static let table: String = {
    var lines = ["y,x,a,b,g,o,w"]
    var random = SplitMix64(seed: 3)
    for row in 0..<120 {
      let (a, g) = (row % 3 + 1, row % 10 + 1)
      let b = a == 3 ? 1 : row / 3 % 2 + 1
      let y = 10 + Double(a) + 2 * Double(b) + Double(g % 4) + random.normal()
      lines.append("\(y),\(row % 7),a\(a),b\(b),\(g),\(row % 5),\(1 + row % 3)")
    }
    return lines.joined(separator: "\n") + "\n"
  }()

  private func predictor(
    _ formula: String, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> LinearPredictor {
    var options = FitOptions()
    change(&options)
    return try LinearPredictor(
      Formula(formula), data: [.bytes(Array(Self.table.utf8), name: "t.csv")], options: options)
  }

  private func fitted(
    _ predictor: LinearPredictor, _ table: String,
    _ change: (inout PredictionOptions) -> Void = { _ in }
  ) throws -> [Double] {
    var options = PredictionOptions()
    change(&options)
    var all: [Double] = []
    try predictor.predict([.bytes(Array(table.utf8), name: "new.csv")], options: options) {
      all += $0.fitted
    }
    return all
  }

  private func refusal(_ predictor: LinearPredictor, _ table: String) -> String {
    do {
      _ = try fitted(predictor, table) { $0.allowsNewLevels = true }
      return ""
    } catch { return "\(error)" }
  }

  @Test func `a new level of a fixed factor is named with its line`() throws {
    let text = refusal(
      try predictor("y ~ a + (1 | g)"), "a,g\na1,1\na2,2\n\na9,1\n")
    #expect(text.hasPrefix("new.csv, line 5: \"a9\" in column \"a\": "))
  }

  /// The model's columns decide, as in R, not the cells.
  @Test func `a combination without rows has a prediction where the columns determine it`() throws {
    let row = "x,a,b,g\n1,a1,b1,1\n3,a3,b2,1\n"
    let cells = try fitted(predictor("y ~ a * b + (1 | g)"), row)
    #expect(cells[0].isFinite && cells[1].isNaN)
    #expect(try fitted(predictor("y ~ a + b + (1 | g)"), row).allSatisfy(\.isFinite))
    // A line over the levels of a, for each of b: it has a value where there are no rows.
    let linear = Contrast.matrix(
      levels: ["a1", "a2", "a3"], columns: ["lin"], values: [[-1], [0], [1]])
    let lines = try predictor("y ~ a * b + x + (1 | g)") { $0.contrasts = ["a": linear] }
    let β = Dictionary(
      uniqueKeysWithValues: lines.fit.fixedEffects.map { ($0.name, $0.estimate ?? .nan) })
    let known = β["(Intercept)"]! + β["alin"]! + β["bb2"]! + β["alin:bb2"]! + 3 * β["x"]!
    let value = try fitted(lines, row) { $0.random = .none }[1]
    #expect(abs(value - known) < 1e-9)
  }

  @Test func `the variance of a new combination is that of its columns`() throws {
    let linear = Contrast.matrix(
      levels: ["a1", "a2", "a3"], columns: ["lin"], values: [[-1], [0], [1]])
    var options = FitOptions()
    options.contrasts = ["a": linear]
    let model = try FittedModel(
      Formula("y ~ a * b + (1 | g)"), data: [.bytes(Array(Self.table.utf8), name: "t.csv")],
      options: options)
    let sum = try model.contrast(
      [try model.hypothesis("(Intercept) + alin + bb2 + alin:bb2")], .satterthwaite)
    let predictor = try predictor("y ~ a * b + (1 | g)") { $0.contrasts = ["a": linear] }
    var prediction = PredictionOptions()
    (prediction.random, prediction.wantsStandardErrors) = (.none, true)
    var error = Double.nan
    try predictor.predict([.bytes(Array("a,b\na3,b2\n".utf8), name: "new.csv")], options: prediction)
    { rows in
      error = predictor.fit.sigma * rows.relativeVariance[0].squareRoot()
    }
    #expect(abs(error - sum.rows[0].standardError) < 1e-8 * error)
  }

  @Test func `an infinite value is an error, a missing one is not`() throws {
    let predictor = try predictor("y ~ log(x + 1) + (1 | g)")
    #expect(try fitted(predictor, "x,g\nNA,1\n1,NA\n")[0].isNaN)
    #expect(
      refusal(predictor, "x,g\n1,1\n-1,1\n").hasPrefix("new.csv, line 3: log(x + 1) is infinite"))
  }

  @Test func `levels are found by what they mean`() throws {
    let predictor = try predictor("y ~ x + (1 | g)")
    let values = try fitted(predictor, "x,g\n1,3\n1,3.0\n1, 03\n")
    #expect(values[0] == values[1] && values[0] == values[2])
  }

  @Test func `without random effects their columns are not needed`() throws {
    let predictor = try predictor("y ~ x + (x | g)")
    let values = try fitted(predictor, "x\n1\n") { $0.random = .none }
    let fixed = predictor.fit.fixedEffects.map { $0.estimate! }
    #expect(abs(values[0] - fixed[0] - fixed[1]) < 1e-10)
    #expect(throws: DataError.self) { try fitted(predictor, "x\n1\n") }
  }

  @Test func `offsets add up, and the option's column can be another one`() throws {
    let plain = try fitted(
      predictor("y ~ x + offset(2 * o) + (1 | g)"), "x,o,g\n1,0,1\n1,3,1\n")
    #expect(abs(plain[1] - plain[0] - 6) < 1e-10)
    let optional = try predictor("y ~ x + offset(2 * o) + (1 | g)") { $0.offset = "o" }
    let values = try fitted(optional, "x,o,p,g\n1,1,0,1\n1,1,5,1\n") { $0.offset = "p" }
    #expect(abs(values[1] - values[0] - 5) < 1e-10)
    let own = try fitted(optional, "x,o,g\n1,0,1\n1,1,1\n")
    #expect(abs(own[1] - own[0] - 3) < 1e-10)
  }

  /// x2 = 2 x + 1 in the rows of the fit: what it is elsewhere nobody knows.
  @Test func `rows that are not estimable have no prediction, and a note says why`() throws {
    let lines = Self.table.split(separator: "\n")
    let table =
      lines.enumerated().map { index, line in
        guard index > 0 else { return line + ",x2,zero" }
        return line + ",\(2 * Int(line.split(separator: ",")[1])! + 1),0"
      }.joined(separator: "\n") + "\n"
    let data = [DataSource.bytes(Array(table.utf8), name: "t.csv")]
    let both = try LinearPredictor(Formula("y ~ x + x2 + zero + (1 | g)"), data: data)
    #expect(both.fit.droppedColumns == ["x2", "zero"])
    let new = "x,x2,g,zero\n1,3,1,0\n1,50,1,0\n1,3,1,2\n"
    let values = try fitted(both, new)
    let one = try fitted(LinearPredictor(Formula("y ~ x + (1 | g)"), data: data), "x,g\n1,1\n")
    #expect(abs(values[0] - one[0]) < 1e-6)
    #expect(values[1].isNaN && values[2].isNaN)
    var bytes: [UInt8] = []
    let notes = try RowTable(both, [.fitted, .standardError], input: .none)
      .write([.bytes(Array(new.utf8), name: "new.csv")]) { bytes += $0 }
    #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("\nNA,NA\nNA,NA\n"))
    #expect(notes.contains { $0.hasPrefix("2 rows have no prediction (NA), the first of them row 2") })
    #expect(try fitted(both, table).allSatisfy(\.isFinite))
  }

  @Test func `random effects that the model has not are refused`() throws {
    let predictor = try predictor("y ~ x + (x | g)")
    for part in ["~ (1 | a)", "~ (b | g)", "~ x + (1 | g)", "~ x"] {
      #expect(throws: (any Error).self) {
        try fitted(predictor, "x,g,a,b\n1,1,a1,b1\n") { $0.random = RandomPart(part)! }
      }
    }
    #expect(RandomPart("some") == nil)
  }

  @Test func `parts of a term add up to the whole`() throws {
    let predictor = try predictor("y ~ x + (x | g)")
    func values(_ part: String) throws -> Double {
      try fitted(predictor, "x,g\n5,2\n") { $0.random = RandomPart(part)! }[0]
    }
    let parts = try values("~ (1 | g)") + values("~ (0 + x | g)") - values("none")
    #expect(abs(parts - (try values("all"))) < 1e-10)
    #expect(try values("~ (1 | g)") != values("none"))
  }
}
