// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// What R's predict() gave for rows that were not those of the fit; `predictions` of Fits/*.json.
struct ReferencePrediction: Sendable, CustomTestStringConvertible {
  let fit: String
  let label: String
  /// The new rows as CSV.
  let table: String
  let random: RandomPart
  let allowsNewLevels: Bool
  /// nil in rows with a missing value.
  let values: [Double?]
  let fixedErrors: [Double?]
  /// R's words where it refused.
  let error: String?

  var testDescription: String { "\(fit): \(label)" }

  static let all: [ReferencePrediction] = {
    let ids = [
      "crossed-slopes-reml", "oats-numeric-reml", "sleepstudy-max-reml",
      "sleepstudy-quadratic-reml", "sleepstudy-zerocorr-explicit-ml",
    ]
    return ids.flatMap { id in
      let path = Files.test("MixedModelsTests/Reference/Fits/\(id).json")
      let json = try! JSONSerialization.jsonObject(with: Data(contentsOf: path)) as! [String: Any]
      return (json["predictions"] as! [[String: Any]]).map { ReferencePrediction(id, $0) }
    }
  }()

  private init(_ fit: String, _ json: [String: Any]) {
    self.fit = fit
    label = json["label"] as! String
    let columns = (json["newdata"] as! [String: [Any]]).sorted { $0.key < $1.key }
    let rows = columns[0].value.indices.map { row in
      columns.map { $0.value[row] is NSNull ? "NA" : "\($0.value[row])" }.joined(separator: ",")
    }
    table = ([columns.map(\.key).joined(separator: ",")] + rows).joined(separator: "\n") + "\n"
    let form = json["re_form"] as! String
    random = form == "NULL" ? .all : form == "NA" ? .none : RandomPart(form)!
    allowsNewLevels = json["allow_new_levels"] as! Bool
    values = (json["prediction"] as? [Any])?.map { $0 as? Double } ?? []
    fixedErrors = (json["se_fixed_part"] as? [Any])?.map { $0 as? Double } ?? []
    error = json["error"] as? String
  }
}

@Suite struct PredictionTests {
  private func predictor(_ id: String) throws -> LinearPredictor {
    let reference = ReferenceFit.named(id)
    return try LinearPredictor(
      Formula(reference.formula), data: [reference.source], options: reference.options)
  }

  private func predict(
    _ predictor: LinearPredictor, _ table: String, _ options: PredictionOptions
  ) throws -> PredictedRows {
    var all: PredictedRows?
    try predictor.predict([.bytes(Array(table.utf8), name: "new.csv")], options: options) {
      #expect(all == nil)  // one chunk
      all = $0
    }
    return try #require(all)
  }

