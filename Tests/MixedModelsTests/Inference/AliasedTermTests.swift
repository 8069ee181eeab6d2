// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// F tests of terms that share a part of their column spaces: a term is tested by what it adds.
@Suite struct `F tests of aliased terms` {
  /// `c` is a function of a (p: one; q, r: two); `k` is s where a is p, and else t or w as b is.
  private static let source: DataSource = {
    var text = "g,a,b,x,y,c,k\n"
    for row in UnbalancedTable.rows {
      let c = row.a == "p" ? "one" : "two"
      let k = row.a == "p" ? "s" : row.b == "u" ? "t" : "w"
      text += "\(row.g),\(row.a),\(row.b),\(row.x),\(row.y),\(c),\(k)\n"
    }
    return .bytes(Array(text.utf8), name: "aliased.csv")
  }()

  private func fitted(
    _ formula: String, contrasts: [String: Contrast] = [:]
  ) throws -> FittedModel {
    var options = FitOptions()
    options.contrasts = contrasts
    return try FittedModel(Formula(formula), data: [Self.source], options: options)
  }

  private func tests(
    _ formula: String, _ type: TypeOfHypothesis?, contrasts: [String: Contrast] = [:]
  ) throws -> [String: FTest] {
    let fitted = try fitted(formula, contrasts: contrasts)
    let table =
      try type.map { try fitted.anova(type: $0, .kenwardRoger) }
      ?? fitted.singleTermDeletions(.kenwardRoger)
    return Dictionary(uniqueKeysWithValues: table.rows.map { ($0.name, $0) })
  }

  private func expect(
    _ test: FTest?, _ df: Int, _ F: Double, _ denominator: Double, _ comment: Comment
  ) {
    #expect(test?.numeratorDF == df, comment)
    #expect(abs((test?.statistic ?? .nan) - F) <= 1e-4 * F, comment)
    #expect(abs((test?.denominatorDF ?? .nan) - denominator) <= 1e-4 * denominator, comment)
  }

  static let kinds: [TypeOfHypothesis?] = [.marginality, .marginalMeans, nil]

  /// pbkrtest's test of aq = ar in y ~ a + x: all that a adds to c.
  @Test(arguments: kinds)
  func `a coarser factor adds nothing, a finer one what it divides`(
    type: TypeOfHypothesis?
  ) throws {
    for formula in ["y ~ a + c + x + (1|g)", "y ~ c + x + a + (1|g)", "y ~ x + c + a + (1|g)"] {
      let rows = try tests(formula, type)
      #expect(rows["c"]?.numeratorDF == 0 && rows["c"]?.statistic == nil, "\(formula)")
      expect(rows["a"], 1, 22.7989625, 143.663022, "\(formula)")
    }
  }

  /// As in R, the second name's coefficient is not estimated. Dropping either changes nothing.
  @Test func `of a term under two names the first is tested`() throws {
    for type in [TypeOfHypothesis.marginality, .marginalMeans] {
      let rows = try tests("y ~ a + b + x + I(2 * x) + (1|g)", type)
      expect(rows["x"], 1, 134.16177, 134.4042, "x")
      expect(rows["a"], 2, 40.41252, 136.9255, "a")
      #expect(rows["I(2 * x)"]?.numeratorDF == 0)
    }
    let deletions = try tests("y ~ a + b + x + I(2 * x) + (1|g)", nil)
    #expect(deletions["x"]?.numeratorDF == 0 && deletions["I(2 * x)"]?.numeratorDF == 0)
  }

  /// lmerTest's anova of y ~ a + k for k, its contest of aq = ar for a.
  @Test(arguments: kinds)
  func `of two factors that share a contrast each is tested by the other one`(
    type: TypeOfHypothesis?
  ) throws {
    for formula in ["y ~ a + k + (1|g)", "y ~ k + a + (1|g)"] {
      for contrasts in [[:], ["a": Contrast.sum, "k": .helmert]] {
        let rows = try tests(formula, type, contrasts: contrasts)
        expect(rows["k"], 1, 31.95497, 138.1101, "\(formula)")
        expect(rows["a"], 1, 20.2636421, 144.501834, "\(formula)")
      }
    }
  }

  /// lmerTest's type 3 tests of the models with an intercept.
  @Test(arguments: kinds, [[:], ["a": Contrast.sum, "b": .sum], ["b": .helmert]])
  func `without an intercept a factor adds the same to another one`(
    type: TypeOfHypothesis?, contrasts: [String: Contrast]
  ) throws {
    for formula in ["y ~ 0 + a + b + x + (1|g)", "y ~ 0 + x + b + a + (1|g)"] {
      let rows = try tests(formula, type, contrasts: contrasts)
      expect(rows["a"], 2, 40.41252, 136.9255, "\(formula)")
      expect(rows["b"], 1, 130.63127, 133.2169, "\(formula)")
    }
    guard type == .marginalMeans else { return }
    let rows = try tests("y ~ 0 + a * b + x + (1|g)", type, contrasts: contrasts)
    expect(rows["a"], 2, 36.68425, 134.8662, "a * b")
    expect(rows["b"], 1, 125.91054, 133.8509, "a * b")
    expect(rows["a:b"], 2, 3.71954, 137.4381, "a * b")
  }

  /// The reference: lmerTest with the contrast as a covariate.
  @Test(arguments: kinds)
  func `contrasts that leave a part of the levels out are tested as they are`(
    type: TypeOfHypothesis?
  ) throws {
    let linear = Contrast.matrix(
      levels: ["p", "q", "r"], columns: ["lin"], values: [[-1], [0], [1]])
    let rows = try tests("y ~ a + b + (1|g)", type, contrasts: ["a": linear])
    expect(rows["a"], 1, 41.61119, 141.6595, "a")
    expect(rows["b"], 1, 60.10250, 135.3705, "b")
  }

  /// The scale of a reduced contrast does not say how the cells of an interaction count.
  @Test func `a reduced contrast's units do not matter to interactions`() throws {
    func rows(_ unit: Double) throws -> [String: FTest] {
      let linear = Contrast.matrix(
        levels: ["p", "q", "r"], columns: ["lin"], values: [[-unit], [0], [unit]])
      return try tests("y ~ a * b + (1|g)", .marginalMeans, contrasts: ["a": linear])
    }
    let (one, thousand) = (try rows(1), try rows(1000))
    for name in ["a", "b", "a:b"] {
      #expect(one[name]?.numeratorDF == 1)
      let F = try #require(one[name]?.statistic)
      #expect(abs(F - (thousand[name]?.statistic ?? .nan)) <= 1e-6 * F, "\(name)")
    }
  }
}
