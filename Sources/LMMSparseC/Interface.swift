// SPDX-License-Identifier: GPL-2.0-or-later
public import CLMMSparse
import MixedModels
import ModelFrames
import Reports

// The functions of lmm.h, which has their contracts. Names that begin with lmm_ are theirs in C; here they
// are called by what they do.

/// What a caller has of a model.
final class ModelHandle: Sendable {
  let fitted: FittedModel
  /// Of the coefficients' tests.
  let fit: Fit

  init(_ fitted: FittedModel, _ fit: Fit) { (self.fitted, self.fit) = (fitted, fit) }
}

/// What a caller has of cross-products.
final class ProductsHandle: Sendable {
  let products: CrossProducts

  init(_ products: CrossProducts) { self.products = products }
}

public typealias TextOut = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
public typealias HandleOut = UnsafeMutablePointer<OpaquePointer?>
public typealias Stream = UnsafeMutablePointer<ArrowArrayStream>

@_cdecl("lmm_version")
public func versionText() -> UnsafePointer<CChar> { permanentVersion.text }

/// A text that is never freed.
private struct PermanentText: @unchecked Sendable {
  let text: UnsafePointer<CChar>

  init(_ text: String) {
    let bytes = Array(text.utf8CString)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    copy.initialize(from: bytes, count: bytes.count)
    self.text = UnsafePointer(copy)
  }
}

private let permanentVersion = PermanentText(softwareVersion)

@_cdecl("lmm_speak")
public func speak(_ front: UnsafePointer<CChar>?, _ json: TextOut?) -> CInt {
  answer(json) {
    guard let name = front.map({ String(cString: $0) }), let front = Front(rawValue: name) else {
      let known = Front.allCases.map(\.rawValue).joined(separator: ", ")
      throw RequestError("lmm_speak knows \(known).")
    }
    FrontVocabulary(front).install()
    return .object([("front", .string(front.rawValue))])
  }
}

@_cdecl("lmm_info")
public func info(_ options: UnsafePointer<CChar>?, _ json: TextOut?) -> CInt {
  answer(json) {
    let request = try Request(options, "lmm_info", known: ["self_test"])
    return machineDescription(isTested: try request.bool("self_test") ?? false)
  }
}

@_cdecl("lmm_columns")
public func columns(_ options: UnsafePointer<CChar>?, _ json: TextOut?) -> CInt {
  answer(json) {
    let request = try FitRequest(options, "lmm_columns", .columns)
    return .object([
      ("columns", .strings(try request.columns())),
      ("formula", .strings(try request.formulaColumns())),
    ])
  }
}

@_cdecl("lmm_fit")
public func fit(
  _ rows: Stream?, _ options: UnsafePointer<CChar>?, _ model: HandleOut?, _ json: TextOut?
) -> CInt {
  let rows = GivenRows(rows)
  return answer(json, model) { progress in
    let request = try FitRequest(options, "lmm_fit", .fit)
    let handle = try request.fit(rows, progress)
    return (Unmanaged.passRetained(handle).toOpaque(), JSONText(handle.fit.report()))
  }
}

@_cdecl("lmm_responses")
public func responses(_ rows: Stream?, _ options: UnsafePointer<CChar>?, _ json: TextOut?) -> CInt {
  let rows = GivenRows(rows)
  return answer(json) {
    try FitRequest(options, "lmm_responses", .responses).responses(rows, Progress())
  }
}

@_cdecl("lmm_plan")
public func plan(_ rows: Stream?, _ options: UnsafePointer<CChar>?, _ json: TextOut?) -> CInt {
  let rows = GivenRows(rows)
  return answer(json) {
    let request = try FitRequest(options, "lmm_plan", .fit)
    let progress = Progress()
    return JSONText(try request.plan(rows, progress).report())
  }
}

@_cdecl("lmm_crossprod")
public func crossprod(
  _ rows: Stream?, _ options: UnsafePointer<CChar>?, _ products: HandleOut?, _ json: TextOut?
) -> CInt {
  let rows = GivenRows(rows)
  return answer(json, products) { progress in
    let request = try FitRequest(options, "lmm_crossprod", .products)
    let handle = ProductsHandle(try request.crossProducts(rows, progress))
    return (Unmanaged.passRetained(handle).toOpaque(), handle.description)
  }
}

