// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

/// [Z X y]ᵀWy of many responses of one design, summed over chunks of rows.
///
/// A response is accumulated as y − level − Xc, with its mean in the first chunk for the level (where
/// the model has an intercept) and the least-squares coefficients there for c, so that sums of
/// squares keep their digits.
struct ResponseSums {
  private let model: LinearMixedModel
  private let hasIntercept: Bool
  private let threads: Int
  private var responses: [Response]
  private var sumOfWeights = 0.0

  /// The sums of one response.
  private struct Response {
    var level = 0.0
    /// c of what is taken off, in working columns.
    var taken: [Double] = []
    var xy: [Double]
    var yy = 0.0
    /// For every group, level after level.
    var zy: [[Double]]
    /// Σ w y², least and largest y.
    var square = 0.0
    var range = (least: Double.infinity, most: -Double.infinity)
  }

  init(_ model: LinearMixedModel, hasIntercept: Bool, count: Int, threads: Int) {
    (self.model, self.hasIntercept, self.threads) = (model, hasIntercept, threads)
    let empty = Response(
      xy: Array(repeating: 0, count: model.fixedEffectCount),
      zy: model.groups.map { Array(repeating: 0, count: $0.levelCount * $0.size) })
    responses = Array(repeating: empty, count: count)
  }

  /// Bytes of the sums of one response.
  static func bytes(_ model: LinearMixedModel) -> Int { 8 * model.randomEffectCount + 256 }

  /// Adds the rows of a chunk in which the first response, and so every other, is not missing.
  mutating func add(_ columns: WorkingRows.Columns, _ values: [[Double]]) {
    let rows = columns.rows.isComplete.indices.filter {
      columns.rows.isComplete[$0] && !values[0][$0].isNaN
    }
    guard !rows.isEmpty else { return }
    for row in rows { sumOfWeights += columns.rows.weights[row] }
    if responses[0].taken.isEmpty { centre(columns, values, rows) }
    let threads = threads
    responses.withUnsafeMutableBufferPointer { buffer in
      // Every response is written by one thread.
      nonisolated(unsafe) let buffer = buffer
      let parts = min(buffer.count, 4 * threads)
      inParallel(parts, threads: threads) { part in
        for k in part * buffer.count / parts..<(part + 1) * buffer.count / parts {
          Self.add(columns, values[k], rows, to: &buffer[k])
        }
      }
    }
  }

  private static func add(
    _ columns: WorkingRows.Columns, _ values: [Double], _ rows: [Int], to sums: inout Response
  ) {
    let p = sums.xy.count
    var (yy, xy) = (0.0, [Double](repeating: 0, count: p))  // of this chunk
    for row in rows {
      let raw = values[row] - columns.rows.offset[row]
      let w = columns.rows.weights[row]
      sums.square += w * raw * raw
      sums.range = (min(sums.range.least, raw), max(sums.range.most, raw))
      var y = raw - sums.level
      for k in 0..<p { y -= columns.x[row * p + k] * sums.taken[k] }
      let wy = w * y
      yy += wy * y
      for k in 0..<p { xy[k] += wy * columns.x[row * p + k] }
      for g in sums.zy.indices {
        let ℓ = columns.z[g].count / columns.rows.count
        let first = Int(columns.levels[g][row]) * ℓ
        for k in 0..<ℓ { sums.zy[g][first + k] += wy * columns.z[g][row * ℓ + k] }
      }
    }
    sums.yy += yy
    for k in 0..<p { sums.xy[k] += xy[k] }
  }

