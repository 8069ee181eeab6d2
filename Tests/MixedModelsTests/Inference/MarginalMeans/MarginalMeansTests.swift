// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Reports
import TestSupport
import Testing

@Suite struct `Marginal means` {
  private func means(
    _ formula: String, _ specification: String, _ source: any TableSource = UnbalancedTable.source(),
    weights: String? = nil, _ change: (inout MeansOptions) -> Void = { _ in }
  ) throws -> MarginalMeans {
    var fitOptions = FitOptions()
    fitOptions.weights = weights
    let fitted = try FittedModel(Formula(formula), data: [source], options: fitOptions)
    var options = MeansOptions()
    change(&options)
    return try fitted.marginalMeans(MeansSpecification(specification), options)
  }

  private func close(_ a: Double?, _ b: Double, _ tolerance: Double) -> Bool {
    a.map { abs($0 - b) <= tolerance * max(abs(b), 1e-6) } ?? false
  }

  /// emmeans 1.8.4 finds a in b by the formula (the cell r, v has no rows), and a in c by the rows.
  @Test func `levels of nested factors are averaged where they occur, as emmeans does`() throws {
    let nested = try means("y ~ b / a + (1|g)", "~ b", UnbalancedTable.withoutCell)
    expect(nested, [["u"], ["v"]], [53.66177263, 69.42832192])
    #expect(nested.messages.contains("nested factors: a %in% b"))
    let inner = try means("y ~ b / a + (1|g)", "~ a", UnbalancedTable.withoutCell) {
      $0.wantsDifferences = true
    }
    expect(
      inner, [["p", "u"], ["q", "u"], ["r", "u"], ["p", "v"], ["q", "v"]],
      [41.08832046, 51.53827516, 68.35872227, 66.20461353, 72.65203032])
    #expect(inner.differences?.map(\.name) == ["p - q", "p - r", "q - r", "p - q"])
    var text = "g,a,c,y\n"
    for row in UnbalancedTable.rows {
      text += "\(row.g),\(row.a),\(row.a == "p" ? "one" : "two"),\(row.y)\n"
    }
    let byRows = try means("y ~ c + a + (1|g)", "~ c", .bytes(Array(text.utf8), name: "c.csv"))
    expect(byRows, [["one"], ["two"]], [46.54099559, 69.42964589])
    let crossed = try means("y ~ a * b + (1|g)", "~ a", UnbalancedTable.withoutCell)
    #expect(crossed.means.map { $0.test == nil } == [false, false, true])
  }

  private func expect(
    _ table: MarginalMeans, _ labels: [[String]], _ estimates: [Double]
  ) {
    #expect(table.means.map(\.labels) == labels)
    for (mean, estimate) in zip(table.means, estimates) {
      #expect(close(mean.test?.estimate, estimate, 1e-6), "\(mean.labels)")
    }
  }

