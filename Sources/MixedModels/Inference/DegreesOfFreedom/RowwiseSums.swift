// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// `ParameterSums` of a model whose residuals have parameters, V = R(ψ) + ZΓZᵀ in units of σ², from its rows:
/// sums over rows have no products of rows that are further apart than a step.
///
/// V is block-diagonal by rows that levels and subjects hang together, and every block is dense. Elements are
/// those of Γ; the derivatives of R in ψ, then its second ones, along which V does not move but is curved; σ²
/// last. ψ are logarithms of the strata's ratios and the correlation over a unit.
struct RowwiseSums {
  let sums: ParameterSums
  /// XᵀV⁻¹X
  let information: DenseMatrix

  /// Bytes that the matrices of one block may take.
  private static let largest = 2 << 30

  /// - Throws: `InferenceError` where too many rows hang together; `NotPositiveDefinite`.
  init(
    _ rows: RowsOfFit, _ model: LinearMixedModel, _ φ: [Double], _ parameters: [CovarianceParameter],
    threads: Int
  ) throws {
    let residual = ResidualElements(rows, model, φ)
    let elements = parameters.count + residual.count + 1
    let components = Self.components(rows, model)
    let most = components.map(\.count).max() ?? 0
    let available = availableMemory()
    let limit = available > 0 ? min(Self.largest, available / 4 / threads) : Self.largest
    guard 8 * (elements + 4) * most * most <= limit else {
      throw InferenceError.refused(
        "Kenward and Roger's adjustment of a model with \(Setting.residualBy) or \(Setting.residual()) takes the rows that levels and subjects hang together as one dense matrix, and here that has order \(most). Use \(Setting.degreesOfFreedom(["satterthwaite"]))."
      )
    }
    let Γ = model.levelFactors(φ).map { $0 * $0.transposed }
    let p = model.fixedEffectCount
    let shares = min(components.count, 64)
    var parts = [Share?](repeating: nil, count: shares)
    parts.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let buffer = buffer  // every entry is written by one thread
      inParallel(shares, threads: threads) { part in
        var share = Share(p: p, elements: elements)
        for c in part * components.count / shares..<(part + 1) * components.count / shares {
          share.add(components[c], rows, Γ, parameters, residual)
        }
        buffer[part] = share
      }
    }
    var total = Share(p: p, elements: elements)
    for share in parts { if let share { total.add(share) } }
    guard total.isDefinite else { throw NotPositiveDefinite(column: 0) }
    sums = ParameterSums(P: total.P, Q: total.Q, T: total.T)
    information = total.information
  }

  /// Rows that levels and subjects hang together.
  private static func components(_ rows: RowsOfFit, _ model: LinearMixedModel) -> [[Int]] {
    var joined = LevelComponents(count: rows.count)
    for (g, levels) in rows.levels.enumerated() {
      var first = [Int](repeating: -1, count: model.groups[g].levelCount)
      for (row, level) in levels.enumerated() {
        if first[Int(level)] < 0 { first[Int(level)] = row } else { joined.join(row, first[Int(level)]) }
      }
    }
    for (row, step) in rows.steps.enumerated() where step.previous >= 0 {
      joined.join(row, step.previous)
    }
    var places: [Int: Int] = [:]
    var components: [[Int]] = []
    for row in 0..<rows.count {
      let root = joined.root(row)
      if let place = places[root] {
        components[place].append(row)
      } else {
        places[root] = components.count
        components.append([row])
      }
    }
    return components
  }
}

/// What components add to `ParameterSums`.
private struct Share: Sendable {
  var P: [DenseMatrix]
  var Q: [[DenseMatrix]]
  var T: DenseMatrix
  var information: DenseMatrix
  var isDefinite = true

  init(p: Int, elements: Int) {
    let zero = DenseMatrix(rows: p, columns: p)
    P = Array(repeating: zero, count: elements)
    Q = (0..<elements).map { Array(repeating: zero, count: $0 + 1) }
    T = DenseMatrix(rows: elements, columns: elements)
    information = zero
  }

  mutating func add(_ other: Share) {
    for r in P.indices {
      P[r] = P[r] + other.P[r]
      for s in 0...r { Q[r][s] = Q[r][s] + other.Q[r][s] }
    }
    T = T + other.T
    information = information + other.information
    isDefinite = isDefinite && other.isDefinite
  }

  mutating func add(
    _ own: [Int], _ rows: RowsOfFit, _ Γ: [DenseMatrix], _ parameters: [CovarianceParameter],
    _ residual: ResidualElements
  ) {
    let (n, p) = (own.count, information.rows)
    var X = DenseMatrix(rows: n, columns: p)
    for (i, row) in own.enumerated() { for k in 0..<p { X[i, k] = rows.x[row * p + k] } }
    let R = residual.covariance(of: own, rows)
    var G = parameters.map { ρ in
      effects(own, rows, group: ρ.group) { z, y in
        z[ρ.i] * y[ρ.j] + (ρ.isDiagonal ? 0 : z[ρ.j] * y[ρ.i])
      }
    }
    G += residual.derivatives(of: own, rows) + [R]
    var V = R
    for (g, Γ) in Γ.enumerated() {
      V = V + effects(own, rows, group: g) { z, y in
        var sum = 0.0
        for j in y.indices { for i in z.indices { sum += z[i] * Γ[i, j] * y[j] } }
        return sum
      }
    }
    guard (try? DenseCholesky.factorize(&V)) != nil else {
      isDefinite = false
      return
    }
    let inverse = DenseCholesky.inverse(factor: V)
    let U = inverse * X
    information = information + X.multipliedByTransposeOnLeft(U)
    let GU = G.map { $0 * U }
    let F = G.map { inverse * $0 }  // V⁻¹G_r
    for r in G.indices {
      P[r] = P[r] - U.multipliedByTransposeOnLeft(GU[r])
      let solved = inverse * GU[r]
      let turned = F[r].transposed
      for s in 0...r {
        Q[r][s] = Q[r][s] + solved.multipliedByTransposeOnLeft(GU[s])
        let trace = dot(turned.storage, F[s].storage)
        T[r, s] += trace
        if s < r { T[s, r] += trace }
      }
    }
  }

