// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow
import MixedModels
import ModelFrames

/// What is to be fitted, and how: the options of lmm.h.
struct FitRequest {
  /// The function whose options these are.
  enum Purpose {
    case fit, products, productsFit, load, columns
  }

  private static let reading = [
    "formula", "data", "name", "weights", "offset", "factor", "levels", "contrasts", "na", "missing",
    "encoding", "decimal", "separator", "threads", "cluster", "sparse_fixed",
  ]
  private static let search = [
    "optimizer", "start", "theta", "sigma", "max_evaluations", "tolerance", "solver", "accuracy",
    "probe_seed",
  ]

  private static func known(_ purpose: Purpose) -> [String] {
    switch purpose {
    case .fit:
      reading + ["reml", "ddf", "vcov", "pedigree", "ranef", "residuals", "keep_products"] + search
    case .products: reading
    case .productsFit:
      ["formula", "levels", "contrasts", "threads", "reml", "ddf", "pedigree", "ranef", "vcov", "cluster"]
        + ["keep_products"] + search
    case .columns: ["formula", "weights", "offset", "cluster"]
    case .load: ["threads", "ddf", "ranef", "solver", "keep_products", "vcov", "cluster"]
    }
  }

  private let request: Request

  init(_ text: UnsafePointer<CChar>?, _ title: String, _ purpose: Purpose) throws {
    request = try Request(text, title, known: Self.known(purpose))
  }

  /// - Throws: `RequestError`, `FormulaError`.
  private var formula: Formula {
    get throws {
      guard let text = try request.string("formula") else {
        throw RequestError("\(request.title) needs a \"formula\", such as \"y ~ x + (1 | g)\".")
      }
      return try Formula(text)
    }
  }

  /// - Throws: what makes the fit impossible.
  func fit(_ rows: GivenRows, _ progress: Progress) throws -> ModelHandle {
    let formula = try formula
    let options = try options(progress)
    let input = try input(rows, keepsBatches: options.wantsScaledResiduals)
    defer { rows.close() }
    if options.wantsScaledResiduals, let once = input.data.first(where: { !$0.canBeReadAgain }) {
      throw request.fault(
        "residuals", "needs the rows of \(once.name) twice, which can be read once only")
    }
    let fitted = try FittedModel(formula, from: input, options: options)
    return ModelHandle(
      fitted, try fitted.finished(readingAgain: input.files.isEmpty ? input.data : []))
  }

  /// Columns that the formula needs.
  func formulaColumns() throws -> [String] {
    try formula.requireNoDot()
    return unique(try formula.columnReferences.map(\.name))
  }