@_cdecl("lmm_merge")
public func merge(
  _ parts: UnsafePointer<OpaquePointer?>?, _ count: Int, _ sum: HandleOut?, _ json: TextOut?
) -> CInt {
  answer(json, sum) { _ in
    let parts = try handles(parts, count, of: ProductsHandle.self, "lmm_merge", least: 1)
    let handle = ProductsHandle(try parts.dropFirst().reduce(into: parts[0].products) {
      try $0.merge($1.products)
    })
    return (Unmanaged.passRetained(handle).toOpaque(), handle.description)
  }
}

@_cdecl("lmm_fit_products")
public func fitProducts(
  _ products: OpaquePointer?, _ options: UnsafePointer<CChar>?, _ model: HandleOut?,
  _ json: TextOut?
) -> CInt {
  answer(json, model) { progress in
    let request = try FitRequest(options, "lmm_fit_products", .productsFit)
    let products = try handle(products, as: ProductsHandle.self, "lmm_fit_products").products
    let handle = try request.fit(products, progress)
    return (Unmanaged.passRetained(handle).toOpaque(), JSONText(handle.fit.report()))
  }
}

@_cdecl("lmm_save_products")
public func saveProducts(
  _ products: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ json: TextOut?
) -> CInt {
  answer(json) {
    let path = try text(path, "lmm_save_products needs a path.")
    try handle(products, as: ProductsHandle.self, "lmm_save_products").products.write(to: path)
    return .object([("path", .string(path))])
  }
}

@_cdecl("lmm_load_products")
public func loadProducts(
  _ path: UnsafePointer<CChar>?, _ products: HandleOut?, _ json: TextOut?
) -> CInt {
  answer(json, products) { _ in
    let path = try text(path, "lmm_load_products needs a path.")
    let handle = ProductsHandle(try CrossProducts(contentsOf: path))
    return (Unmanaged.passRetained(handle).toOpaque(), handle.description)
  }
}

@_cdecl("lmm_call")
public func call(_ model: OpaquePointer?, _ request: UnsafePointer<CChar>?, _ json: TextOut?) -> CInt {
  answer(json) {
    let model = try handle(model, as: ModelHandle.self, "lmm_call")
    return try Question(request).answer(model, Progress())
  }
}

@_cdecl("lmm_compare")
public func compare(
  _ models: UnsafePointer<OpaquePointer?>?, _ count: Int, _ request: UnsafePointer<CChar>?,
  _ json: TextOut?
) -> CInt {
  answer(json) {
    let models = try handles(models, count, of: ModelHandle.self, "lmm_compare", least: 2)
    return try Comparison(request).answer(models.map(\.fitted), Progress())
  }
}

@_cdecl("lmm_predict")
public func predict(
  _ model: OpaquePointer?, _ rows: Stream?, _ options: UnsafePointer<CChar>?, _ out: Stream?,
  _ json: TextOut?
) -> CInt {
  answerByRow("lmm_predict", .predict, model, rows, options, out, json) { try $0.prediction($1, $2) }
}

@_cdecl("lmm_augment")
public func augment(
  _ model: OpaquePointer?, _ rows: Stream?, _ options: UnsafePointer<CChar>?, _ out: Stream?,
  _ json: TextOut?
) -> CInt {
  answerByRow("lmm_augment", .augment, model, rows, options, out, json) { try $0.augmented($1, $2) }
}

@_cdecl("lmm_simulate")
public func simulate(
  _ model: OpaquePointer?, _ rows: Stream?, _ options: UnsafePointer<CChar>?, _ out: Stream?,
  _ json: TextOut?
) -> CInt {
  answerByRow("lmm_simulate", .simulate, model, rows, options, out, json) { try $0.responses($1, $2) }
}

@_cdecl("lmm_influence")
public func influence(
  _ model: OpaquePointer?, _ rows: Stream?, _ options: UnsafePointer<CChar>?, _ json: TextOut?
) -> CInt {
  answerOfRows("lmm_influence", model, rows, json) {
    try RowRequest(options, "lmm_influence", .influence).influence($0, $1)
  }
}

@_cdecl("lmm_plot")
public func plot(
  _ model: OpaquePointer?, _ rows: Stream?, _ options: UnsafePointer<CChar>?, _ json: TextOut?
) -> CInt {
  answerOfRows("lmm_plot", model, rows, json) {
    try FigureRequest(figure: options).figure($0, $1)
  }
}

@_cdecl("lmm_report")
public func report(
  _ model: OpaquePointer?, _ rows: Stream?, _ options: UnsafePointer<CChar>?, _ json: TextOut?
) -> CInt {
  answerOfRows("lmm_report", model, rows, json) {
    try FigureRequest(page: options).page($0, $1)
  }
}