  @Test(arguments: ReferencePrediction.all)
  func `predictions are R's`(_ reference: ReferencePrediction) throws {
    var options = PredictionOptions()
    (options.random, options.allowsNewLevels) = (reference.random, reference.allowsNewLevels)
    let predictor = try predictor(reference.fit)
    if reference.error != nil {
      let error = #expect(throws: DataError.self) {
        _ = try predict(predictor, reference.table, options)
      }
      #expect(error?.line == 2 && error?.column == "Subject" && error?.value == "new1")
      return
    }
    let rows = try predict(predictor, reference.table, options)
    #expect(rows.fitted.count == reference.values.count)
    for (ours, theirs) in zip(rows.fitted, reference.values) {
      if let theirs {
        #expect(abs(ours - theirs) < 1e-7 * abs(theirs))
      } else {
        #expect(ours.isNaN)
      }
    }
  }

  @Test(arguments: ReferencePrediction.all.filter { $0.error == nil })
  func `standard errors of the fixed part are those of its covariance`(
    _ reference: ReferencePrediction
  ) throws {
    var options = PredictionOptions()
    (options.random, options.wantsStandardErrors) = (.none, true)
    let predictor = try predictor(reference.fit)
    let rows = try predict(predictor, reference.table, options)
    for (relative, theirs) in zip(rows.relativeVariance, reference.fixedErrors) {
      guard let theirs else {
        #expect(relative.isNaN)
        continue
      }
      #expect(abs(predictor.fit.sigma * relative.squareRoot() - theirs) < 1e-6 * theirs)
    }
  }

  /// R at θ of sleepstudy-max-reml: σ √(vᵀ solve(K, v)) with K and v = [Λᵀz; x] made of getME(m, "Z"),
  /// "X", "Lambda"; the new level's √(xᵀ vcov(m) x + xᵀ VarCorr(m)$Subject x).
  @Test func `standard errors count the random effects`() throws {
    let predictor = try predictor("sleepstudy-max-reml")
    var options = PredictionOptions()
    (options.wantsStandardErrors, options.allowsNewLevels) = (true, true)
    let table = "Days,Subject\n0,308\n5,308\n5,new\n"
    func errors() throws -> [Double] {
      try predict(predictor, table, options).relativeVariance.map {
        predictor.fit.sigma * $0.squareRoot()
      }
    }
    let truth = [12.2547929788481, 8.01605792065986, 40.9478324443]
    for (ours, theirs) in zip(try errors(), truth) { #expect(abs(ours - theirs) < 1e-8 * theirs) }
    options.random = RandomPart("~(1|Subject)")!
    #expect(abs(try errors()[1] - 13.786581735951) < 1e-8 * 13.8)
  }

  /// The same in R for crossed factors, without the rows of s01 and i01, at our θ. The first new row
  /// is that pair, whose covariance is not among those of the fit's pairs.
  @Test func `levels that never met have a covariance too`() throws {
    let all = try String(contentsOfFile: Files.data("crossed_slopes.csv"), encoding: .utf8)
    let some = all.split(separator: "\n").filter { !$0.hasPrefix("s01,i01,") }
    let data = DataSource.bytes(Array((some.joined(separator: "\n") + "\n").utf8), name: "some.csv")
    let predictor = try LinearPredictor(
      Formula("rt ~ cond + (cond | subj) + (cond | item)"), data: [data])
    var options = PredictionOptions()
    options.wantsStandardErrors = true
    let rows = try predict(
      predictor, "cond,subj,item\n-0.5,s01,i01\n0.5,s07,i10\n0.25,s24,i16\n", options)
    let errors = rows.relativeVariance.map { predictor.fit.sigma * $0.squareRoot() }
    for (ours, theirs) in zip(errors, [29.860306800192, 29.3068686447789, 26.185195852084]) {
      #expect(abs(ours - theirs) < 1e-6 * theirs)
    }
  }

  @Test func `what a formula computes from the data is computed as for the fit`() throws {
    let data = DataSource.file(Files.data("sleepstudy.csv"))
    let table = "Days,Subject\n2.5,309\n11,371\n"
    let plain = try predict(
      LinearPredictor(Formula("log(Reaction) ~ Days + I(Days^2) + (1 | Subject)"), data: [data]),
      table, PredictionOptions())
    for formula in [
      "log(Reaction) ~ poly(Days, 2) + (1 | Subject)",
      "log(Reaction) ~ scale(Days) + I(Days^2) + (1 | Subject)",
      "log(Reaction) ~ poly(Days, 2, raw = TRUE) + (1 | Subject)",
    ] {
      let rows = try predict(
        LinearPredictor(Formula(formula), data: [data]), table, PredictionOptions())
      for (a, b) in zip(plain.fitted, rows.fitted) { #expect(abs(a - b) < 1e-8) }
    }
  }

  @Test func `a saved model predicts the same, bit for bit`() throws {
    let folder = try TemporaryFolder()
    let reference = ReferenceFit.named("crossed-slopes-reml")
    _ = try Fit(
      Formula(reference.formula), data: [reference.source], options: reference.options,
      savingTo: folder.file("m.lmm"))
    let table = "cond,subj,item\n-0.5,s01,i01\n"
    let saved = try predict(
      LinearPredictor(contentsOf: folder.file("m.lmm")), table, PredictionOptions())
    let fresh = try predict(predictor("crossed-slopes-reml"), table, PredictionOptions())
    #expect(saved.fitted == fresh.fitted)
  }
}