  private func unique(_ names: [String]) -> [String] {
    names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Columns that the model may use; what the text of weights names and what they compute from.
  func columns() throws -> [String] {
    try formula.requireNoDot()
    var names = try formula.columnReferences.map(\.name)
    if let weights = try request.string("weights") {
      names += [weights] + Expression(weights: weights).columns
    }
    if let offset = try request.string("offset") { names.append(offset) }
    if let cluster = try request.string("cluster") { names.append(cluster) }
    return unique(names)
  }

  func plan(_ rows: GivenRows, _ progress: Progress) throws -> ModelPlan {
    let (formula, options) = (try formula, try options(progress))
    defer { rows.close() }
    return try ModelPlan(formula, from: input(rows, keepsBatches: false), options: options)
  }

  func crossProducts(_ rows: GivenRows, _ progress: Progress) throws -> CrossProducts {
    let formula = try formula
    var options = try options(progress)
    options.reading.allowsNoRows = true
    defer { rows.close() }
    return try input(rows, keepsBatches: false).crossProducts(formula, options: options)
  }

  func fit(_ products: CrossProducts, _ progress: Progress) throws -> ModelHandle {
    let options = try options(progress)
    let name = "the cross-products"
    try products.check(options, name: name)
    let narrow =
      request.has("formula") ? try products.narrowed(to: formula, name: name) : products
    let fitted = try FittedModel(narrow, options: options)
    return ModelHandle(fitted, try fitted.finished())
  }

  private func input(_ rows: GivenRows, keepsBatches: Bool) throws -> ModelInput {
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
    options.keepsCrossProducts = try request.bool("keep_products") ?? true
    options.threads = options.reading.threads
    options.progress = { try progress.tell($0) }
    return options
  }

  private func setModel(_ options: inout FitOptions) throws {
    options.criterion = try request.bool("reml") ?? true ? .reml : .ml
    options.weights = try request.string("weights")
    options.offset = try request.string("offset")
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
    for (factor, pedigree) in try request.object("pedigree") {
      options.relationships[factor] = try relationship(pedigree)
    }
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

  private func relationship(_ value: JSONValue) throws -> LevelRelationship {
    func labels(_ name: String) throws -> [String?] {
      guard case .object(let members) = value,
        case .array(let elements)? = members.first(where: { $0.name == name })?.value
      else { throw request.fault("pedigree", "needs lists of individual, sire and dam") }
      return try elements.map { element in
        if case .null = element { return nil }
        return try request.strings(.array([element]), "pedigree")[0]
      }
    }
    let (individuals, sires, dams) = (try labels("individual"), try labels("sire"), try labels("dam"))
    guard individuals.count == sires.count, individuals.count == dams.count else {
      throw request.fault("pedigree", "has lists of different lengths")
    }
    let records = try individuals.indices.map { k in
      guard let individual = individuals[k] else {
        throw request.fault("pedigree", "lacks the individual of record \(k + 1)")
      }
      return (individual: individual, sire: sires[k], dam: dams[k])
    }
    return try Pedigree(records).relationship
  }

  private func setSearch(_ options: inout FitOptions) throws {
    if let name = try request.string("optimizer") { options.optimizer = name }
    if let start = request["start"], case .object(let members) = start {
      for (name, value) in members {
        options.startByName = (options.startByName ?? [:]).merging(
          [name: try request.doubles(.array([value]), "start")[0]]) { first, _ in first }
      }
    } else {
      options.start = try request.doubles("start")
    }
    options.knownTheta = try request.doubles("theta")
    options.knownSigma = try request.double("sigma")
    if let sigma = options.knownSigma, !(sigma > 0) {
      throw request.fault("sigma", "takes a positive number")
    }
    if request.has("start"), options.knownTheta != nil {
      throw RequestError("\(request.title): \"theta\" is what is known and \"start\" where a search begins: give one.")
    }
    if let count = try request.integer("max_evaluations") { options.maximumEvaluations = count }
    options.tolerance = try request.double("tolerance")
    if let solver = try request.string("solver") { options.solver = solver }
    options.accuracy = try request.double("accuracy")
    if let seed = try request.seed("probe_seed") { options.probeSeed = seed }
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

/// The stream that a caller has handed over: it is the library's from the beginning.
///
/// `@unchecked Sendable` is not needed: it lives during one call, on its thread.
final class GivenRows {
  private let stream: UnsafeMutablePointer<ArrowArrayStream>?
  private var made: ArrowTable?

  init(_ given: UnsafeMutablePointer<ArrowArrayStream>?) {
    stream = given.map { given in
      let own = UnsafeMutablePointer<ArrowArrayStream>.allocate(capacity: 1)
      own.initialize(to: given.pointee)
      given.pointee.release = nil
      return own
    }
  }

  deinit {
    if let stream {
      stream.pointee.release?(stream)
      stream.deallocate()
    }
  }

  var areThere: Bool { stream != nil }

  /// The rows as a table; once.
  func table(_ name: String, keepsBatches: Bool) -> ArrowTable {
    let table = ArrowTable(moving: stream!, name: name, keepsBatches: keepsBatches)
    made = table
    return table
  }

  /// Gives the stream back.
  func close() { made?.close() }
}
