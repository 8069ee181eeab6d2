// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The derivatives where a search ended, which tests of the coefficients start from.
///
/// They cost more than an evaluation, and are kept.
enum SavedCurvature {
  static let gradientMember = "fit/gradient.npy"
  static let hessianMember = "fit/hessian.npy"
  static let residualMember = "fit/residual_slopes.npy"
  static let covarianceMember = "fit/covariance_slopes.npy"

  static func json(_ curvature: CriterionCurvature) -> JSONValue {
    .object([
      ("residual_weight", .number(curvature.residualWeight)),
      ("rounding_error", .number(curvature.roundingError)),
      ("units", .numbers(curvature.units)),
      ("probes", curvature.probeSlopes.map(json) ?? .null),
    ])
  }

  private static func json(_ slopes: ProbeSlopes) -> JSONValue {
    .object([
      ("count", .integer(slopes.probes)),
      ("gradient_covariance", .numbers(slopes.gradientCovariance.storage)),
      ("coefficient_slopes", .numbers(slopes.coefficientSlopes.flatMap(\.self))),
    ])
  }

  /// - Throws: `MalformedMember`.
  private static func probeSlopes(
    _ json: JSONMember, parameters count: Int, coefficients p: Int
  ) throws -> ProbeSlopes? {
    guard let own = try json.optional("probes") else { return nil }  // files of earlier versions
    let covariance = try own["gradient_covariance"].doubles
    let slopes = try own["coefficient_slopes"].doubles
    guard covariance.count == count * count, slopes.count == count * p else {
      throw MalformedMember(name: own.name, "they are not of \(count) parameters")
    }
    let matrix = DenseMatrix(rows: count, columns: count, storage: covariance)
    guard isCovariance(matrix) else {
      throw MalformedMember(name: own.name, "gradient_covariance is no covariance matrix")
    }
    return ProbeSlopes(
      probes: try own["count"].count, gradientCovariance: matrix,
      coefficientSlopes: (0..<count).map { Array(slopes[$0 * p..<($0 + 1) * p]) })
  }

  /// Everything in φ; the matrices are symmetric.
  static func write(_ curvature: CriterionCurvature, to archive: inout ArchiveWriter) throws {
    let count = curvature.gradient.count
    guard count > 0 else { return }
    let p = curvature.covarianceSlopes.first?.rows ?? 0
    try archive.add(gradientMember, shape: [count], curvature.gradient)
    try archive.add(hessianMember, shape: [count, count], curvature.hessian.storage)
    try archive.add(residualMember, shape: [count], curvature.residualSlope)
    try archive.add(
      covarianceMember, shape: [count, p, p], curvature.covarianceSlopes.flatMap(\.storage))
  }

  /// - Throws: `ArchiveError`, `MalformedMember`.
  static func read(
    _ json: JSONMember, _ archive: ArchiveReader, parameters count: Int
  ) throws -> CriterionCurvature? {
    if case .null = json.value { return nil }
    guard count > 0 else { return try ofResidualAlone(json) }
    let (shape, slopes) = try archive.doubles(covarianceMember)
    guard shape.count == 3, shape[0] == count, shape[1] == shape[2], count > 0,
      slopes.allSatisfy(\.isFinite)
    else {
      throw MalformedMember(
        name: covarianceMember, "it is no finite square for each of \(count) parameters")
    }
    let (p, size) = (shape[1], shape[1] * shape[2])
    let covarianceSlopes = (0..<count).map { k in
      DenseMatrix(rows: p, columns: p, storage: Array(slopes[k * size..<(k + 1) * size]))
    }
    let hessian = DenseMatrix(
      rows: count, columns: count, storage: try values(hessianMember, [count, count], archive))
    for (name, all) in [(hessianMember, [hessian]), (covarianceMember, covarianceSlopes)]
    where !all.allSatisfy({ isSymmetric($0) }) {
      throw MalformedMember(name: name, "it is not symmetric")
    }
    let units = try json["units"].doubles
    guard units.count == count, units.allSatisfy({ $0 > 0 }) else {
      throw MalformedMember(name: "\(json.name).units")
    }
    return CriterionCurvature(
      gradient: try values(gradientMember, [count], archive), hessian: hessian,
      residualSlope: try values(residualMember, [count], archive),
      residualWeight: try json["residual_weight"].double, covarianceSlopes: covarianceSlopes,
      probeSlopes: try probeSlopes(json, parameters: count, coefficients: p),
      roundingError: try json["rounding_error"].double, units: units)
  }

