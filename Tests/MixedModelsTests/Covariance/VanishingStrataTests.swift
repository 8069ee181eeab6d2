// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Strata whose residual variance is zero: every group has one row of such a stratum, and the group's effect takes
/// the residual's place.
///
/// Right values: V without those residuals, ML and REML minimized by SciPy 1.15 in (log σ_g², log σ²), second
/// derivatives by Richardson's differences (NumPy). nlme 3.1-162 has no answer: lme() with varIdent goes on until its
/// matrices have no inverse.
@Suite struct `Residual strata without a variance` {
  /// In "b" rows: 1 + 0.5 x + the group's effect, to four decimals.
  private static let secondStratum = """
      1.3,1.05,g0,b 1.5487,1.78,g0,a -0.1058,-2.55,g0,a 2.4527,-0.14,g0,a 1.1316,1.01,g0,a 2.1532,1.35,g0,a
      0.6445,0.65,g1,b -0.3943,1.5,g1,a 1.2565,0.29,g1,a 1.6151,0.55,g1,a 0.1695,0.18,g1,a -0.2309,-1.07,g1,a
      1.1727,-0.85,g2,b 0.2647,0.38,g2,a 0.9161,-0.58,g2,a 2.8586,1.27,g2,a 1.7731,1.29,g2,a 2.7897,1.8,g2,a
      1.0209,-0.03,g3,b 1.8216,1.38,g3,a 1.1554,-0.91,g3,a 2.0738,-0.82,g3,a -0.1701,0.08,g3,a 1.92,0.28,g3,a
      -0.6623,-1.6,g4,b -0.2956,-1.73,g4,a 0.5207,0.36,g4,a -0.8356,-0.86,g4,a -0.3346,1.21,g4,a 0.2709,0.39,g4,a
      3.1569,0.31,g5,b 3.2045,0.21,g5,a 2.5441,0.9,g5,a 3.4724,-0.15,g5,a 2.511,1.09,g5,a 2.4326,-0.53,g5,a
    """
  private static let firstStratum = """
      -0.103,-1.11,g0,b 0.4143,-0.29,g0,a -0.3512,-0.26,g1,b -0.5195,-0.24,g1,a
      3.1848,1.12,g2,b 2.2894,0.13,g2,a 0.3926,0.36,g3,b -0.0708,0.01,g3,a
      -0.2446,-0.9,g4,b -0.6883,0.17,g4,a 0.0526,0.73,g5,b 0.3371,0.12,g5,a
    """
  /// On the way to whose limit a search goes far beyond where the criterion has digits.
  private static let far = """
    -0.2149,1.25,g0,b -1.72,0.78,g0,a 1.3344,0.96,g1,b 0.1282,-1.08,g1,a
    1.8333,0.87,g2,b 0.0259,-0.17,g2,a -1.2571,-0.19,g3,b 0.3898,1.12,g3,a
    0.7945,-0.44,g4,b 0.5984,-1.28,g4,a 1.0202,-0.47,g5,b 0.4847,-1.2,g5,a
    """

  /// Standard deviations of 1, of 0.002, and none.
  private static let besideSmall = """
    0.515990,-0.52,g0,a 1.768761,-2.44,g0,a 1.758403,1.14,g0,b 1.574616,0.77,g0,b 0.914053,-0.55,g0,c
    -0.267703,-0.33,g1,a 0.815245,0.45,g1,a 0.963229,0.55,g1,b 0.752659,0.13,g1,b 1.109443,0.84,g1,c
    0.524814,0.41,g2,a 3.777274,0.78,g2,a 0.507112,-1.64,g2,b 0.582254,-1.50,g2,b 1.395571,0.13,g2,c
    2.111469,0.21,g3,a 2.505891,-0.17,g3,a 1.156587,-1.13,g3,b 1.846034,0.24,g3,b 1.342431,-0.76,g3,c
    0.686707,0.97,g4,a -0.775817,1.32,g4,a 1.003783,1.13,g4,b -0.272980,-1.42,g4,b 1.046713,1.22,g4,c
    3.458634,2.37,g5,a 1.088649,-0.28,g5,a 2.324308,0.65,g5,b 1.909491,-0.18,g5,b 2.324701,0.65,g5,c
    """

