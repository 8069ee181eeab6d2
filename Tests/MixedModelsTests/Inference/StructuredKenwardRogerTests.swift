// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

/// Kenward and Roger's adjustment of models in which V is not linear in the parameters, and of relatives.
@Suite struct `Kenward–Roger of structures and relatives` {
  private func tests(
    _ formula: String, _ file: String, _ method: DegreesOfFreedomMethod = .kenwardRoger
  ) throws -> [TTest] {
    try FittedModel(Formula(formula), data: [.file(Files.data(file))]).coefficientTests(method)
  }

  /// R: V with its first and second derivatives in full by numDeriv, in other coordinates than here, at the
  /// optimum by nlminb and Newton's steps.
  @Test func `standard errors and degrees of freedom are those of matrices in full`() throws {
    let cases: [(String, String, se: [Double], linear: [Double], df: [Double])] = [
      (
        "Reaction ~ Days + ar1(0 + factor(Days) | Subject)", "sleepstudy.csv",
        [11.40234285306, 1.53983212059], [11.38445194859, 1.52156515753],
        [33.6821947297, 63.2356083236]
      ),
      (
        "yield ~ nitro + Variety + cs(0 + Variety | Block)", "oats.csv",
        [7.31684833947, 6.78804137814, 6.34169412511, 7.37467015541],
        [7.31564796415, 6.78779232587, 6.37452205121, 7.36252440121],
        [5.88410282228, 53.01355427822, 9.48318144577, 7.73786661967]
      ),
    ]
    for (formula, file, se, linear, df) in cases {
      let (own, first) = (try tests(formula, file), try tests(formula, file, .kenwardRogerLinear))
      for k in se.indices {
        #expect(abs(own[k].standardError / se[k] - 1) < 1e-6, "\(own[k].name)")
        #expect(abs(first[k].standardError / linear[k] - 1) < 1e-6, "\(own[k].name)")
        #expect(abs(own[k].df! / df[k] - 1) < 1e-5 && own[k].df == first[k].df)
      }
    }
  }

  /// A structure that says nothing bends nothing.
  @Test(arguments: [
    ("Reaction ~ Days + cs(Days | Subject)", "Reaction ~ Days + (Days | Subject)", "sleepstudy.csv"),
    ("yield ~ nitro + homdiag(0 + Variety | Block)", "yield ~ nitro + (1 | Block:Variety)", "oats.csv"),
    ("yield ~ nitro + homcs(0 + Variety | Block)", "yield ~ nitro + (1 | Block/Variety)", "oats.csv"),
  ])
  func `what is the same model has the same tests`(
    structured: String, plain: String, file: String
  ) throws {
    let (own, expected) = (try tests(structured, file), try tests(plain, file))
    for (a, b) in zip(own, expected) {
      #expect(abs(a.standardError / b.standardError - 1) < 1e-6)
      #expect(abs(a.df! / b.df! - 1) < 1e-5, "\(a.df!) \(b.df!)")
    }
    #expect(throws: InferenceError.linearNeedsCurvature) {
      try tests(plain, file, .kenwardRogerLinear)
    }
  }

  /// Every level's mean at every time is zero: effects have no variance, and no direction.
  @Test(arguments: ["homdiag", "ar1", "cs", "rr"])
  func `singular fits have finite tables`(word: String) throws {
    let text = (0..<48).map { "\($0 / 4 % 2 == 0 ? 1 : -1),\($0 % 4),g\($0 / 8)" }
      .joined(separator: "\n")
    let d = word == "rr" ? ", d = 1" : ""
    let fitted = try FittedModel(
      Formula("y ~ 1 + \(word)(0 + factor(t) | g\(d))"),
      data: [.bytes(Array("y,t,g\n\(text)\n".utf8), name: "flat")])
    #expect(fitted.fit.convergence.isSingular)
    let test = try fitted.coefficientTests(.kenwardRoger)[0]
    #expect(test.standardError.isFinite && test.df!.isFinite)
  }

  // MARK: Relatives

  private static let animals = AnimalTable()

  /// V = Σ γ_r Z(A ⊗ E_r)Zᵀ + γ_e I.
  @Test func `relatives agree with dense matrices`() throws {
    let table = Self.animals
    let fitted = try table.fitted("y ~ x + (1 | animal) + (1 | herd)")
    let rows = table.rows
    func matrix(_ value: (AnimalTable.Row, AnimalTable.Row) -> Double) -> DenseMatrix {
      DenseMatrix(
        rows: rows.count, columns: rows.count, storage: rows.flatMap { j in rows.map { value($0, j) } })
    }
    let X = DenseMatrix(
      rows: rows.count, columns: 2, storage: rows.map { _ in 1 } + rows.map(\.x))
    let components = fitted.fit.varianceComponents
    func variance(_ group: String) -> Double {
      components.first { $0.group == group }!.covariances[0][0]
    }
    #expect(variance("animal") > 0 && variance("herd") > 0)
    let oracle = try DenseKenwardRoger(
      X: X,
      G: [
        matrix { table.kinship($0.animal, $1.animal) }, matrix { $0.herd == $1.herd ? 1 : 0 },
        .identity(rows.count),
      ], γ: [variance("animal"), variance("herd"), fitted.fit.sigma * fitted.fit.sigma])
    for (k, test) in try fitted.coefficientTests(.kenwardRoger).enumerated() {
      #expect(abs(test.standardError / oracle.adjusted[k, k].squareRoot() - 1) < 1e-8)
      #expect(abs(test.df! / oracle.degreesOfFreedom(k) - 1) < 1e-7)
    }
  }

  @Test func `unrelated levels are an ordinary factor`() throws {
    let table = Self.animals
    let formula = "y ~ x + (x | animal) + (1 | herd)"
    let related = try table.fitted(formula, table.unrelated).coefficientTests(.kenwardRoger)
    let plain = try table.fitted(formula, nil).coefficientTests(.kenwardRoger)
    for (a, b) in zip(related, plain) {
      #expect(abs(a.standardError / b.standardError - 1) < 1e-6)
      #expect(abs(a.df! / b.df! - 1) < 1e-5)
    }
  }
}
