// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

@Suite struct ManyResponsesTests {
  /// Crossed factors a and b, a covariate in years, weights, an offset; responses of different sizes,
  /// one of them constant, one missing in some rows, two missing in the same others; x missing once.
  private static let table: String = {
    var random = SplitMix64(seed: 11)
    let effects = (0..<3).map { _ in (0..<12).map { _ in random.normal() } }
    var lines = ["year,a,b,w,o,big,small,flat,some,twin,sibling,other"]
    for row in 0..<180 {
      let (a, b) = (row % 12, row / 12 % 5)
      let year = 1990 + row % 9
      func y(_ k: Int, _ size: Double) -> Double {
        size
          * (3 + 0.1 * Double(year - 1990) + effects[k][a] + 0.5 * effects[k][b + 3]
            + random.normal())
      }
      let (big, small, other) = (1e9 + y(0, 1), y(1, 1e-3), y(2, 1))
      func kept(_ value: Double, missing: Bool) -> String { missing ? "NA" : "\(value)" }
      let values = [
        "\(big)", "\(small)", "7", kept(other, missing: row % 50 == 3),
        kept(other * 2, missing: row % 31 == 4), kept(small, missing: row % 31 == 4), "\(other)",
      ]
      lines.append(
        "\(row == 100 ? "NA" : "\(year)"),a\(a),b\(b),\(1 + row % 3),\(row % 2),"
          + values.joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }()

  private static let data = [DataSource.bytes(Array(table.utf8), name: "t.csv")]
  private static let all = "cbind(flat, big, small, some, twin, sibling, log(other + 20))"

  private func check(
    _ terms: String, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws {
    var options = FitOptions()
    change(&options)
    let fits = try ManyResponses(
      ResponsesFormula("\(Self.all) \(terms)"), data: Self.data, options: options)
    #expect(
      fits.results.map(\.name)
        == ["flat", "big", "small", "some", "twin", "sibling", "log(other + 20)"])
    for result in fits.results {
      guard let fit = result.fit else {
        #expect(result.name == "flat")
        let error = #expect(throws: FitError.self) {
          try Fit(Formula("flat \(terms)"), data: Self.data, options: options)
        }
        #expect(result.failure == error?.description)
        continue
      }
      let alone = try Fit(Formula("\(result.name) \(terms)"), data: Self.data, options: options)
      #expect(fit.observations == alone.observations)
      #expect(fit.omittedObservations == alone.omittedObservations)
      #expect(abs(fit.criterion - alone.criterion) < 1e-7 * max(1, abs(alone.criterion)))
      #expect(abs(fit.sigma - alone.sigma) < 1e-6 * alone.sigma)
      for (a, b) in zip(fit.fixedEffects, alone.fixedEffects) {
        let error = try #require(b.standardError)
        #expect(a.name == b.name)
        #expect(abs(a.estimate! - b.estimate!) < 1e-5 * error)
        #expect(abs(a.standardError! - error) < 1e-5 * error)
        #expect(abs(a.degreesOfFreedom! - b.degreesOfFreedom!) < 1e-3 * b.degreesOfFreedom!)
      }
      for (a, b) in zip(fit.varianceComponents, alone.varianceComponents) {
        for (s, t) in zip(a.standardDeviations, b.standardDeviations) {
          #expect(abs(s - t) < 1e-4 * alone.sigma)
        }
      }
    }
    #expect(fits.failures.count == 1)
  }

  @Test(arguments: [
    "~ year + (1 | a)", "~ year + (1 | a) + (1 | b)", "~ 0 + b + (1 | a)",
    "~ poly(year, 2) + (year | a)",
  ])
  func `every response is fitted as alone`(terms: String) throws { try check(terms) }

  @Test func `weights, offsets and maximum likelihood are kept`() throws {
    try check("~ year + offset(o / 10) + (1 | a)") {
      ($0.weights, $0.criterion) = ("w", .ml)
    }
  }

  @Test func `threads and chunks change nothing`() throws {
    func values(_ threads: Int) throws -> [[Double]] {
      var options = FitOptions()
      (options.threads, options.reading.chunkBytes) = (threads, 2000)
      return try ManyResponses(
        ResponsesFormula("\(Self.all) ~ year + (1 | a) + (1 | b)"), data: Self.data,
        options: options
      ).results.map { result in
        result.fit.map { [$0.criterion, $0.sigma] + $0.fixedEffects.map { $0.estimate! } } ?? []
      }
    }
    #expect(try values(1) == values(3))
  }

  @Test func `what is wrong with the model is an error, not a failure of each response`() throws {
    #expect(throws: FormulaError.self) {
      try ManyResponses(ResponsesFormula("cbind(big, small) ~ yaer + (1 | a)"), data: Self.data)
    }
    #expect(throws: DataError.self) {
      try ManyResponses(ResponsesFormula("cbind(big, smal) ~ year + (1 | a)"), data: Self.data)
    }
    #expect(throws: DataError.self) {
      try ManyResponses(
        ResponsesFormula("cbind(big, small) ~ year + (1 | a)"), data: [.standardInput])
    }
  }
}

@Suite struct ResponsesFormulaTests {
  private static let data = [DataSource.bytes(Array("y1,y2,x,g\n1,2,3,4\n".utf8), name: "t.csv")]

  @Test func `cbind is taken apart at its own commas`() throws {
    let formula = try ResponsesFormula(" cbind( y1, log(x, 2) ,`a, (b`) ~ x + (1 | g)")
    #expect(formula.names == ["y1", "log(x, 2)", "`a, (b`"])
    #expect(formula.formulas[1].text == "log(x, 2) ~ x + (1 | g)")
  }

  @Test func `other formulas are not meant`() {
    for text in ["y ~ x", "cbind(y, z", "cbind(y) + 1 ~ x", "log(cbind(a, b)) ~ x"] {
      #expect(!ResponsesFormula.isMeant(by: text))
    }
    for text in ["cbind(y, , z) ~ x + (1 | g)", "cbind(y, y) ~ x + (1 | g)"] {
      #expect(throws: (any Error).self) { try ResponsesFormula(text) }
    }
  }

  @Test func `columns are named or matched, those of the formula left out`() throws {
    let options = FitOptions()
    #expect(try ResponsesFormula("~ x + (1|g)", columns: ["y2", "a b"]).names == ["y2", "`a b`"])
    #expect(
      try ResponsesFormula("~ x + (1|g)", .matching("."), in: Self.data, options: options).names
        == ["y1", "y2"])
    #expect(throws: InferenceError.self) {
      try ResponsesFormula("~ x + (1|g)", .matching("z"), in: Self.data, options: options)
    }
    #expect(throws: InferenceError.self) { try ResponsesFormula("y ~ x", columns: ["y2"]) }
  }
}
