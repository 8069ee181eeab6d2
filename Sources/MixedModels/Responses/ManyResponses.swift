// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods
import Synchronization

/// Fits of one model to many responses: genes, voxels, items.
///
/// What the responses have in common, [Z X]ᵀW[Z X], is computed once for all that are missing in the
/// same rows; a response uses the rows in which it and all predictors are there, as a fit of its own
/// does. A response that cannot be fitted does not keep the others from it.
public struct ManyResponses: Sendable {
  public struct Result: Sendable {
    /// The response as R writes it.
    public let name: String
    /// nil if it failed.
    public let fit: Fit?
    /// Why it failed, in words.
    public let failure: String?
  }

  public let formula: String
  /// In the order of the responses.
  public let results: [Result]

  public var failures: [Result] { results.filter { $0.fit == nil } }

  /// Reads the rows three times, and twice more for every further pattern of missing values.
  ///
  /// A response that is text or has too few rows is among the failures.
  ///
  /// The numbers do not depend on the number of threads.
  ///
  /// - Throws: `DataError`, `FormulaError`; `FitError` for what is wrong with the model or its
  ///   predictors; what the progress callback throws.
  public init(
    _ formula: ResponsesFormula, data: [any TableSource], options: FitOptions = FitOptions()
  ) throws {
    guard (options.coefficientCovariance ?? .model) == .model, options.clusters == nil else {
      throw InferenceError.refused(
        "clusters are summed for one response. Fit the responses one by one for \(Setting.coefficientCovariance()).")
    }
    for formula in formula.formulas { try formula.requireNoDot() }
    setBLASThreads(1)
    guard options.residualBy == nil else {
      throw InferenceError.refused(
        "many responses are fitted with one residual variance each. Leave \(Setting.residualBy) out, or fit the responses one by one."
      )
    }
    guard options.residual == nil else { throw FitError.residualOfManyResponses }
    if let source = data.first(where: \.isReadOnce) {
      throw DataError(.cannotReadAgain, file: source.name)
    }
    self.formula = formula.text
    if let factor = formula.formulas.first?.absorbedFactors.first {
      throw FitError.numerical(
        "many responses at once are not fitted beside absorbed factors. Fit each response alone, or write \(factor.name) as a random term"
      )
    }
    var results = [Result?](repeating: nil, count: formula.formulas.count)
    let patterns = try MissingPatterns(formula.formulas, data, options)
    func fail(_ response: Int, _ reason: String) {
      results[response] = Result(name: formula.names[response], fit: nil, failure: reason)
    }
    for (response, reason) in patterns.failures { fail(response, reason) }
    var done = patterns.failures.count
    var last: FitError?
    for members in patterns.groups {
      do {
        let design = try ResponseDesign(
          members.map { formula.formulas[$0] }, data, options)
        try design.forEachFit { place, result in
          results[members[place]] = result
          done += 1
          try options.progress?(.responses(done: done, of: results.count))
        }
      } catch let error as FitError {
        // Rows in which these responses are there do not determine the model; others may.
        last = error
        for response in members { fail(response, error.description) }
        done += members.count
      }
    }
    self.results = results.map { $0! }
    // What all have in common is wrong with the model.
    if let last, failures.count == results.count, Set(failures.map(\.failure)).count == 1 {
      throw last
    }
  }
}

/// Responses that are missing in the same rows, and the model that they share.
private struct ResponseDesign {
  private let formulas: [Formula]
  private let data: [any TableSource]
  private let options: FitOptions
  private let products: CrossProducts
  private let model: LinearMixedModel
  private let threads: Int

  /// - Throws: `DataError`, `FormulaError`, `FitError`.
  init(_ formulas: [Formula], _ data: [any TableSource], _ options: FitOptions) throws {
    (self.formulas, self.data) = (formulas, data)
    threads = threadCount(options.threads)
    var (design, index): ((CrossProducts, LinearMixedModel)?, Int) = (nil, 0)
    while design == nil {
      var products = try CrossProducts(formulas[index], data: data, options: options)
      do {
        let model = try LinearMixedModel(
          releasing: &products, options: options.adopting(products.specification)
        ).determined(by: options.criterion)
        design = (products, model)
      } catch FitError.constantResponse where index + 1 < formulas.count {
        index += 1  // any response will do for the design
      }
    }
    (products, model) = design!
    self.options = options.adopting(products.specification)
  }

  /// Sums of as many responses at a time as fit in a part of the memory; a few fits at a time, so that
  /// somebody who waits hears of them.
  ///
  /// - Throws: `DataError`; what `consume` throws, which ends the work.
  func forEachFit(_ consume: (Int, ManyResponses.Result) throws -> Void) throws {
    let memory = availableMemory()
    let room = memory == 0 ? 1 << 30 : memory / 4
    let batch = max(1, min(formulas.count, room / ResponseSums.bytes(model)))
    for first in stride(from: 0, to: formulas.count, by: batch) {
      let members = first..<min(first + batch, formulas.count)
      let sums = try sums(members)
      for next in stride(from: 0, to: members.count, by: 32 * threads) {
        let places = Array(next..<min(next + 32 * threads, members.count))
        let results = Mutex([Int: ManyResponses.Result]())
        inParallel(places.count, threads: threads) { [places] k in
          let result = result(sums, places[k], formulas[first + places[k]])
          results.withLock { $0[places[k]] = result }
        }
        for (place, result) in results.withLock({ $0 }) { try consume(first + place, result) }
      }
    }
  }

  /// One pass over the rows for some of the responses.
  private func sums(_ members: Range<Int>) throws -> ResponseSums {
    let rows = WorkingRows(
      products, model,
      NewRowDesign(
        products, model, groups: model.groups.map { _ in true }, needsResponse: false, offset: nil,
        weights: products.basis.weights))
    let columns = ResponseColumns(
      rows.design.columns, members.map { formulas[$0].response })
    var sums = ResponseSums(
      model, hasIntercept: products.specification.fixed.hasIntercept, count: members.count,
      threads: threads)
    var reading = options.reading
    reading.threads = options.threads
    try TableReader(data, options: reading).read(
      columns.lookup.requests,
      transform: { chunk in
        (
          try rows.columns(chunk, unseen: .ignored, wantsX: true), try columns.values(chunk)
        )
      }, consume: { sums.add($0.0, $0.1) })
    return sums
  }

  private func result(
    _ sums: ResponseSums, _ place: Int, _ formula: Formula
  ) -> ManyResponses.Result {
    let name = formula.response.deparsed
    do {
      let fit = try fit(sums.model(place, name: name), formula)
      return ManyResponses.Result(name: name, fit: fit, failure: nil)
    } catch {
      return ManyResponses.Result(name: name, fit: nil, failure: "\(error)")
    }
  }

  /// - Throws: `FitError`, `CholmodError`, `InferenceError`.
  private func fit(_ model: LinearMixedModel, _ formula: Formula) throws -> Fit {
    var options = options
    (options.threads, options.progress) = (1, nil)
    let (optimum, plan) = try model.optimum(options)
    return try FittedModel(
      formula, data, options, products, model, optimum, plan: plan,
      record: FitRecord(peakMemory: 0)
    ).tested()
  }
}