  private static func options(_ kind: CriterionKind, first: String) -> FitOptions {
    var options = FitOptions()
    (options.residualBy, options.criterion) = ("s", kind)
    options.levels = ["s": [first] + ["a", "b", "c"].filter { $0 != first }]
    return options
  }

  private static func table(_ text: String) -> DataSource {
    let rows = text.split { $0 == " " || $0 == "\n" }.joined(separator: "\n")
    return .bytes(Array("y,x,g,s\n\(rows)\n".utf8), name: "strata")
  }

  private func expect(_ numbers: [Double?], _ right: [Double], within tolerance: Double) {
    for (number, right) in zip(numbers, right) {
      #expect(abs((number ?? .nan) / right - 1) < tolerance, "\(number as Double?) for \(right)")
    }
  }

  /// Whichever stratum comes first.
  @Test(arguments: ["a", "b"])
  func `the other estimates are those of the limit`(first: String) throws {
    let cases: [(String, String, CriterionKind, [Double], [Double], [Double], [Double])] = [
      (
        Self.secondStratum, "b", .reml, [87.74282881205, 1.0991709, 0.76432028], [1.13004302, 0.31395347],
        [0.44880042, 0.09808757, 0.34911242, 0.10030145], [4.9592343, 31.1287416]
      ),
      (
        Self.secondStratum, "b", .ml, [85.05391095470, 0.99877973, 0.75207678], [1.1302341, 0.31639275],
        [0.40781974, 0.09619499, 0.28974274, 0.09718851], [5.9452218, 32.5035456]
      ),
      (
        Self.firstStratum, "a", .reml, [25.56224231585, 1.06337852, 0.52575601], [0.2981059, 0.26435423],
        [0.43414893, 0.28762183, 0.33645407, 0.16586375], [4.9957229, 5.1729651]
      ),
      (
        Self.firstStratum, "a", .ml, [24.88901134824, 0.96930057, 0.48065177], [0.29810735, 0.26444099],
        [0.39573956, 0.2629356, 0.27996122, 0.13882573], [5.9950972, 6.1731545]
      ),
      (
        Self.far, "b", .reml, [31.5028196187, 1.20637867, 0.75527756], [0.30699546, 0.84264002],
        [0.49902183, 0.24364345, 0.38847538, 0.23719379], [5.0487364, 6.4892415]
      ),
    ]
    for (text, zero, kind, estimates, coefficients, errors, dfs) in cases {
      let fitted = try FittedModel(
        Formula("y ~ x + (1 | g)"), data: [Self.table(text)], options: Self.options(kind, first: first))
      let fit = fitted.fit
      let strata = try #require(fit.residualStrata).strata
      let vanished = try #require(strata.first { $0.label == zero })
      let other = try #require(strata.first { $0.label != zero })
      #expect(vanished.standardDeviation == 0 && vanished.standardError == nil && vanished.confidenceInterval == nil)
      #expect(abs(fit.criterion - estimates[0]) < 2e-6)
      let group = fit.varianceComponents[0]
      expect([group.standardDeviations[0], other.standardDeviation], Array(estimates[1...]), within: 1e-5)
      expect(fit.fixedEffects.map(\.estimate), coefficients, within: 1e-4)
      expect(
        fit.fixedEffects.map(\.standardError) + [group.standardErrors[0], other.standardError], errors, within: 2e-3)
      expect(try fitted.coefficientTests(.satterthwaite).map(\.df), dfs, within: 2e-3)
      let convergence = fit.convergence
      #expect(convergence.converged && convergence.isSingular)
      #expect(convergence.hessianMinEigenvalue! > 0.5 && convergence.gradientMax! < 1e-5)
      #expect(convergence.messages.contains { $0.hasPrefix("the residual variance of the stratum “\(zero)” of s") })
    }
  }