  /// The matrix of rows in one level of a group.
  private func effects(
    _ own: [Int], _ rows: RowsOfFit, group g: Int,
    _ entry: (_ row: [Double], _ column: [Double]) -> Double
  ) -> DenseMatrix {
    let ℓ = rows.z[g].count / rows.count
    let values = own.map { Array(rows.z[g][$0 * ℓ..<($0 + 1) * ℓ]) }
    var matrix = DenseMatrix(rows: own.count, columns: own.count)
    for (j, column) in own.enumerated() {
      for (i, row) in own.enumerated() where rows.levels[g][row] == rows.levels[g][column] {
        matrix[i, j] = entry(values[i], values[j])
      }
    }
    return matrix
  }
}

/// R and its derivatives, of rows whose weights are 1.
struct ResidualElements: Sendable {
  /// Ratios of the strata to the first.
  private let ratios: [Double]
  /// The correlation over a unit of time; nil where residuals are independent.
  private let correlation: (value: Double, unit: Double)?
  /// Of every row the time since its subject's first.
  private let times: [Double]
  /// Of every row the first of its subject.
  private let firsts: [Int]

  /// Strata beyond the first, and the correlation.
  var parameterCount: Int { ratios.count - 1 + (correlation == nil ? 0 : 1) }
  /// First and second derivatives.
  var count: Int { parameterCount * (parameterCount + 3) / 2 }

  init(_ rows: RowsOfFit, _ model: LinearMixedModel, _ φ: [Double]) {
    ratios = [1] + model.strataRatios(φ)
    correlation = model.covariance.serial(φ).map { serial, own in
      // Where the least correlation is the best the derivatives are those of one beside it.
      (serial.isOnBoundary(own) ? 1e-3 : serial.correlation(over: serial.unit, own), serial.unit)
    }
    var (times, firsts): ([Double], [Int]) = ([], [])
    for (row, step) in rows.steps.enumerated() {
      times.append(step.previous < 0 ? 0 : times[step.previous] + step.time)
      firsts.append(step.previous < 0 ? row : firsts[step.previous])
    }
    (self.times, self.firsts) = (times, firsts)
  }

  /// Of the correlation between two rows the derivative of an order.
  private func correlation(_ a: Int, _ b: Int, order: Int) -> Double {
    if a == b { return order == 0 ? 1 : 0 }
    guard let correlation, firsts[a] == firsts[b] else { return 0 }
    let time = abs(times[a] - times[b]) / correlation.unit
    let exponent = abs(time - time.rounded()) < 1e-6 ? time.rounded() : time  // of a negative number
    var factor = 1.0
    for k in 0..<order { factor *= exponent - Double(k) }
    return factor == 0 ? 0 : factor * pow(correlation.value, exponent - Double(order))
  }

  /// R
  func covariance(of own: [Int], _ rows: RowsOfFit) -> DenseMatrix {
    matrix(own, rows) { _, _, scale, a, b in scale * correlation(a, b, order: 0) }
  }

  /// The first derivatives, then the second ones by the lower triangle's rows.
  func derivatives(of own: [Int], _ rows: RowsOfFit) -> [DenseMatrix] {
    let strata = ratios.count - 1
    /// How often a parameter is a stratum of the two rows, or 0 for the correlation.
    func times(_ k: Int, _ s: Int, _ t: Int) -> Double { (s == k + 1 ? 1 : 0) + (t == k + 1 ? 1 : 0) }
    func order(_ k: Int) -> Int { k == strata ? 1 : 0 }
    let all = Array(0..<parameterCount)
    let first = all.map { k in
      matrix(own, rows) { s, t, scale, a, b in
        let factor = k == strata ? 1 : times(k, s, t)
        return factor == 0 ? 0 : factor * scale * correlation(a, b, order: order(k))
      }
    }
    let second = all.flatMap { k in
      (0...k).map { l in
        matrix(own, rows) { s, t, scale, a, b in
          let factor = (k == strata ? 1 : times(k, s, t)) * (l == strata ? 1 : times(l, s, t))
          return factor == 0 ? 0 : factor * scale * correlation(a, b, order: order(k) + order(l))
        }
      }
    }
    return first + second
  }

  private func matrix(
    _ own: [Int], _ rows: RowsOfFit,
    _ entry: (_ s: Int, _ t: Int, _ scale: Double, _ a: Int, _ b: Int) -> Double
  ) -> DenseMatrix {
    var matrix = DenseMatrix(rows: own.count, columns: own.count)
    for (j, b) in own.enumerated() {
      for (i, a) in own.enumerated() where i == j || !firsts.isEmpty && firsts[a] == firsts[b] {
        let (s, t) = (rows.strata[a], rows.strata[b])
        matrix[i, j] = entry(s, t, ratios[s] * ratios[t], a, b)
      }
    }
    return matrix
  }
}
