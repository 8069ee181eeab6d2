// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports

/// A table of a model, row by row: the options of lmm.h.
struct RowRequest {
  enum Purpose { case predict, augment, simulate, influence }

  private let request: Request

  init(_ text: UnsafePointer<CChar>?, _ title: String, _ purpose: Purpose) throws {
    let common = ["data", "name", "missing", "encoding", "decimal", "separator", "threads"]
    let predicting = ["allow_new_levels", "weights", "offset"]
    let own =
      switch purpose {
      case .predict: predicting + ["random", "se", "interval", "level", "ddf"]
      case .augment: predicting + ["influence"]
      case .simulate: ["replicates", "seed", "random"]
      case .influence: ["weights", "offset", "group", "format"]
      }
    request = try Request(text, title, known: common + own)
  }

  private enum Interval: String, CaseIterable { case none, confidence, prediction }

  func prediction(_ fitted: FittedModel, _ rows: GivenRows) throws -> NumberStream {
    var options = try options()
    if let text = try request.string("random") {
      guard let random = RandomPart(text) else {
        throw request.fault("random", "takes all, none, or terms such as \"~ (1 | group)\"")
      }
      options.random = random
    }
    options.degreesOfFreedom = try request.word("ddf", DegreesOfFreedomMethod.self) ?? .none
    let level = try request.double("level") ?? 0.95
    let kind = try request.word("interval", Interval.self) ?? .none
    guard options.degreesOfFreedom == .none || (options.random == RandomPart.none && kind == .confidence)
    else {
      throw request.fault(
        "ddf",
        "gives the confidence interval of Xβ: it goes with \"random\": \"none\" and \"interval\": \"confidence\"")
    }
    var columns: [RowColumn] = [.fitted]
    if try request.bool("se") ?? false { columns.append(.standardError) }
    if kind != .none { columns += [.lower, .upper] }
    let interval: PredictionInterval? =
      switch kind {
      case .none: nil
      case .confidence: .confidence(level: level)
      case .prediction: .prediction(level: level)
      }
    let pull = try PredictionPull(
      LinearPredictor(fitted), try data(rows), columns, interval: interval, options: options)
    return NumberStream(names: pull.names, next: { try pull.next() }, notes: { pull.notes })
  }

  func augmented(_ fitted: FittedModel, _ rows: GivenRows) throws -> NumberStream {
    var columns = RowColumn.ofRows(fitted)
    if try request.bool("influence") ?? false { columns += [.leverage, .cooksDistance] }
    let pull = try PredictionPull(
      LinearPredictor(fitted), try data(rows), columns, options: try options())
    return NumberStream(names: pull.names, next: { try pull.next() }, notes: { pull.notes })
  }

  func responses(_ fitted: FittedModel, _ rows: GivenRows) throws -> NumberStream {
    let random = try request.word("random", NewResponses.RandomEffects.self) ?? .new
    let responses = try NewResponses(
      LinearPredictor(fitted), count: try request.integer("replicates") ?? 1,
      seed: try request.seed("seed") ?? 1, random: random, input: .none, options: try options())
    let pull = try responses.pull(try data(rows))
    return NumberStream(
      names: pull.names, next: pull.next, notes: { pull.notes })
  }

  /// What leaving out the levels of a grouping factor would do.
  func influence(_ fitted: FittedModel, _ rows: GivenRows) throws -> JSONText {
    guard let group = try request.string("group") else {
      throw RequestError("\(request.title) needs a \"group\", the grouping factor whose levels are left out.")
    }
    let forms = try ReportForms(request)
    if forms.haveGlance { throw request.fault("format", "is glance for summaries only") }
    let influence = try LinearPredictor(fitted)
      .influence(of: group, try data(rows), options: try options())
    return forms.text(of: influence.report())
  }

  private func options() throws -> PredictionOptions {
    var options = PredictionOptions()
    try options.reading.set(request)
    options.reading.allowsNoRows = true
    options.allowsNewLevels = try request.bool("allow_new_levels") ?? false
    options.weights = try request.string("weights")
    options.offset = try request.string("offset")
    return options
  }

  private func data(_ rows: GivenRows) throws -> [any TableSource] {
    let tables = try request.tables(rows)
    guard !tables.isEmpty else {
      throw RequestError("\(request.title) needs rows, as a stream or as files named by \"data\".")
    }
    return tables
  }
}

extension Request {
  /// Rows that came as a stream or are in files; none where there are neither.
  ///
  /// - Throws: `RequestError` where there are both.
  func tables(_ rows: GivenRows, keepsBatches: Bool = false) throws -> [any TableSource] {
    let files = try strings("data")
    guard rows.areThere else { return files.map { tableSource(argument: $0) } }
    guard files.isEmpty else {
      throw RequestError("\(title) got a stream of rows and files named by \"data\": give one of them.")
    }
    return [rows.table(try string("name") ?? "data", keepsBatches: keepsBatches)]
  }
}
