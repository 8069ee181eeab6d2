// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// What is to be fitted, and how: the options of lmm.h.
struct FitRequest {
  /// The function whose options these are.
  enum Purpose {
    case fit, products, productsFit, load, columns, responses
  }

  /// What the model is, beside the relationships of levels.
  private static let model = [
    "formula", "add", "drop", "absorb", "weights", "offset", "cluster", "residual_by", "residual",
    "sparse_fixed",
  ]
  private static let reading = [
    "data", "name", "factor", "levels", "contrasts", "na", "missing", "encoding", "decimal", "separator",
    "threads", "keep_rows",
  ]
  private static let results = ["reml", "ddf", "vcov", "ranef", "keep_products"]

  private static func known(_ purpose: Purpose) -> [String] {
    switch purpose {
    case .fit: model + reading + results + relationships + search + ["residuals", "residual_rows"]
    case .products: model + reading
    case .productsFit:
      ["formula", "add", "drop", "absorb", "residual_by", "residual", "cluster", "levels", "contrasts", "threads"]
        + results + relationships + search
    case .columns: model + ["responses", "names"]
    case .responses:
      ["formula", "weights", "offset", "sparse_fixed"] + reading + ["reml", "ddf", "ranef"] + relationships
        + search + ["responses", "format"]
    case .load: ["threads", "ddf", "vcov", "cluster", "ranef", "solver", "keep_products"]
    }
  }

  let request: Request

  init(_ text: UnsafePointer<CChar>?, _ title: String, _ purpose: Purpose) throws {
    request = try Request(text, title, known: Self.known(purpose))
  }

  /// - Throws: `RequestError`, `FormulaError`.
  private var formula: Formula {
    get throws {
      guard let text = try request.string("formula") else {
        throw RequestError("\(request.title) needs a \"formula\", such as \"y ~ x + (1 | g)\".")
      }
      return try changed(Formula(text))
    }
  }

  /// With terms taken out and added, and factors absorbed.
  ///
  /// - Throws: `FormulaError`
  private func changed(_ formula: Formula) throws -> Formula {
    var formula = formula
    for terms in try request.strings("drop") { formula = try formula.dropping(terms) }
    for terms in try request.strings("add") { formula = try formula.adding(terms) }
    return try formula.absorbing(request.strings("absorb"))
  }

  /// - Throws: what makes the fit impossible.
  func fit(_ rows: GivenRows, _ progress: Progress) throws -> ModelHandle {
    let formula = try formula
    let options = try options(progress)
    let input = try input(rows, keepsBatches: keepsRows || options.wantsScaledResiduals)
    defer { rows.close() }
    if options.wantsScaledResiduals, let once = input.data.first(where: { !$0.canBeReadAgain }) {
      throw request.fault(
        "residuals", "needs the rows of \(once.name) twice, which can be read once only")
    }
    let fitted = try FittedModel(formula, from: input, options: options)
    return ModelHandle(
      fitted, try fitted.finished(readingAgain: input.files.isEmpty ? input.data : []))
  }

  /// One formula for every response.
  private var formulas: [Formula] {
    get throws {
      guard try hasManyResponses else { return [try formula] }
      var options = FitOptions()
      (options.weights, options.offset) = (try request.string("weights"), try request.string("offset"))
      return try responsesFormula(of: "data", options) { try request.strings("names") }.formulas
    }
  }

  /// Columns that the formula needs.
  func formulaColumns() throws -> [String] {
    let formulas = try formulas
    for formula in formulas { try formula.requireNoDot() }
    return unique(formulas.flatMap { $0.columnReferences.map(\.name) })
  }

