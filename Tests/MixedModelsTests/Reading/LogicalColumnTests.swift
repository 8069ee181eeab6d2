// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// A column may look logical in its first rows and not in later ones; neither the order of rows and
/// files nor their number counts.
@Suite struct LogicalColumnTests {
  static let females: [Double] = [
    0.041, 0.465, -0.461, 0.353, 0.926, 0.411, 1.562, -0.885, 0.067, -0.705, -0.784, -0.184,
    0.221, 0.419, 0.508, 2.234, 0.863, -1.595, 0.204, -0.623, -0.516, 1.306, -0.223, -1.951,
    0.311, -0.291, -1.174, -0.921, -0.625, -0.023, -0.427, 0.071, 1.836, -0.800, -0.807, -0.249,
    1.096, -0.706, 1.434, -1.308,
  ]

  static let males: [Double] = [
    -0.032, 0.946, 0.137, 0.382, 1.451, 1.724, 1.114, 0.725, 2.344, 1.403, 0.765, 2.214,
    0.099, 1.165, 1.660, 0.989, 0.425, 1.351, 0.459, 0.405, -0.023, 2.305, 0.451, 2.155,
    1.381, 0.739, 1.668, 1.272, 1.132, -0.376, 1.071, 1.894, 1.487, 1.996, 2.490, 1.411,
    2.975, -0.513, 0.759, -1.525,
  ]

  /// Forty rows of one value of `sex`.
  func part(_ values: [Double], _ sex: (Int) -> String, name: String = "t.csv") -> DataSource {
    .bytes(Array(("g,sex,y\n" + rows(values, sex)).utf8), name: name)
  }

  private func rows(_ values: [Double], _ sex: (Int) -> String) -> String {
    values.enumerated().map { "\($0 % 8),\(sex($0)),\($1)\n" }.joined()
  }

  func parts(_ female: String, _ male: String) -> [DataSource] {
    [
      part(Self.females, { _ in female }, name: "f.csv"),
      part(Self.males, { _ in male }, name: "m.csv"),
    ]
  }

  let formula = try! Formula("y ~ sex + (1 | g)")

  /// R 4.2.2, lme4 1.1-31.
  @Test(arguments: [("F", "M"), ("f", "m"), ("FALSE", "maybe"), ("T", "t")])
  func `women first, or men`(female: String, male: String) throws {
    for order in [parts(female, male), parts(female, male).reversed()] {
      let fit = try Fit(formula, data: order)
      #expect(abs(fit.criterion - 216.800523512) < 1e-7)
      #expect(fit.fixedEffects.map(\.name) == ["(Intercept)", "sex" + male])
      #expect(abs(fit.fixedEffects[1].estimate! - 1.085125) < 1e-9)
    }
  }

  @Test func `chunks and threads`() throws {
    let rows = "g,sex,y\n" + rows(Self.females) { _ in "F" } + rows(Self.males) { _ in "M" }
    for (chunk, threads) in [(32, 1), (32, 3), (200, 2), (1 << 20, 1)] {
      var options = FitOptions()
      (options.reading.chunkBytes, options.threads) = (chunk, threads)
      let fit = try Fit(formula, data: [.bytes(Array(rows.utf8), name: "t.csv")], options: options)
      #expect(abs(fit.criterion - 216.800523512) < 1e-7)
      #expect(fit.fixedEffects.map(\.name) == ["(Intercept)", "sexM"])
    }
  }

  /// Who wrote the part: R, pandas, PostgreSQL.
  static let writers = [
    ("FALSE", "TRUE"), ("F", "T"), ("False", "True"), ("false", "true"), ("f", "t"),
  ]

  @Test(arguments: writers)
  func `logicals of any writer`(female: String, male: String) throws {
    for order in [parts(female, male), parts("FALSE", male), parts(female, "TRUE").reversed()] {
      let fit = try Fit(formula, data: Array(order))
      #expect(abs(fit.criterion - 216.800523512) < 1e-7)
      #expect(fit.fixedEffects.map(\.name) == ["(Intercept)", "sexTRUE"])
    }
  }

  @Test func `logicals and numbers in one column are refused, or one after the other levels`()
    throws
  {
    let mixed = parts("TRUE", "1")
    let error = #expect(throws: DataError.self) { try Fit(formula, data: mixed) }
    #expect(
      error?.description == """
        f.csv, line 2: "TRUE" in column "sex" stands among numbers such as 1. Write all values \
        alike; if the column is categorical, add ReadingOptions.categoricalColumns = ["sex"].
        """)
    let reversed = #expect(throws: DataError.self) { try Fit(formula, data: mixed.reversed()) }
    #expect(reversed?.description.hasPrefix("f.csv, line 2: \"TRUE\" in numeric column") == true)
    var options = FitOptions()
    options.reading.categoricalColumns = ["sex"]
    for order in [mixed, mixed.reversed()] {
      let fit = try Fit(formula, data: order, options: options)
      #expect(fit.fixedEffects.map(\.name) == ["(Intercept)", "sexTRUE"])
    }
  }

  @Test(arguments: [("F", "M"), ("f", "t"), ("True", "false"), ("F", "TRUE")])
  func `parts of a table are added up as the whole`(female: String, male: String) throws {
    let whole = try Fit(formula, data: parts(female, male))
    let products = try parts(female, male).map { try CrossProducts(formula, data: [$0]) }
    for (first, second) in [(0, 1), (1, 0)] {
      var sum = products[first]
      try sum.merge(products[second])
      let folder = try TemporaryFolder()
      try sum.write(to: folder.file("sum.lmm"))
      for products in [sum, try CrossProducts(contentsOf: folder.file("sum.lmm"))] {
        let fit = try Fit(products)
        #expect(fit.fixedEffects.map(\.name) == whole.fixedEffects.map(\.name))
        #expect(abs(fit.criterion - whole.criterion) < 1e-9)
      }
    }
  }

  @Test func `fits to logicals of one writer take rows of another`() throws {
    func predictions(_ rows: [DataSource]) throws -> [Double] {
      let predictor = try LinearPredictor(formula, data: parts("FALSE", "TRUE"))
      var fitted: [Double] = []
      try predictor.predict(rows) { fitted += $0.fitted }
      return fitted
    }
    let own = try predictions(parts("FALSE", "TRUE"))
    #expect(own.count == 80 && own[0] != own[40])
    for (female, male) in Self.writers + [("0", "1")] {
      #expect(try predictions(parts(female, male)) == own)
    }
    #expect(throws: DataError.self) { try predictions(parts("F", "M")) }
  }
}