  /// What stands for zero is small beside the smallest variance that is none.
  @Test(arguments: ["a", "b", "c"])
  func `a zero beside a small variance is one, too`(first: String) throws {
    let cases: [(CriterionKind, [Double])] = [
      (.reml, [-57.90086179136628, 0.59484105, 1.09408483, 0.00179494, 1.22788574, 0.50039055]),
      (.ml, [-72.82409971192712, 0.54301401, 1.09408485, 0.00171852, 1.22788576, 0.50039049]),
    ]
    for (kind, right) in cases {
      let fit = try Fit(
        Formula("y ~ x + (1 | g)"), data: [Self.table(Self.besideSmall)], options: Self.options(kind, first: first))
      let strata = Dictionary(uniqueKeysWithValues: try #require(fit.residualStrata).strata.map { ($0.label, $0) })
      #expect(strata["c"]?.standardDeviation == 0)
      #expect(abs(fit.criterion / right[0] - 1) < 1e-6)
      expect(
        [fit.varianceComponents[0].standardDeviations[0], strata["a"]?.standardDeviation], Array(right[1...2]), within: 1e-5)
      expect([strata["b"]?.standardDeviation], [right[3]], within: 1e-4)
      expect(fit.fixedEffects.map(\.estimate), Array(right[4...]), within: 1e-6)
      #expect(fit.convergence.converged)
    }
  }

  /// The deviance minimized in all that is not held (SciPy), and where it is 3.841458820694124 above the least one.
  @Test(arguments: ["a", "b"])
  func `profiles know the zero`(first: String) throws {
    let cases: [(String, [String: (Double, Double)])] = [
      (
        Self.secondStratum,
        [
          "sd_(Intercept)|g": (0.5927686220, 2.0066340034), "sigma_a": (0.5949990460, 0.9917683387),
          "sigma_b": (0, 0.5010804535), "(Intercept)": (0.1824844413, 2.0767319129), "x": (0.1226176953, 0.5142192162),
        ]
      ),
      (
        Self.firstStratum,
        [
          "sd_(Intercept)|g": (0.5198397702, 1.9440975290), "sigma_a": (0, 0.9411449837),
          "sigma_b": (0, 0.9645772290), "(Intercept)": (-0.6201516032, 1.2938214626), "x": (-0.3304023399, 1.0589484500),
        ]
      ),
    ]
    for (text, right) in cases {
      let fitted = try FittedModel(
        Formula("y ~ x + (1 | g)"), data: [Self.table(text)], options: Self.options(.ml, first: first))
      let intervals = try fitted.profile().intervals
      #expect(intervals.count == 5)
      for interval in intervals {
        let (low, high) = try #require(right[interval.parameter.name])
        #expect(abs((interval.lower ?? .nan) - low) < 2e-5, "\(interval)")
        #expect(abs((interval.upper ?? .nan) - high) < 2e-5, "\(interval)")
        #expect(interval.lowerAtBound == (low == 0))
      }
    }
  }

  @Test(arguments: ["a", "b"]) func `a saved fit comes back`(first: String) throws {
    let folder = try TemporaryFolder()
    let fit = try Fit(
      Formula("y ~ x + (1 | g)"), data: [Self.table(Self.secondStratum)], options: Self.options(.reml, first: first),
      savingTo: folder.file("fit.lmm"))
    let saved = try FittedModel(contentsOf: folder.file("fit.lmm"))
    #expect(saved.fit.criterion == fit.criterion)
    #expect(saved.fit.residualStrata?.strata.map(\.standardDeviation) == fit.residualStrata?.strata.map(\.standardDeviation))
    expect(try saved.coefficientTests(.satterthwaite).map(\.df), [4.9592343, 31.1287416], within: 2e-3)
  }

  /// A standard deviation ten thousand times as small is one that the data tell where the rows are many.
  @Test func `a small variance is no zero`() throws {
    let rows = (0..<60).map { k -> String in
      let (x, e) = (Double(k * 7 % 13), sin(Double(k * k)))
      return "\(1 + x / 2 + Double(k / 10) * 0.3 + (k % 2 == 0 ? 1 : 2e-4) * e),\(x),g\(k / 10),\(k % 2 == 0 ? "a" : "b")"
    }
    let fit = try Fit(
      Formula("y ~ x + (1 | g)"), data: [Self.table(rows.joined(separator: "\n"))],
      options: Self.options(.reml, first: "a"))
    let small = try #require(fit.residualStrata).strata[1]
    #expect((1e-4...4e-4).contains(small.ratio) && small.standardError! < 0.3 * small.standardDeviation)
    #expect(!fit.convergence.messages.contains { $0.contains("estimated as zero, an edge") })
  }
}