  /// Of a model whose only parameter besides β is σ.
  private static func ofResidualAlone(_ json: JSONMember) throws -> CriterionCurvature {
    CriterionCurvature(
      gradient: [], hessian: DenseMatrix(rows: 0, columns: 0), residualSlope: [],
      residualWeight: try json["residual_weight"].double, covarianceSlopes: [], probeSlopes: nil,
      roundingError: try json["rounding_error"].double, units: [])
  }

  /// But for rounding.
  private static func isSymmetric(_ matrix: DenseMatrix) -> Bool {
    let rounding = 1e-6 * matrix.storage.reduce(0) { max($0, abs($1)) }
    return (0..<matrix.columns).allSatisfy { j in
      (0..<j).allSatisfy { abs(matrix[$0, j] - matrix[j, $0]) <= rounding }
    }
  }

  private static func isCovariance(_ matrix: DenseMatrix) -> Bool {
    isSymmetric(matrix) && matrix.diagonal.allSatisfy { $0 >= 0 }
  }

  private static func values(
    _ name: String, _ shape: [Int], _ archive: ArchiveReader
  ) throws -> [Double] {
    let (found, values) = try archive.doubles(name)
    guard found == shape else {
      throw MalformedMember(name: name, "it is not of \(shape[0]) parameters")
    }
    guard values.allSatisfy(\.isFinite) else {
      throw MalformedMember(name: name, "a value is not finite")
    }
    return values
  }
}

extension CriterionCurvature {
  /// Whether rounding or overflow left no hole.
  var isFinite: Bool {
    let all =
      [gradient, hessian.storage, residualSlope, units, [residualWeight, roundingError]]
      + (probeSlopes.map { [$0.gradientCovariance.storage] + $0.coefficientSlopes } ?? [])
    return all.allSatisfy { $0.allSatisfy(\.isFinite) }
      && covarianceSlopes.allSatisfy { $0.storage.allSatisfy(\.isFinite) }
  }

  /// The derivatives in f φ.
  func converted(factor f: Double) -> CriterionCurvature {
    CriterionCurvature(
      gradient: gradient.map { $0 / f }, hessian: (1 / (f * f)) * hessian,
      residualSlope: residualSlope.map { $0 / f }, residualWeight: residualWeight,
      covarianceSlopes: covarianceSlopes.map { (1 / f) * $0 },
      probeSlopes: probeSlopes.map { slopes in
        ProbeSlopes(
          probes: slopes.probes, gradientCovariance: (1 / (f * f)) * slopes.gradientCovariance,
          coefficientSlopes: slopes.coefficientSlopes.map { $0.map { $0 / f } })
      }, roundingError: roundingError, units: units.map { f * $0 })
  }

  fileprivate init(
    gradient: [Double], hessian: DenseMatrix, residualSlope: [Double], residualWeight: Double,
    covarianceSlopes: [DenseMatrix], probeSlopes: ProbeSlopes?, roundingError: Double,
    units: [Double]
  ) {
    self.gradient = gradient
    self.hessian = hessian
    self.residualSlope = residualSlope
    self.residualWeight = residualWeight
    self.covarianceSlopes = covarianceSlopes
    self.probeSlopes = probeSlopes
    self.roundingError = roundingError
    self.units = units
  }
}