  private func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }

  /// Columns that the model may use; what the text of weights names and what they compute from.
  func columns() throws -> [String] {
    var names = try formulaColumns()
    if let weights = try request.string("weights") {
      names += [weights] + Expression(weights: weights).columns
    }
    if let strata = try request.string("residual_by") { names += try StrataFormula(strata).columns }
    if let residual = try request.string("residual") { names += try ResidualTerm(residual).columns }
    names += try ["offset", "cluster"].compactMap { try request.string($0) }
    return unique(names)
  }

  /// Whether rows of a stream stay in memory, and can be read again.
  private var keepsRows: Bool { get throws { try request.bool("keep_rows") ?? false } }

  func plan(_ rows: GivenRows, _ progress: Progress) throws -> ModelPlan {
    let (formula, options) = (try formula, try options(progress))
    defer { rows.close() }
    return try ModelPlan(formula, from: input(rows, keepsBatches: keepsRows), options: options)
  }

  func crossProducts(_ rows: GivenRows, _ progress: Progress) throws -> CrossProducts {
    let formula = try formula
    var options = try options(progress)
    options.reading.allowsNoRows = true
    defer { rows.close() }
    return try input(rows, keepsBatches: keepsRows).crossProducts(formula, options: options)
  }

  func fit(_ products: CrossProducts, _ progress: Progress) throws -> ModelHandle {
    let options = try options(progress)
    let name = "the cross-products"
    try products.check(options, name: name)
    let isOther = ["formula", "add", "drop", "absorb"].contains { request.has($0) }
    let narrow =
      isOther
      ? try products.narrowed(
        to: request.has("formula") ? formula : changed(products.formula), name: name) : products
    let fitted = try FittedModel(narrow, options: options)
    return ModelHandle(fitted, try fitted.finished())
  }

  func input(_ rows: GivenRows, keepsBatches: Bool) throws -> ModelInput {
    let files = try request.strings("data")
    guard rows.areThere else {
      guard !files.isEmpty else {
        throw RequestError("\(request.title) needs rows, as a stream or as files named by \"data\".")
      }
      return ModelInput(arguments: files)
    }
    guard files.isEmpty else {
      throw RequestError("\(request.title) got a stream of rows and files named by \"data\": give one of them.")
    }
    let name = try request.string("name") ?? "data"
    return ModelInput(files: [], data: [rows.table(name, keepsBatches: keepsBatches)])
  }

  /// - Throws: `RequestError`, `ContrastError`, `RelationshipError`.
  func options(_ progress: Progress) throws -> FitOptions {
    var options = FitOptions()
    try setModel(&options)
    try options.reading.set(request)
    try setSearch(&options)
    options.degreesOfFreedom =
      try request.word("ddf", DegreesOfFreedomMethod.self) ?? .satterthwaite
    options.clusters = try request.string("cluster")
    switch try request.strings("sparse_fixed") {
    case [], ["auto"]: break
    case ["none"]: options.sparseFixed = .none
    case let names: options.sparseFixed = .factors(names)
    }
    options.coefficientCovariance =
      try request.word("vcov", CoefficientCovariance.self) ?? options.clusters.map { _ in .cr2 }
    options.wantsConditionalModes = try request.bool("ranef") ?? false
    options.wantsScaledResiduals = try request.bool("residuals") ?? false
    options.scaledResidualRows = try request.integer("residual_rows") ?? .max
    options.keepsCrossProducts = try request.bool("keep_products") ?? true
    options.threads = options.reading.threads
    options.progress = { try progress.tell($0) }
    return options
  }

  private func setModel(_ options: inout FitOptions) throws {
    options.criterion = try request.bool("reml") ?? true ? .reml : .ml
    options.weights = try request.string("weights")
    options.offset = try request.string("offset")
    options.residualBy = try request.string("residual_by")
    options.residual = try request.string("residual").map { try ResidualTerm($0) }
    options.reading.categoricalColumns = Set(try request.strings("factor"))
    for (column, list) in try request.object("levels") {
      let names = try request.strings(list, "levels")
      if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
        throw request.fault("levels", "has the level “\(twice)” of \(column) twice")
      }
      options.levels[column] = names
    }
    if let given = request["contrasts"], case .string = given {
      options.defaultContrast = try contrast(given)
    } else {
      for (column, coding) in try request.object("contrasts") {
        options.contrasts[column] = try contrast(coding)
      }
    }
    switch try request.string("na") {
    case nil, "omit": options.omitsMissing = true
    case "fail": options.omitsMissing = false
    default: throw request.fault("na", "takes omit or fail")
    }
    try setRelationships(&options)
  }

  private func contrast(_ value: JSONValue) throws -> Contrast {
    if case .string(let name) = value {
      do { return try Contrast(named: name) } catch {
        throw request.fault("contrasts", "takes treatment, sum, helmert, poly, deviation, sdif or a matrix, not “\(name)”")
      }
    }
    guard case .object(let members) = value else {
      throw request.fault("contrasts", "takes the name of a coding or a matrix for every column")
    }
    func member(_ name: String) throws -> JSONValue {
      guard let found = members.first(where: { $0.name == name }) else {
        throw request.fault("contrasts", "needs levels, columns and values in a matrix")
      }
      return found.value
    }
    let (levels, columns) = (
      try request.strings(member("levels"), "contrasts"),
      try request.strings(member("columns"), "contrasts")
    )
    guard case .array(let rows) = try member("values") else {
      throw request.fault("contrasts", "takes rows of numbers as values")
    }
    let values = try rows.map { try request.doubles($0, "contrasts") }
    guard values.count == levels.count, values.allSatisfy({ $0.count == columns.count }) else {
      throw request.fault("contrasts", "needs a row of values for every level, as long as there are columns")
    }
    return .matrix(levels: levels, columns: columns, values: values)
  }
}

extension ReadingOptions {
  /// Missing texts, what files look like, and threads.
  ///
  /// - Throws: `RequestError`
  mutating func set(_ request: Request) throws {
    missingTexts = Set(try request.strings("missing"))
    if let name = try request.string("encoding") {
      guard let known = TextEncoding(rawValue: name.lowercased() == "utf8" ? "utf-8" : name.lowercased())
      else { throw request.fault("encoding", "takes utf-8, latin1 or windows-1252") }
      encoding = known
    }
    switch try request.string("decimal") {
    case nil, ".": decimalComma = false
    case ",": decimalComma = true
    default: throw request.fault("decimal", "takes . or ,")
    }
    if let mark = try request.string("separator") {
      guard let byte = mark == "tab" ? 9 : mark.utf8.first, mark == "tab" || mark.utf8.count == 1 else {
        throw request.fault("separator", "takes one character, or tab")
      }
      separator = byte
    }
    threads = try request.integer("threads") ?? 0
    guard threads >= 0 else { throw request.fault("threads", "takes a whole number from 0 on") }
  }
}
