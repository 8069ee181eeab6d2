// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

@Suite struct AugmentTests {
  private static let small = ReferenceFit.all.filter { $0.n < 1000 }

  private func table(
    _ reference: ReferenceFit, _ columns: [RowColumn], threads: Int = 0, chunkBytes: Int? = nil
  ) throws -> (header: [String], rows: [[Double]]) {
    var fitting = reference.options
    fitting.threads = threads
    let predictor = try LinearPredictor(
      Formula(reference.formula), data: [reference.source], options: fitting)
    var options = PredictionOptions()
    options.reading.threads = threads
    if let chunkBytes { options.reading.chunkBytes = chunkBytes }
    var bytes: [UInt8] = []
    try RowTable(predictor, columns, input: .none, options: options)
      .write([reference.source]) { bytes += $0 }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    return (
      lines[0].split(separator: ",").map(String.init),
      lines.dropFirst().map { $0.split(separator: ",").map { Double($0) ?? .nan } }
    )
  }

  @Test(arguments: small) func `rows agree with lme4`(_ reference: ReferenceFit) throws {
    let (header, all) = try table(reference, [.fitted, .fixed, .residual])
    #expect(header == [".fitted", ".fixed", ".resid"])
    #expect(all.count == reference.n + reference.n_rows_omitted)
    let rows = all.filter { !$0[0].isNaN && !$0[2].isNaN }
    #expect(rows.count == reference.n)
    let size = reference.sigma
    for k in 0..<10 {
      #expect(abs(rows[k][0] - reference.fitted_first10[k]) < 1e-3 * size)
      #expect(abs(rows[k][1] - reference.linear_predictor_fixed_only_first10[k]) < 1e-3 * size)
      #expect(abs(rows[k][2] - reference.resid_response_first10[k]) < 1e-3 * size)
    }
    let n = Double(reference.n)
    #expect(abs(rows.reduce(0) { $0 + $1[0] } - reference.sum_fitted) < 1e-3 * size * n)
    let squares = rows.reduce(0) { $0 + $1[2] * $1[2] }
    #expect(abs(squares - reference.sum_sq_resid_response) < 1e-4 * reference.sum_sq_resid_response)
  }

