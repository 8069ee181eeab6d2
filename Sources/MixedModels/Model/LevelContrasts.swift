// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

/// R's columns C of a factor's levels where each combines levels: effects d = C̃γ with C̃ = [C 1], and γ = C̃⁻¹d.
///
/// Coordinates are numbered as C's columns, the constant's last.
struct LevelContrasts: Sendable {
  private enum Kind: Sendable {
    case helmert, deviation, successiveDifferences
    /// C̃ and its inverse.
    case matrix(columns: DenseMatrix, inverse: DenseMatrix)
  }
  private let kind: Kind
  private let count: Int
  /// Of C's columns.
  let names: [String]
  /// log |C̃ᵀC̃|
  let logDeterminant: Double

  /// What is left of a column that depends on those before.
  private static let tolerance = 1e-10

  /// - Throws: `FitError` for contrasts that are not, with the constant, as many independent columns as there are levels;
  ///   `ContrastError`.
  init(_ contrast: Contrast, _ factor: String, levels: [String]) throws {
    count = levels.count
    switch contrast {
    case .helmert:
      (kind, logDeterminant) = (.helmert, 2 * lgamma(Double(levels.count + 1)))
    case .deviation: (kind, logDeterminant) = (.deviation, 0)
    case .successiveDifferences: (kind, logDeterminant) = (.successiveDifferences, 0)
    case .treatment, .sum, .polynomial, .matrix:
      guard levels.count <= SparseFixedEffects.largestMatrix else {
        throw FitError.sparseFixed(
          factor, "has \(contrast.word) contrasts of more than \(SparseFixedEffects.largestMatrix) levels, whose columns are dense")
      }
      let values = try contrast.columns(levels: levels).values
      let width = values[0].count
      let all = DenseMatrix(
        rows: levels.count, columns: 1 + width,
        storage: values.map { _ in 1 } + (0..<width).flatMap { k in values.map { $0[k] } })
      let qr = ColumnOrderedQR(all, tolerance: Self.tolerance)
      guard qr.rank == levels.count, qr.dropped.isEmpty else {
        throw FitError.sparseFixed(
          factor, "has \(contrast.word) contrasts that are no \(levels.count - 1) independent ones between its \(levels.count) levels")
      }
      // [1 C] = QR, with the constant put last.
      var inverse = qr.q.transposed
      DenseCholesky.solveUpper(qr.r, &inverse)
      let order = Array(1..<levels.count) + [0]
      kind = .matrix(
        columns: all.submatrix(rows: Array(0..<levels.count), columns: order),
        inverse: inverse.submatrix(rows: order, columns: Array(0..<levels.count)))
      logDeterminant = (0..<qr.rank).reduce(0) { $0 + 2 * log(abs(qr.r[$1, $1])) }
    }
    names = contrast.columnNames(levels: levels)
  }

  /// C̃⁻¹d
  func coordinates(_ d: ArraySlice<Double>) -> [Double] {
    let d = Array(d)
    let mean = d.reduce(0, +) / Double(count)
    switch kind {
    case .helmert:
      var sum = 0.0
      return (1..<count).map { k in
        sum += d[k - 1]
        return (d[k] - sum / Double(k)) / Double(k + 1)
      } + [mean]
    case .deviation: return d.dropFirst().map { $0 - d[0] } + [mean]
    case .successiveDifferences: return zip(d.dropFirst(), d).map { $0 - $1 } + [mean]
    case .matrix(_, let inverse): return inverse * d
    }
  }

  /// A coordinate as a combination of effects, a row of C̃⁻¹.
  func function(_ coordinate: Int) -> [(level: Int, value: Double)] {
    if case .matrix(_, let inverse) = kind { return (0..<count).map { ($0, inverse[coordinate, $0]) } }
    guard coordinate < count - 1 else { return (0..<count).map { ($0, 1 / Double(count)) } }
    let own = coordinate + 1
    switch kind {
    case .helmert:
      let share = 1 / Double(own + 1)
      return (0..<own).map { ($0, -share / Double(own)) } + [(own, share)]
    case .deviation: return [(0, -1), (own, 1)]
    case .successiveDifferences: return [(own - 1, -1), (own, 1)]
    case .matrix: preconditionFailure("its rows are given")
    }
  }

  /// C̃ᵀs: the coordinates' coefficients in Σ sⱼdⱼ.
  func averages(_ s: [Double]) -> [Double] {
    let total = s.reduce(0, +)
    switch kind {
    case .helmert:
      var sum = 0.0
      return (1..<count).map { k in
        sum += s[k - 1]
        return Double(k) * s[k] - sum
      } + [total]
    case .deviation: return s.dropFirst().map { $0 - total / Double(count) } + [total]
    case .successiveDifferences:
      var sum = 0.0
      return (1..<count).map { k in
        sum += s[k - 1]
        return Double(k) / Double(count) * total - sum
      } + [total]
    case .matrix(let columns, _): return columns.multipliedByTransposeOnLeft(s)
    }
  }
}