  /// Chooses what is taken off each response, from the first rows.
  private mutating func centre(
    _ columns: WorkingRows.Columns, _ values: [[Double]], _ rows: [Int]
  ) {
    let p = model.fixedEffectCount
    var gram = DenseMatrix(rows: p, columns: p)
    for row in rows {
      let w = columns.rows.weights[row]
      for j in 0..<p {
        for i in j..<p { gram[i, j] += w * columns.x[row * p + i] * columns.x[row * p + j] }
      }
    }
    let size = (0..<p).map { gram[$0, $0] }
    let isRegular =
      p > 0 && (try? DenseCholesky.factorize(&gram)) != nil
      && (0..<p).allSatisfy { gram[$0, $0] * gram[$0, $0] > 1e-8 * size[$0] }
    for r in responses.indices {
      func y(_ row: Int) -> Double { values[r][row] - columns.rows.offset[row] }
      let count = Double(rows.count)
      let level = hasIntercept ? rows.reduce(0) { $0 + y($1) / count } : 0
      var c = DenseMatrix(rows: p, columns: 1)
      if isRegular {
        for row in rows {
          let wy = columns.rows.weights[row] * (y(row) - level)
          for k in 0..<p { c[k, 0] += wy * columns.x[row * p + k] }
        }
        DenseCholesky.solve(factor: gram, &c)
      }
      (responses[r].level, responses[r].taken) = (level, c.storage)
    }
  }

  /// The model with response `k` in place of its own.
  ///
  /// - Throws: `FitError.constantResponse`.
  func model(_ k: Int, name: String) throws(FitError) -> LinearMixedModel {
    let sums = responses[k]
    let size = max(abs(sums.range.least), abs(sums.range.most))
    guard sums.range.most - sums.range.least > 4 * size.ulp else {
      throw .constantResponse(name)
    }
    let p = model.fixedEffectCount
    let XᵀX = model.tail.submatrix(rows: Array(0..<p), columns: Array(0..<p))
    let c = sums.xy  // X is orthonormal
    let image = XᵀX * c
    let yy = sums.yy - 2 * dot(c, sums.xy) + dot(c, image)
    let scale = Self.powerOfTwo((max(yy, 0) / sumOfWeights).squareRoot())
    var products = ResponseProducts(
      z: sums.zy, x: zip(sums.xy, image).map { ($0 - $1) / scale }, square: yy / (scale * scale))
    for (g, group) in model.groups.enumerated() {
      let ℓ = group.size
      for level in 0..<group.levelCount {
        for i in 0..<ℓ {
          for x in 0..<p {
            products.z[g][level * ℓ + i] -= group.zx[(level * (p + 1) + x) * ℓ + i] * c[x]
          }
          products.z[g][level * ℓ + i] /= scale
        }
      }
    }
    return model.replacingResponse(
      products,
      fixed: model.fixed.replacingResponse(
        leastSquares: c.map { $0 / scale }, taken: sums.taken, level: sums.level, scale: scale,
        size: (sums.square / sumOfWeights).squareRoot()))
  }

  private static func powerOfTwo(_ size: Double) -> Double {
    guard size.isNormal else { return 1 }
    return scalbn(1, Int32(ilogb(size)))
  }
}

extension LinearMixedModel {
  fileprivate func replacingResponse(
    _ response: ResponseProducts, fixed: FixedCoordinates
  ) -> LinearMixedModel {
    let other = replacingResponse(response)
    return LinearMixedModel(
      observations: observations, sumOfLogWeights: sumOfLogWeights, groups: other.groups,
      fixedLevels: nil, pairs: pairs, tail: other.tail, covariance: covariance, fixed: fixed,
      terms: terms,
      lostDigits: LostDigits(columns: lostDigits.columns), determination: determination,
      knownVariance: knownVariance)
  }
}

extension FixedCoordinates {
  /// The same columns for another response.
  ///
  /// - Parameters:
  ///   - leastSquares: in units of the scaled response, of what was left after `level` and `taken`,
  ///     working coefficients in units of the response, had been taken off.
  fileprivate func replacingResponse(
    leastSquares: [Double], taken: [Double], level: Double, scale: Double, size: Double
  ) -> FixedCoordinates {
    var raw = B * taken
    if level != 0 { raw[0] += level }  // the constant is the first raw column
    return FixedCoordinates(
      names: names, kept: kept, R: R, B: B, leastSquares: leastSquares, predictor: taken,
      level: level, rawPredictor: raw, responseScale: scale, responseSize: size)
  }
}