  /// The only row of its level: without it the level's coefficient could not be estimated.
  @Test func `a row of leverage 1 has no Cook's distance`() throws {
    var text = "g,f,x,y\n"
    for row in 0..<40 {
      text += "\(row % 8),\(row == 17 ? "rare" : "n"),\(row * row % 13),\(row * 7 % 11 + row % 8)\n"
    }
    let source = DataSource.bytes(Array(text.utf8), name: "leverage.csv")
    let predictor = try LinearPredictor(Formula("y ~ x + f + (1 | g)"), data: [source])
    var lines: [UInt8] = []
    try RowTable(predictor, [.leverage, .cooksDistance], input: .none).write([source]) { lines += $0 }
    let rows = String(decoding: lines, as: UTF8.self).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",").map { Double($0) ?? .nan }
    }
    #expect(abs(rows[17][0] - 1) < 1e-9 && rows[17][1].isNaN)
    #expect(rows.enumerated().allSatisfy { $0.offset == 17 || ($0.element[1] >= 0 && $0.element[1] < 10) })
  }

  struct Influence: Sendable, CustomTestStringConvertible {
    let id: String
    /// hatvalues(m)[rows], cooks.distance(m)[rows], and the sums of both.
    let rows: [Int]
    let hat: [Double]
    let cook: [Double]
    let sums: [Double]
    var testDescription: String { id }
  }

  /// R, lme4 1.1-31, at the reference's θ: lf <- lFormula(formula, data, weights = w);
  /// dv <- do.call(mkLmerDevfun, lf); v <- dv(theta); m <- mkMerMod(environment(dv), list(par = theta,
  /// fval = v, conv = 0, message = NULL), lf$reTrms, fr = lf$fr).
  static let influences = [
    Influence(
      id: "sleepstudy-max-reml", rows: [1, 2, 50, 180],
      hat: [0.229303013167086, 0.169729262274941, 0.293176983054541, 0.293176983054541],
      cook: [0.00496312473735917, 0.04020595408439825, 0.44000142772991141, 0.01286065566031493],
      sums: [29.0220678224436, 20.0226404764355]),
    Influence(
      id: "penicillin-reml", rows: [1, 2, 50, 144],
      hat: [0.190780292205246, 0.190780292205246, 0.190780292205246, 0.190780292205246],
      cook: [1.0343343947598840, 0.0526186408020544, 0.0421237140743404, 0.5399955119926334],
      sums: [27.4723620775554, 33.9492004617902]),
    Influence(
      id: "sleepstudy-weights-reml", rows: [1, 2, 50, 180],
      hat: [0.6914440110904342, 0.0467414714738368, 0.3791861490424551, 0.1677156483613928],
      cook: [0.04867570431628028, 0.00272653374125162, 1.75360331936992142, 0.00290405467293602],
      sums: [31.6050782744026, 34.784505386012]),
  ]

  @Test(arguments: influences) func `leverages and Cook's distances are lme4's`(
    _ truth: Influence
  ) throws {
    let (_, rows) = try table(.named(truth.id), [.leverage, .cooksDistance])
    for (k, row) in truth.rows.enumerated() {
      #expect(abs(rows[row - 1][0] - truth.hat[k]) < 1e-7 * truth.hat[k])
      #expect(abs(rows[row - 1][1] - truth.cook[k]) < 1e-6 * truth.cook[k])
    }
    for k in 0..<2 {
      #expect(abs(rows.reduce(0) { $0 + $1[k] } - truth.sums[k]) < 1e-7 * truth.sums[k])
    }
  }

  @Test func `threads and chunks change nothing`() throws {
    let reference = ReferenceFit.named("crossed-slopes-reml")
    let columns: [RowColumn] = [.fitted, .residual, .leverage, .cooksDistance]
    let one = try table(reference, columns, threads: 1).rows
    #expect(try table(reference, columns, threads: 3, chunkBytes: 500).rows == one)
  }

  @Test func `leverages of other rows are refused`() throws {
    let data = DataSource.file(Files.data("sleepstudy.csv"))
    let predictor = try LinearPredictor(
      Formula("Reaction ~ Days + (Days | Subject)"), data: [data])
    let other = DataSource.bytes(Array("Reaction,Days,Subject\n250,0,308\n".utf8), name: "new.csv")
    #expect(throws: InferenceError.self) {
      try RowTable(predictor, [.leverage], input: .none).write([other]) { _ in }
    }
  }
}

@Suite struct GroupInfluenceTests {
  private func influence(
    _ id: String, threads: Int = 0, chunkBytes: Int = 1 << 20
  ) throws -> GroupInfluence {
    let reference = ReferenceFit.named(id)
    var fitting = reference.options
    fitting.threads = threads
    var options = PredictionOptions()
    (options.reading.threads, options.reading.chunkBytes) = (threads, chunkBytes)
    return try LinearPredictor(
      Formula(reference.formula), data: [reference.source], options: fitting
    ).influence(of: "Subject", [reference.source], options: options)
  }

  /// R: the model at the reference's θ (see `AugmentTests.influences`) of all rows, m, and of those
  /// without the subject; Δ = fixef(m) − fixef(without), Δᵀ solve(vcov(m)) Δ / 2.
  @Test(arguments: [
    ("sleepstudy-max-reml", "308", [-0.424260926917412, 0.664553909685244, 0.0924170440552216]),
    ("sleepstudy-max-reml", "335", [0.6840934046337, -0.785195288175544, 0.129480505817023]),
    ("sleepstudy-weights-reml", "308", [-0.675636418239719, 0.786884858365084, 0.126476629409925]),
    (
      "sleepstudy-weights-reml", "372", [0.776337223794116, 0.049963049886065, 0.00691336762440703]
    ),
  ])
  func `leaving out a group changes β as R's fit without it`(
    id: String, level: String, truth: [Double]
  ) throws {
    let influence = try influence(id)
    #expect(influence.coefficients == ["(Intercept)", "Days"])
    let found = try #require(influence.levels.first { $0.name == level })
    #expect(found.rows == 10)
    for (ours, theirs) in zip(found.changes + [found.cooksDistance], truth) {
      #expect(abs(ours - theirs) < 1e-6 * abs(theirs))
    }
  }