@_cdecl("lmm_ranef")
public func ranef(
  _ model: OpaquePointer?, _ options: UnsafePointer<CChar>?, _ out: Stream?, _ json: TextOut?
) -> CInt {
  stream(json, out, nil) { _ in
    let model = try handle(model, as: ModelHandle.self, "lmm_ranef")
    _ = try Request(options, "lmm_ranef", known: [])
    return ModesStream(try model.fitted.withConditionalModes().fit)
  }
}

@_cdecl("lmm_save")
public func save(_ model: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ json: TextOut?) -> CInt {
  answer(json) {
    let path = try text(path, "lmm_save needs a path.")
    try handle(model, as: ModelHandle.self, "lmm_save").fitted.save(to: path)
    return .object([("path", .string(path))])
  }
}

@_cdecl("lmm_load")
public func load(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?, _ model: HandleOut?,
  _ json: TextOut?
) -> CInt {
  answer(json, model) { progress in
    let request = try FitRequest(options, "lmm_load", .load)
    let path = try text(path, "lmm_load needs a path.")
    let fitted = try FittedModel(contentsOf: path, options: request.options(progress))
    let handle = ModelHandle(fitted, try fitted.finished())
    return (Unmanaged.passRetained(handle).toOpaque(), JSONText(handle.fit.report()))
  }
}

@_cdecl("lmm_free")
public func free(_ model: OpaquePointer?) { release(model, ModelHandle.self) }

@_cdecl("lmm_free_products")
public func freeProducts(_ products: OpaquePointer?) { release(products, ProductsHandle.self) }

@_cdecl("lmm_free_text")
public func freeText(_ text: UnsafeMutablePointer<CChar>?) { text?.deallocateText() }

private func release<Handle: AnyObject>(_ pointer: OpaquePointer?, _: Handle.Type) {
  guard let pointer else { return }
  Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(pointer)).release()
}

/// Rows of results for rows that are given.
private func answerByRow(
  _ function: String, _ purpose: RowRequest.Purpose, _ model: OpaquePointer?, _ rows: Stream?,
  _ options: UnsafePointer<CChar>?, _ out: Stream?, _ json: TextOut?,
  _ results: (RowRequest, FittedModel, GivenRows) throws -> any BatchSource
) -> CInt {
  stream(json, out, rows) { rows in
    let model = try handle(model, as: ModelHandle.self, function)
    return try results(RowRequest(options, function, purpose), model.fitted, rows)
  }
}

/// One result for rows that are given.
private func answerOfRows(
  _ function: String, _ model: OpaquePointer?, _ rows: Stream?, _ json: TextOut?,
  _ result: (FittedModel, GivenRows) throws -> JSONText
) -> CInt {
  let rows = GivenRows(rows)
  return answer(json) {
    defer { rows.close() }
    return try result(handle(model, as: ModelHandle.self, function).fitted, rows)
  }
}

/// - Throws: `RequestError` for NULL.
private func handle<Handle: AnyObject>(
  _ pointer: OpaquePointer?, as: Handle.Type, _ function: String
) throws -> Handle {
  guard let pointer else { throw RequestError("\(function) got NULL in place of a handle.") }
  return Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
}

private func handles<Handle: AnyObject>(
  _ pointers: UnsafePointer<OpaquePointer?>?, _ count: Int, of type: Handle.Type, _ function: String,
  least: Int
) throws -> [Handle] {
  guard let pointers, count >= least, count < 1 << 24 else {
    throw RequestError("\(function) needs \(least) handle\(least == 1 ? "" : "s") or more.")
  }
  return try (0..<count).map { try handle(pointers[$0], as: type, function) }
}

/// - Throws: `RequestError` for NULL, and for bytes that are no UTF-8.
private func text(_ pointer: UnsafePointer<CChar>?, _ words: String) throws -> String {
  guard let pointer, let text = String(validatingCString: pointer), !text.isEmpty else {
    throw RequestError(words)
  }
  return text
}

extension ProductsHandle {
  /// What there is in them.
  var description: JSONText {
    .object([
      ("formula", .string(products.formula.text)), ("nobs", .integer(products.observations)),
      ("nobs_omitted", .integer(products.omittedObservations)),
      ("data", .strings(products.data)), ("messages", .strings(products.notes)),
    ])
  }
}
