// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports

/// A figure of a model, or the page with all of them: the options of lmm.h.
struct FigureRequest {
  private let request: Request

  private enum Form: String, CaseIterable { case svg, gp, text }

  private static let rows = ["data", "name"]
  private static let grid = ["means", "type", "trends", "at", "cell_weights"]

  /// - Throws: `RequestError`
  init(figure text: UnsafePointer<CChar>?) throws {
    request = try Request(
      text, "lmm_plot",
      known: ["kind", "as", "group", "x", "layout", "title", "xlabel", "ylabel", "size", "level"] + Self.grid
        + TestRequest.names + Self.rows)
  }

  /// - Throws: `RequestError`
  init(page text: UnsafePointer<CChar>?) throws {
    request = try Request(text, "lmm_report", known: TestRequest.names + Self.rows)
  }

  func figure(_ fitted: FittedModel, _ rows: GivenRows) throws -> JSONText {
    guard let name = try request.string("kind") else {
      throw RequestError("lmm_plot needs a \"kind\", such as \"residuals\".")
    }
    let kind = try FigureKind(name: name)
    guard kind.takesModel else {
      throw request.fault("kind", "is a figure of a model, and \(name) is one of a table of results")
    }
    if kind != .means, let foreign = Self.grid.first(where: request.has) {
      throw request.fault(foreign, "is for the figure means")
    }
    let labels = try labels()
    let terminal: FigureTerminal =
      switch try request.word("as", Form.self) ?? .svg {
      case .svg: .svg
      case .gp: .script
      case .text: .text(columns: 80, rows: 24)
      }
    let figure = try figure(kind, source(fitted, wantsModes: kind.needsConditionalModes && fitted.repeatedModel == nil), rows)
    let drawing = String(decoding: try figure.drawn(on: terminal, labels), as: UTF8.self)
    return .object([("figure", .string(drawing))])
  }

  func page(_ fitted: FittedModel, _ rows: GivenRows) throws -> JSONText {
    let page = try source(fitted, wantsModes: fitted.repeatedModel == nil)
      .report(data: request.tables(rows, keepsBatches: true))
    return .object([("html", .string(page))])
  }

  private func source(_ fitted: FittedModel, wantsModes: Bool) throws -> FigureSource {
    let tested = try TestRequest(request).applied(to: fitted)
    return FigureSource(wantsModes ? try tested.withConditionalModes() : tested)
  }

  private func figure(
    _ kind: FigureKind, _ source: FigureSource, _ rows: GivenRows
  ) throws -> any Figure {
    if kind == .means {
      guard let means = try request.string("means") else {
        throw RequestError("the figure means needs \"means\", such as \"~ f\" or \"~ f | g\".")
      }
      return try source.figure(MeansSpecification(means), MeansRequest(request).options())
    }
    return try source.figure(
      kind, data: kind.usesRows ? request.tables(rows, keepsBatches: true) : [],
      group: request.string("group"), covariate: request.string("x"),
      layout: request.word("layout", DataLayout.self) ?? .panels)
  }

  private func labels() throws -> FigureLabels {
    var labels = FigureLabels()
    labels.title = try request.string("title")
    (labels.horizontal, labels.vertical) = (try request.string("xlabel"), try request.string("ylabel"))
    if let size = request["size"] {
      let numbers = try request.doubles(size, "size").compactMap(Int.init(exactly:))
      guard numbers.count == 2, numbers.allSatisfy({ FigureSize.range.contains($0) }) else {
        throw request.fault(
          "size", "takes width and height in pixels from \(FigureSize.range.lowerBound) to \(FigureSize.range.upperBound)")
      }
      labels.size = (numbers[0], numbers[1])
    }
    return labels
  }
}
