// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import Studies
import Testing

/// Numbers that a caller of the library states: what is out of range is thrown before memory is taken.
@Suite struct RangeTests {

  private func table() throws -> [DataSource] {
    let rows = (0..<40).map { "\(($0 * 7919) % 101),\($0 % 8),\(($0 * 31) % 17)" }
    return [.bytes(Array((["y,g,x"] + rows).joined(separator: "\n").utf8), name: "t.csv")]
  }

  private func fitted(_ change: (inout FitOptions) -> Void = { _ in }) throws -> FittedModel {
    var options = FitOptions()
    options.reading.categoricalColumns = ["g"]
    change(&options)
    return try FittedModel(Formula("y ~ x + (1 | g)"), data: table(), options: options)
  }

  @Test func `options of a fit`() {
    let changes: [(inout FitOptions) -> Void] = [
      { $0.threads = -1 }, { $0.threads = 5000 }, { $0.maximumEvaluations = 0 },
      { $0.maximumEvaluations = .max }, { $0.tolerance = .nan }, { $0.tolerance = 0 },
      { $0.tolerance = .infinity }, { $0.accuracy = -1 }, { $0.accuracy = .nan },
    ]
    for change in changes { #expect(throws: OutOfRange.self) { try fitted(change) } }
  }

  @Test func `series of replicates, and levels of intervals`() throws {
    let model = try fitted()
    for replicates in [.min, -1, 0, 4_294_967_296, .max] {
      var options = BootstrapOptions()
      options.replicates = replicates
      #expect(throws: OutOfRange.self) { try model.bootstrap(options) }
    }
    for level in [0, 1, -0.5, 2, .nan, .infinity] {
      #expect(throws: OutOfRange.self) { try model.waldIntervals(level: level, .none) }
      #expect(throws: OutOfRange.self) { try model.coefficientTests(.none, level: level) }
      var options = ProfileOptions()
      options.level = level
      #expect(throws: OutOfRange.self) { try model.profile(options) }
    }
    #expect(throws: OutOfRange.self) {
      try model.randomTermDeletions(boundary: .exact, simulations: -5)
    }
  }

  @Test func `settings of a study`() throws {
    var stated = SimulationSettings()
    stated.levels = ["g=8"]
    let designs = try StudyDesign.grid(Formula("y ~ x + (1 | g)"), stated)
    let changes: [(inout StudySettings) -> Void] = [
      { $0.replicates = 1 }, { $0.replicates = .max }, { $0.level = 1 }, { $0.level = .nan },
      { $0.threads = -2 }, { $0.threads = .max },
    ]
    for change in changes {
      var settings = StudySettings()
      change(&settings)
      #expect(throws: OutOfRange.self) { try Study(designs, settings) }
    }
    #expect(throws: SimulationError.self) { try Study([]) }
  }

  @Test(arguments: [
    "x=-9223372036854775808..9223372036854775807", "x=0..1000000", "x=normal(1e308,1)",
    "x=normal(0,1e200)", "x=gamma(1e308,1)", "x=gamma(1e-320,1)", "x=lognormal(1e308,1)",
    "x=lognormal(0,1e308)", "x=poisson(1e300)", "x=uniform(-1e308,1e308)", "x=exponential(1e308)",
  ])
  func `statements of covariates`(text: String) throws {
    var settings = SimulationSettings()
    settings.covariates = [text]
    #expect(throws: SimulationError.self) {
      try SimulationDesign(Formula("y ~ x + (1 | g)"), settings)
    }
  }

  @Test(arguments: ["gamma(1e308)", "gamma(1e-320)", "lognormal(1e308)", "zipf(1e308)"])
  func `shares of rows`(text: String) throws {
    var settings = SimulationSettings()
    settings.imbalance = ["g=" + text]
    #expect(throws: SimulationError.self) {
      try SimulationDesign(Formula("y ~ 1 + (1 | g)"), settings)
    }
  }

  @Test(arguments: ["gamma(0.001)", "gamma(1e6)", "lognormal(50)", "zipf(50)"])
  func `the ends of the ranges give tables`(text: String) throws {
    var settings = SimulationSettings()
    settings.imbalance = ["g=" + text]
    let design = try SimulationDesign(Formula("y ~ 1 + (1 | g)"), settings)
    var lines = 0
    try Simulation(design, seed: 1).writeCSV { bytes in
      lines += bytes.count { $0 == UInt8(ascii: "\n") }
    }
    #expect(lines == 901)
  }

  @Test func `words and rules of ranges`() {
    #expect(ValueRange(1...1024).words == "1 to 1024")
    #expect(ValueRange(above: 0.0, upTo: 1).words == "above 0 to 1")
    #expect(ValueRange(between: 0.0, and: 1).words == "between 0 and 1")
    #expect(ValueRange(1...1024).rule == "must be at least 1 and at most 1024")
    #expect(ValueRange(above: 0.0, upTo: 1).rule == "must be greater than zero and at most 1")
    #expect(!ValueRange(-1.0...1).contains(.nan))
    #expect(throws: OutOfRange(name: "n", value: "9", rule: "must be at least 1 and at most 3")) {
      try ValueRange(1...3).value(of: "9", "n")
    }
    for text in ["", " ", "1.0", "0x1", "1_0", "nan", "1e0", "٣", "9223372036854775808"] {
      #expect(throws: OutOfRange.self) { try ValueRange<Int>.threads.value(of: text, "n") }
    }
  }

  @Test func `memory that is not there is refused with its size`() {
    #expect(throws: Never.self) {
      try requireMemory(1e6, for: "numbers", remedy: "Take fewer.")
    }
    #expect {
      try requireMemory(1e18, for: "numbers", remedy: "Take fewer.")
    } throws: { error in
      "\(error)".hasPrefix("numbers need 931322575.0 GiB of memory, and ")
        && "\(error)".hasSuffix("can be had. Take fewer.")
    }
  }
}
