// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies
import Testing

@Suite struct `Layout of simulated factors` {
  private func pairs(_ a: [String]?, _ b: [String]?) throws -> [String] {
    zip(try #require(a), try #require(b)).map { "\($0)/\($1)" }
  }

  private func counts(_ values: [String]) -> [Int] {
    Array(Dictionary(grouping: values) { $0 }.mapValues(\.count).values)
  }

  @Test func `nested levels lie in one parent, and have their rows together`() throws {
    let columns = try StatedDesign("y ~ 1 + (1 | region/school/class)") {
      $0.levels = ["region=3", "school=4 per region", "class=30 in school"]
      $0.rowsPer = "class=7"
    }.columns()
    let classes = try #require(columns["class"])
    #expect(classes.count == 210 && Set(classes).count == 30)
    #expect(counts(classes).allSatisfy { $0 == 7 })
    #expect(zip(classes, classes.dropFirst()).count { $0 != $1 } == 29)
    let inSchools = try pairs(columns["class"], columns["school"])
    let inRegions = try pairs(columns["school"], columns["region"])
    #expect(Set(inSchools).count == 30 && Set(inRegions).count == 12)
    let regions = try #require(columns["region"])
    #expect(Set(regions).count == 3)
  }

  @Test func `every combination has its rows`() throws {
    let columns = try StatedDesign("y ~ 1 + (1 | subject) + (1 | item) + (1 | rater)") {
      $0.levels = ["subject=6", "item=5", "rater=4"]
      $0.rowsPer = "subject:item=3"
    }.columns()
    let cells = try pairs(columns["subject"], columns["item"])
    #expect(cells.count == 90 && Set(cells).count == 30)
    #expect(counts(cells).allSatisfy { $0 == 3 })
    let raters = try #require(columns["rater"])
    #expect(Set(raters).count == 4)
    // Drawn for every row, not in a pattern.
    #expect(Set(counts(raters)).count > 1)
  }

  @Test func `a second factor in the same parent stays in it`() throws {
    let columns = try StatedDesign("y ~ 1 + (1 | school/class) + (1 | school:teacher)") {
      $0.levels = ["school=5", "class=3 per school", "teacher=4 per school"]
      $0.rowsPer = "class=20"
    }.columns()
    let teachers = try pairs(columns["teacher"], columns["school"])
    #expect(Set(teachers).count == 20)
  }

  @Test func `unequal shares leave no level out`() throws {
    let stated = try StatedDesign("y ~ 1 + (1 | g)") {
      $0.levels = ["g=200"]
      $0.rows = 10_000
      $0.imbalance = ["g=gamma(2)"]
    }
    let groups = try stated.columns()
    let sizes = counts(try #require(groups["g"]))
    #expect(sizes.count == 200 && sizes.reduce(0, +) == 10_000)
    let variance = sizes.reduce(0.0) { $0 + (Double($1) - 50) * (Double($1) - 50) } / 200
    // Gamma weights of shape 2 have the coefficient of variation 1/√2.
    #expect(abs(variance / 1250 - 1) < 0.5, "\(variance)")
    let zipf = try StatedDesign("y ~ 1 + (1 | g)") {
      $0.levels = ["g=4"]
      $0.rows = 2504
      $0.imbalance = ["g=zipf(1)"]
    }
    let ranked = try zipf.columns()
    let shares = counts(try #require(ranked["g"])).sorted()
    #expect(shares == [301, 401, 601, 1201])
  }

  @Test func `values in turn and by level`() throws {
    let columns = try StatedDesign("y ~ day + cond + arm + s + (day | g)") {
      $0.levels = ["g=6"]
      $0.rowsPer = "g=5"
      $0.covariates = [
        "day=0..4", "cond=a|b in turn", "arm=t|c in turn per g", "s=normal(0,1) per g",
      ]
    }.columns()
    let (days, conditions) = (try #require(columns["day"]), try #require(columns["cond"]))
    #expect(days.prefix(7) == ["0", "1", "2", "3", "4", "0", "1"])
    #expect(conditions.prefix(7) == ["a", "b", "a", "b", "a", "a", "b"])
    let arms = try pairs(columns["arm"], columns["g"])
    #expect(Set(arms).sorted() == ["c/1", "c/3", "c/5", "t/2", "t/4", "t/6"])
    let values = try pairs(columns["s"], columns["g"])
    #expect(Set(values).count == 6)
  }

  /// Every statement that is wrong, and words of the error.
  static let wrong:
    [(formula: String, change: @Sendable (inout SimulationSettings) -> Void, words: String)] =
      [
        ("y ~ x", { _ in }, "no random-effects term"),
        ("log(y) ~ x + (1 | g)", { _ in }, "“log(y)” is computed"),
        ("y ~ poly(x, 2) + (1 | g)", { _ in }, "raw = TRUE"),
        ("y ~ x + (1 | g)", { $0.coefficients = "X=1" }, "Did you mean x?"),
        ("y ~ x + (1 | g)", { $0.coefficients = "1" }, "1 number for 2 coefficients"),
        ("y ~ x + (1 | g)", { $0.coefficients = "x=1,x=2" }, "x is there twice"),
        ("y ~ x + (1 | g)", { $0.coefficients = "x=one" }, "'one', the value of x"),
        ("y ~ x + (1 | g)", { $0.deviations = ["h=1"] }, "groups are g"),
        ("y ~ x + (1 | g)", { $0.deviations = ["g=-1"] }, "must be at least 0"),
        ("y ~ x + (x | g)", { $0.deviations = ["g=1"] }, "2 columns of g"),
        ("y ~ x + (x | g)", { $0.correlations = ["g=1.1"] }, "between -1 and 1"),
        ("y ~ x + (x || g)", { $0.correlations = ["g=0.1"] }, "no correlated columns"),
        ("y ~ (x + z | g)", { $0.correlations = ["g=0.9,0.9,-0.9"] }, "not positive semidefinite"),
        ("y ~ x + (1 | g)", { $0.sigma = -1 }, "SimulationSettings.sigma"),
        ("y ~ x + (1 | g)", { $0.levels = ["g=0"] }, "1 to 10⁸ levels"),
        ("y ~ x + (1 | g)", { $0.levels = ["x=3"] }, "groups by no 'x'"),
        ("y ~ x + (1 | g)", { $0.levels = ["g=3", "g=4"] }, "there twice"),
        ("y ~ (1 | a/b)", { $0.levels = ["a=9", "b=3 in a"] }, "3 levels of b cannot lie in 9"),
        ("y ~ (1 | a) + (1 | b)", { $0.levels = ["a=9 in b", "b=9 in a"] }, "nested in itself"),
        ("y ~ x + (1 | g)", { ($0.rows, $0.rowsPer) = (9, "g=3") }, "exclude each other"),
        ("y ~ x + (1 | g)", { $0.rowsPer = "h=3" }, "groups by no 'h'"),
        ("y ~ (1 | a/b)", { $0.rowsPer = "a=3" }, "nested in a"),
        ("y ~ (1 | a/b)", { $0.rowsPer = "a:b=3" }, "rows of b alone"),
        ("y ~ (1 | a/b)", { $0.imbalance = ["a=gamma(1)"] }, "follow from others"),
        ("y ~ x + (1 | g)", { $0.imbalance = ["g=gamma(0)"] }, "gamma(SHAPE)"),
        ("y ~ x + (1 | g)", { ($0.levels, $0.rows) = (["g=9"], 8) }, "need as many rows"),
        ("y ~ x + (1 | g)", { $0.rows = 0 }, "1 to 10¹² rows"),
        ("y ~ x + (1 | g)", { $0.covariates = ["z=normal(0,1)"] }, "no column 'z'"),
        ("y ~ x + (1 | g)", { $0.covariates = ["x=normal(0,-1)"] }, "sd must be at least 0"),
        ("y ~ x + (1 | g)", { $0.covariates = ["g=normal(0,1)"] }, "groups by it"),
        ("y ~ x + (1 | g)", { $0.covariates = ["x=a|b|a"] }, "a is there twice"),
        ("y ~ x + (1 | g)", { $0.covariates = ["x=1|2 per h"] }, "no factor 'h'"),
        ("y ~ I(x^2) + (1 | g)", { $0.covariates = ["x=a|b"] }, "needs numbers"),
        ("y ~ x + (1 | g)", { $0.weights = "w" }, "can be zero or negative"),
        ("y ~ x + (1 | g)", { $0.contrasts = ["x": .sum] }, "no factor 'x'"),
      ]

  @Test(arguments: wrong.indices)
  func `a wrong statement is refused in words`(index: Int) throws {
    let (formula, change, words) = Self.wrong[index]
    let error = try #require(throws: SimulationError.self) { try StatedDesign(formula, change) }
    #expect("\(error)".contains(words), "\(error)")
  }

  @Test func `a term without a value is told with its row`() throws {
    let stated = try StatedDesign("y ~ log(x) + (1 | g)") { $0.covariates = ["x=5|-1"] }
    let error = try #require(throws: SimulationError.self) { try stated.bytes() }
    #expect("\(error)".contains("has no finite response"))
  }
}