  @Test func `there are references`() { #expect(ReferenceMeans.all.count >= 4) }

  @Test(arguments: ReferenceMeans.all)
  func `means and differences agree with emmeans`(
    reference: (id: String, means: ReferenceMeans)
  ) throws {
    let fitted = try ReferenceFit.named(reference.id).fittedModel()
    for (method, expected, dfTolerance) in [
      (DegreesOfFreedomMethod.satterthwaite, reference.means.satterthwaite, 1e-3),
      (.kenwardRoger, reference.means.kenward_roger, 1e-4),
    ] {
      var options = MeansOptions()
      (options.method, options.wantsDifferences) = (method, true)
      let table = try fitted.marginalMeans(MeansSpecification(reference.means.spec), options)
      #expect(table.means.count == expected.emmean.count)
      for (k, mean) in table.means.enumerated() {
        let test = try #require(mean.test)
        #expect(close(test.estimate, expected.emmean[k], 1e-6))
        #expect(close(test.standardError, expected.se[k], 1e-6))
        #expect(close(test.df, expected.df[k], dfTolerance))
        #expect(close(test.confidenceInterval?.low, expected.lower[k], 1e-5))
        #expect(close(test.confidenceInterval?.high, expected.upper[k], 1e-5))
      }
      guard let pairs = expected.pairs else { continue }
      let differences = try #require(table.differences)
      #expect(differences.map(\.name) == pairs.contrast)
      for (k, difference) in differences.enumerated() {
        let test = try #require(difference.test)
        #expect(abs(test.estimate - pairs.estimate[k]) <= 1e-6 * pairs.se[k])
        #expect(close(test.standardError, pairs.se[k], 1e-6))
        #expect(close(test.df, pairs.df[k], dfTolerance))
        #expect(close(test.pValue, pairs.p_tukey[k], 1e-3))
      }
      options.adjustment = .none
      let plain = try fitted.marginalMeans(MeansSpecification(reference.means.spec), options)
      for (k, difference) in plain.differences!.enumerated() {
        #expect(close(difference.test!.pValue, pairs.p_unadjusted[k], 1e-3))
      }
    }
  }

  private static let rich = "y ~ a * b + poly(x, 2) + log(z + 1) + (1 | g)"

  /// emmeans 1.8.4; numbers stand at their means inside of poly() and log().
  @Test func `of an unbalanced table with transformed covariates`() throws {
    let a = try means(Self.rich, "~ a")
    for (k, (emmean, se, df)) in [
      (55.3163018530, 2.70438962008, 46.7803253633), (62.8522827869, 2.56922356557, 39.3251746097),
      (86.2642747128, 3.61850364653, 93.2250445767),
    ].enumerated() {
      #expect(close(a.means[k].test?.estimate, emmean, 1e-6))
      #expect(close(a.means[k].test?.standardError, se, 1e-6))
      #expect(close(a.means[k].test?.df, df, 1e-3))
    }
    #expect(a.averaged == ["b"])
    let grand = try means(Self.rich, "~ 1").means
    #expect(grand.count == 1 && close(grand[0].test?.estimate, 68.1442864509, 1e-6))
    let proportional = try means(Self.rich, "~ a") { $0.weights = .proportional }
    for (mean, value) in zip(proportional.means, [48.1987715309, 57.8030647731, 76.8264784658]) {
      #expect(close(mean.test?.estimate, value, 1e-6))
    }
    let at = try means(Self.rich, "~ x") { $0.values = ["x": ["10", "50"]] }
    #expect(at.means.map(\.labels) == [["10"], ["50"]])
    #expect(close(at.means[0].test?.estimate, 51.3962741972, 1e-6))
    #expect(close(at.means[1].test?.estimate, 68.2646930410, 1e-6))
  }

  @Test func `differences within groups, adjusted by Tukey, Bonferroni and Holm`() throws {
    let tukey = try means(Self.rich, "~ a | b") { $0.wantsDifferences = true }
    let expected: [(String, Double, Double, Double, Double)] = [
      ("u", -11.72850588303, 1.37291220982e-05, -17.5440662992, -5.91294546689),
      ("u", -26.24473112016, 5.69704550202e-09, -35.9054812442, -16.58398099607),
      ("u", -14.51622523713, 1.44521474008e-03, -24.1625460255, -4.86990444879),
      ("v", -3.34345598478, 7.24561471320e-01, -13.6920198832, 7.00510791363),
      ("v", -35.65121459943, 1.51982788799e-07, -50.2890161512, -21.01341304768),
      ("v", -32.30775861465, 9.49776886028e-07, -46.5387446555, -18.07677257383),
    ]
    let differences = try #require(tukey.differences)
    #expect(differences.count == expected.count)
    for (difference, (b, estimate, p, low, high)) in zip(differences, expected) {
      #expect(difference.labels == [b])
      #expect(close(difference.test?.estimate, estimate, 1e-5))
      #expect(close(difference.test?.pValue, p, 1e-3))
      #expect(close(difference.test?.confidenceInterval?.low, low, 1e-4))
      #expect(close(difference.test?.confidenceInterval?.high, high, 1e-4))
    }
    for (adjustment, p) in [
      (MultiplicityAdjustment.holm, [3.02499755989e-03, 9.36644537674e-14, 1.86707664043e-09]),
      (.bonferroni, [9.07499267966e-03, 9.36644537674e-14, 2.80061496065e-09]),
    ] {
      let table = try means(Self.rich, "~ a") {
        ($0.wantsDifferences, $0.adjustment) = (true, adjustment)
      }
      for (k, difference) in table.differences!.enumerated() {
        #expect(close(difference.test?.pValue, p[k], 1e-3))
      }
      let interval = table.differences![0].test!.confidenceInterval!
      #expect(close(interval.low, -13.5843706289, 1e-4))
      #expect(close(interval.high, -1.48759123886, 1e-4))
    }
  }

  /// emmeans takes the mean of x over rows, not by weights.
  @Test func `prior weights do not move the covariates`() throws {
    let table = try means("y ~ a + x + (1 | g)", "~ a", weights: "w")
    for (k, (emmean, se)) in [
      (45.2325051104, 2.33081994461), (56.4836539838, 2.30807733851),
      (78.7478215166, 4.13404600597),
    ].enumerated() {
      #expect(close(table.means[k].test?.estimate, emmean, 1e-6))
      #expect(close(table.means[k].test?.standardError, se, 1e-6))
    }
  }

  @Test func `what an empty cell leaves undefined is missing, with the reason`() throws {
    let formula = "y ~ a * b + x + (1 | g)"
    let a = try means(formula, "~ a", UnbalancedTable.withoutCell) { $0.wantsDifferences = true }
    #expect(close(a.means[0].test?.estimate, 54.6816041858, 1e-6))
    #expect(close(a.means[1].test?.estimate, 62.3151779053, 1e-6))
    #expect(a.means[2].test == nil && a.means[2].reason?.contains("ar:bv") == true)
    #expect(a.differences!.map { $0.test == nil } == [false, true, true])
    let cells = try means(formula, "~ a:b", UnbalancedTable.withoutCell)
    #expect(cells.means.map { $0.test == nil } == [false, false, false, false, false, true])
    #expect(close(cells.means[4].test?.estimate, 72.5611071718, 1e-6))
    let report = a.report()
    #expect(report.text().contains("nonEst") && !report.text().contains("NaN"))
    #expect(
      report.text(as: .json).contains("\"estimate\": null")
        && !report.text(as: .json).contains("nan"))
    #expect(report.text(as: .tidy).contains("mean,r,NA,NA,NA,NA"))
  }

