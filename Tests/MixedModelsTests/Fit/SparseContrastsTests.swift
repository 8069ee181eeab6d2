// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Contrasts whose columns combine levels are what their dense columns are.
@Suite struct `Other contrasts of sparse columns` {
  private typealias Sparse = `Sparse columns of the fixed part`

  private static func codings(of levels: [String]) -> [Contrast] {
    let numbers = Array(levels.indices)
    func value(_ row: Int, _ column: Int) -> Double {
      return Double((row + 2) * (column + 3) % 17 + (row == column ? 9 : 0))
    }
    let rows = numbers.map { row in numbers.dropLast().map { value(row, $0) } }
    return [
      .sum, .helmert, .successiveDifferences, .deviation, .polynomial,
      .matrix(levels: levels, columns: numbers.dropLast().map { "c\($0)" }, values: rows),
    ]
  }

  @Test(
    arguments: codings(of: (0..<13).map { "w\($0)" }),
    [
      "y ~ x + worker + (1 | g)", "y ~ x + z + worker + (1 | g)", "y ~ worker + x + z + (x | g)",
      "y ~ x + z + I(z^2) + v + worker + (1 | g)",
    ])
  func `columns are dropped in R's order`(contrast: Contrast, formula: String) throws {
    let names = contrast.columnNames(levels: (0..<13).map { "w\($0)" }).map { "`worker\($0)`" }
    try Sparse.expectDropped(
      formula, Sparse.panel, ["worker"], ["worker": contrast],
      [names[0], names[10], "\(names[1]) - \(names[9])", "(Intercept)", "x", "(Intercept) + \(names[4])", "z"])
  }

  /// A number that does not vary in a level, or is zero there, makes columns depend on each other.
  @Test(
    arguments: codings(of: (0..<6).map { "l\($0)" }),
    ["y ~ f * x + (1 | g)", "y ~ x * f + z + (x | g)", "y ~ f + f:x + (1 | g)", "y ~ z + f * x + f:I(z^2) + z:x + (1 | g)"])
  func `slopes of levels are dropped in R's order`(contrast: Contrast, formula: String) throws {
    let name = contrast.columnNames(levels: (0..<6).map { "l\($0)" })[1]
    let slope = formula.contains("x * f") ? "`x:f\(name)`" : "`f\(name):x`"
    try Sparse.expectDropped(
      formula, `Slopes of levels as sparse columns`.rows(90), ["f"], ["f": contrast],
      ["`f\(name)`", slope, "\(slope) - `f\(name)`", "x", "(Intercept) + 3*x", "z"])
  }

  @Test(arguments: codings(of: ["A", "B", "C", "D", "E", "F"]))
  func `fits and tests are those of dense columns`(contrast: Contrast) throws {
    func fitted(_ sparse: SparseFixedEffects) throws -> FittedModel {
      try Sparse.fitted("diameter ~ sample + (1 | plate)", [.file(Files.data("penicillin.csv"))], sparse) {
        $0.contrasts = ["sample": contrast]
      }
    }
    let (dense, sparse) = (try fitted(.none), try fitted(.factors(["sample"])))
    let (a, b) = (try dense.tested(), try sparse.tested())
    #expect(abs(a.criterion - b.criterion) < 1e-8)
    for (a, b) in zip(a.fixedEffects, b.fixedEffects) {
      #expect(a.name == b.name)
      Sparse.expectEqual(a.estimate, b.estimate, 1e-6, a.name)
      Sparse.expectEqual(a.standardError, b.standardError, 1e-6, "SE of \(a.name)")
      Sparse.expectEqual(a.degreesOfFreedom, b.degreesOfFreedom, 1e-4, "df of \(a.name)")
    }
    let (f, g) = (try dense.anova(.satterthwaite).rows[0], try sparse.anova(.satterthwaite).rows[0])
    Sparse.expectEqual(f.statistic, g.statistic, 1e-5, "F")
    Sparse.expectEqual(f.denominatorDF, g.denominatorDF, 1e-4, "df of F")
    var options = MeansOptions()
    options.comparison = .pairwise
    let specification = try MeansSpecification("~ sample")
    let means = (try dense.marginalMeans(specification, options), try sparse.marginalMeans(specification, options))
    for (a, b) in zip(means.0.means, means.1.means) {
      Sparse.expectEqual(a.test?.estimate, b.test?.estimate, 1e-6, "mean")
      Sparse.expectEqual(a.test?.standardError, b.test?.standardError, 1e-6, "SE of mean")
    }
    for (a, b) in zip(means.0.differences!, means.1.differences!) {
      Sparse.expectEqual(a.test?.estimate, b.test?.estimate, 1e-6, "difference")
      Sparse.expectEqual(a.test?.df, b.test?.df, 1e-4, "df of difference")
    }
  }

  @Test func `contrasts that leave out differences are refused`() throws {
    let levels = ["A", "B", "C", "D", "E", "F"]
    let multiples = (0..<6).map { row in (0..<5).map { Double(row * $0) } }
    let few = Contrast.matrix(levels: levels, columns: ["p", "q", "r", "s", "t"], values: multiples)
    let one = Contrast.matrix(levels: levels, columns: ["p"], values: (0..<6).map { [Double($0)] })
    for (contrast, reason) in [(few, "independent ones"), (one, "dense")] {
      let error = #expect(throws: FitError.self) {
        try Sparse.fitted(
          "diameter ~ sample + (1 | plate)", [.file(Files.data("penicillin.csv"))], .factors(["sample"])
        ) { $0.contrasts = ["sample": contrast] }
      }
      #expect(error.map { "\($0)".contains(reason) } == true)
    }
  }

  /// 240 levels are set apart unasked, and their means come from the inverse at once.
  @Test(arguments: [Contrast.helmert, .sum])
  func `many levels are sparse unasked`(contrast: Contrast) throws {
    var text = "y,f,x,z,g\n"
    for i in 0..<1200 {
      let f = i * 7 % 240
      text += "\(i * i % 37 + f % 9),l\(f),\(i * 11 % 13),\(f % 5),\(i * 5 % 17)\n"
    }
    func fitted(_ sparse: SparseFixedEffects) throws -> FittedModel {
      try Sparse.fitted("y ~ x + z + f + (1 | g)", [.bytes(Array(text.utf8), name: "t.csv")], sparse) {
        ($0.knownTheta, $0.contrasts) = ([0.5], ["f": contrast])
      }
    }
    let (dense, sparse) = (try fitted(.none), try fitted(.automatic))
    #expect(sparse.fit.sparse.map(\.name) == ["f"])
    for (a, b) in zip(try dense.tested().fixedEffects, try sparse.tested().fixedEffects) {
      #expect(a.name == b.name)
      Sparse.expectEqual(a.estimate, b.estimate, 1e-9, a.name)
      Sparse.expectEqual(a.standardError, b.standardError, 1e-9, "SE of \(a.name)")
    }
    var options = MeansOptions()
    options.method = .residual
    let (a, b) = (
      try dense.marginalMeans(MeansSpecification("~ f"), options), try sparse.marginalMeans(MeansSpecification("~ f"), options)
    )
    #expect(a.means.count == 240 && b.means.count == 240)
    for (a, b) in zip(a.means, b.means) {
      #expect((a.test == nil) == (b.test == nil))
      Sparse.expectEqual(a.test?.estimate, b.test?.estimate, 1e-9, "mean")
      Sparse.expectEqual(a.test?.standardError, b.test?.standardError, 1e-9, "SE of mean")
    }
  }
}
