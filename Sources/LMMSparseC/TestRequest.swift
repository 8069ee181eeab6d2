// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// What t and F are made of and compared with, where a request says so: ddf, vcov and cluster.
struct TestRequest {
  static let names = ["ddf", "vcov", "cluster"]

  private let request: Request

  init(_ request: Request) { self.request = request }

  /// - Throws: `RequestError`
  var method: DegreesOfFreedomMethod {
    get throws { try given ?? .satterthwaite }
  }

  private var given: DegreesOfFreedomMethod? {
    get throws { try request.word("ddf", DegreesOfFreedomMethod.self) }
  }

  /// The model itself, or with another covariance of its coefficients.
  ///
  /// - Throws: `RequestError`; `FitError` where the model has no other covariance.
  func applied(to model: FittedModel) throws -> FittedModel {
    guard Self.names.contains(where: request.has) else { return model }
    return try model.testing(
      try given, try request.word("vcov", CoefficientCovariance.self), clusters: try request.string("cluster"))
  }
}