  @Test func `the changes do not depend on threads`() throws {
    func values(_ threads: Int) throws -> [[Double]] {
      try influence("sleepstudy-max-reml", threads: threads, chunkBytes: 300).levels.map {
        $0.changes + [$0.cooksDistance]
      }
    }
    #expect(try values(1) == values(3))
  }

  @Test func `a group that alone determines a coefficient has no distance`() throws {
    var lines = ["y,x,g"]
    var random = SplitMix64(seed: 9)
    for row in 0..<60 {
      let g = row % 6
      lines.append("\(Double(g) + random.normal()),\(g == 2 ? row % 4 : 0),g\(g)")
    }
    let data = [DataSource.bytes(Array((lines.joined(separator: "\n") + "\n").utf8), name: "t.csv")]
    let influence = try LinearPredictor(Formula("y ~ x + (1 | g)"), data: data)
      .influence(of: "g", data)
    for level in influence.levels {
      #expect(level.cooksDistance.isNaN == (level.name == "g2"))
      #expect(level.changes.allSatisfy(\.isNaN) == (level.name == "g2"))
    }
  }

  /// Each level of the factor in turn is left out of the table, and β estimated at the θ of the fit.
  @Test(arguments: [
    ("penicillin-reml", "plate"), ("penicillin-reml", "sample"), ("pastes-nested-reml", "batch"),
    ("machines-helmert-ml", "Worker"), ("crossed-slopes-reml", "item"),
  ])
  func `leaving out a level of nested or crossed factors is a fit without its rows`(
    id: String, group: String
  ) throws {
    let reference = ReferenceFit.named(id)
    let predictor = try LinearPredictor(
      Formula(reference.formula), data: [reference.source], options: reference.options)
    let influence = try predictor.influence(of: group, [reference.source])
    let whole = try Fit(
      Formula(reference.formula), data: [reference.source], options: reference.options)
    let β = whole.fixedEffects.compactMap(\.estimate)
    let lines = try String(contentsOfFile: Files.data(reference.data), encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    let column = try #require(lines[0].firstIndex(of: group))
    for level in influence.levels.prefix(4) {
      let rest = lines.filter { $0[column] != level.name }
      #expect(lines.count - rest.count == level.rows)
      let text = rest.map { $0.joined(separator: ",") }.joined(separator: "\n") + "\n"
      // One evaluation, at the θ of all rows.
      var options = reference.options
      (options.start, options.maximumEvaluations) = (whole.theta.values, 1)
      options.levels[group] = nil
      let without = try Fit(
        Formula(reference.formula), data: [.bytes(Array(text.utf8), name: "rest.csv")],
        options: options)
      let errors = whole.fixedEffects.compactMap(\.standardError)
      for (k, estimate) in without.fixedEffects.compactMap(\.estimate).enumerated() {
        #expect(
          abs(level.changes[k] - (β[k] - estimate)) <= 1e-7 * errors[k],
          "\(level.name), \(whole.fixedEffects[k].name)")
      }
      #expect(level.cooksDistance >= 0)
    }
  }

  @Test func `a factor that the model does not have is named`() throws {
    let reference = ReferenceFit.named("penicillin-reml")
    let predictor = try LinearPredictor(Formula(reference.formula), data: [reference.source])
    let error = #expect(throws: InferenceError.self) {
      try predictor.influence(of: "plates", [reference.source])
    }
    #expect(error?.description.contains("Did you mean “plate”?") == true)
  }
}