  /// Means are the fixed part of a row, whatever the coding: factor(x), logicals and I() included.
  @Test func `a factor made of a number, a logical and a comparison`() throws {
    var text = "y,k,t,x,g\n"
    for i in 0..<80 {
      let y = Double((i * i * 53 + i * 19) % 31) + Double(i % 3) * 4 + Double((i * 7) % 8)
      text += "\(y),\(1 + i % 3),\(i % 4 == 0 ? "TRUE" : "FALSE"),\((i * 37) % 29),\((i * 7) % 8)\n"
    }
    let source = DataSource.bytes(Array(text.utf8), name: "k.csv")
    let fitted = try FittedModel(
      Formula("y ~ factor(k) + t + I(x > 10) + x + (1 | g)"), data: [source],
      options: FitOptions())
    var options = MeansOptions()
    options.values = ["x": ["20"], "t": ["TRUE"]]
    let table = try fitted.marginalMeans(MeansSpecification("~ k"), options)
    let β = fitted.fit.fixedEffects.map { $0.estimate! }
    let base = β[0] + β[3] + β[4] + 20 * β[5]
    #expect(table.means.map(\.labels) == [["1"], ["2"], ["3"]])
    for (mean, value) in zip(table.means, [base, base + β[1], base + β[2]]) {
      #expect(close(mean.test?.estimate, value, 1e-10))
    }
    #expect(table.means[0].test?.name == "1")
  }

  @Test(arguments: [
    ("~ q", "is no variable of the fixed part"), ("~ x", "is a number, so it has no levels"),
    ("~ a | b | x", "more than one |"), ("a", "does not begin with ~"), ("~ a:a", "named twice"),
    ("~ a:", "a name is missing"), ("~ 1 + a", "1 stands alone"),
  ])
  func `mistakes are explained`(specification: String, words: String) throws {
    do {
      _ = try means("y ~ a * b + x + (1 | g)", specification)
      Issue.record("not refused")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }

  @Test(arguments: [
    (["a": ["p", "zz"]], "there is no level “zz”"), (["x": ["p"]], "is no number"),
    (["q": ["1"]], "is no variable"), (["z": ["-5"]], "has no value at z = -5"),
  ])
  func `values that cannot be are refused`(values: [String: [String]], words: String) throws {
    do {
      _ = try means("y ~ a * b + x + log(z + 1) + (1 | g)", "~ a") { $0.values = values }
      Issue.record("not refused")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }

  @Test func `a transformed response is named`() throws {
    let table = try means("log(y + 1) ~ a + (1 | g)", "~ a")
    #expect(table.messages == ["results are on the scale of log(y + 1)"])
  }

  /// Files of earlier versions lack the sums of the columns: the mean of a plain covariate is in A,
  /// that of x in log(x) is not.
  @Test func `files of earlier versions`() throws {
    let folder = try TemporaryFolder()
    for (formula, isKnown) in [
      ("y ~ a + x + (1 | g)", true), ("y ~ a + log(z + 1) + (1 | g)", false),
    ] {
      let path = folder.file("model.lmm")
      _ = try Fit(
        Formula(formula), data: [UnbalancedTable.source()], options: FitOptions(), savingTo: path)
      let new = try FittedModel(contentsOf: path).marginalMeans(MeansSpecification("~ a"))
      var file = try UnpackedFile(path)
      let k = try #require(file.members.firstIndex { $0.name == "lmm-sparse.json" })
      var text = String(decoding: file.members[k].bytes, as: UTF8.self)
      let start = try #require(text.range(of: "\"column_sums\""))
      let end = try #require(text.range(of: "\"layout\""))
      text.removeSubrange(start.lowerBound..<end.lowerBound)
      file.members[k].bytes = Array(text.utf8)
      try folder.write(file.packed, to: "model.lmm")
      let old = try FittedModel(contentsOf: path)
      if isKnown {
        let means = try old.marginalMeans(MeansSpecification("~ a")).means
        #expect(close(means[0].test?.estimate, new.means[0].test!.estimate, 1e-12))
      } else {
        let error = #expect(throws: InferenceError.self) {
          try old.marginalMeans(MeansSpecification("~ a"))
        }
        #expect(error?.description.contains(#"MeansOptions.values["z"] = ["NUMBER"]"#) == true)
      }
    }
  }
}
