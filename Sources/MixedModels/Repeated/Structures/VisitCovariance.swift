// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Σ, the covariance matrix of the residuals at all visits, as a function of parameters without bounds.
///
///     Σ_ij = exp(a_i + a_j) r_ij(c)
///
/// with a the logarithms of standard deviations (of one, in homogeneous structures), and r
///
/// - unstructured: (LLᵀ)_ij, L lower triangular with a unit diagonal and c below it, row by row, so that
///   a are logarithms of the deviations given the visits before;
/// - otherwise a product of correlations to some powers.
///
/// These are mmrm's coordinates. Those of a covariance matrix's elements would give the same estimates
/// and the same degrees of freedom; the second derivatives that Kenward and Roger's adjustment takes
/// depend on them.
struct VisitCovariance: Sendable {
  let structure: VisitStructure
  /// m, the visits.
  let size: Int
  /// When they are; of `spExp` alone.
  let times: [Double]
  private let coordinate: CorrelationCoordinate

  init(_ structure: VisitStructure, size: Int, times: [Double] = []) {
    (self.structure, self.size, self.times) = (structure, size, times)
    switch structure {
    case .cs, .csh: coordinate = .above(1 / Double(max(size - 1, 1)))
    case .spExp: coordinate = .above(0)
    default: coordinate = .between
    }
  }

  /// The length of a.
  var deviationCount: Int { structure.isHeterogeneous ? size : 1 }

  /// The length of c.
  var correlationCount: Int {
    guard size > 1 else { return 0 }
    return switch structure {
    case .us: size * (size - 1) / 2
    case .cs, .csh, .ar1, .ar1h, .spExp: 1
    case .toep, .toeph, .ad, .adh: size - 1
    }
  }

  /// a before c.
  var parameterCount: Int { deviationCount + correlationCount }

  /// An entry of Σ with its derivatives in the parameters that it depends on.
  struct Entry: Sendable {
    var value: Double
    var slopes: [(parameter: Int, value: Double)] = []
    /// Of every pair of parameters once, the first not after the second.
    var curvatures: [(first: Int, second: Int, value: Double)] = []
  }

  /// Σ_ij for i ≥ j at (i + 1) i / 2 + j.
  func entries(_ θ: [Double]) -> [Entry] {
    let correlations = θ[deviationCount...].map { coordinate.value($0) }
    return (0..<size).flatMap { i in
      (0...i).map { j in
        scaled(
          structure == .us ? factored(θ, i, j) : powered(correlations, i, j), θ, i, j)
      }
    }
  }

  /// Σ, size × size.
  func matrix(_ θ: [Double]) -> DenseMatrix { Self.matrix(entries(θ).map(\.value), size) }

  /// The symmetric matrix of these entries.
  static func matrix(_ entries: [Double], _ size: Int) -> DenseMatrix {
    var matrix = DenseMatrix(rows: size, columns: size)
    for i in 0..<size {
      for j in 0...i {
        (matrix[i, j], matrix[j, i]) = (entries[i * (i + 1) / 2 + j], entries[i * (i + 1) / 2 + j])
      }
    }
    return matrix
  }

  /// exp(a_i + a_j) r, from r and its derivatives in c.
  private func scaled(_ r: Entry, _ θ: [Double], _ i: Int, _ j: Int) -> Entry {
    let one = !structure.isHeterogeneous
    let (first, second) = one ? (0, 0) : (j, i)
    let size = exp(θ[first] + θ[second])
    let shares: [(parameter: Int, count: Double)] =
      first == second ? [(first, 2)] : [(first, 1), (second, 1)]
    var entry = Entry(value: size * r.value)
    for (k, (parameter, count)) in shares.enumerated() {
      entry.slopes.append((parameter, count * size * r.value))
      for (other, otherCount) in shares[k...] {
        entry.curvatures.append((parameter, other, count * otherCount * size * r.value))
      }
      for (c, slope) in r.slopes {
        entry.curvatures.append((parameter, deviationCount + c, count * size * slope))
      }
    }
    entry.slopes += r.slopes.map { (deviationCount + $0, size * $1) }
    entry.curvatures += r.curvatures.map {
      (deviationCount + $0, deviationCount + $1, size * $2)
    }
    return entry
  }

  /// (LLᵀ)_ij for i ≥ j.
  private func factored(_ θ: [Double], _ i: Int, _ j: Int) -> Entry {
    func place(_ i: Int, _ k: Int) -> Int { i * (i - 1) / 2 + k }
    func l(_ i: Int, _ k: Int) -> Double { θ[deviationCount + place(i, k)] }
    var r = Entry(value: i == j ? 1 : l(i, j))
    if i > j { r.slopes.append((place(i, j), 1)) }
    for k in 0..<j {
      r.value += l(i, k) * l(j, k)
      if i == j {
        r.slopes.append((place(i, k), 2 * l(i, k)))
        r.curvatures.append((place(i, k), place(i, k), 2))
      } else {
        r.slopes += [(place(j, k), l(i, k)), (place(i, k), l(j, k))]
        r.curvatures.append((place(j, k), place(i, k), 1))
      }
    }
    return r
  }

  /// Π ρ_k^e_k for i ≥ j.
  private func powered(
    _ ρ: [(value: Double, slope: Double, curvature: Double)], _ i: Int, _ j: Int
  ) -> Entry {
    let exponents = exponents(i, j)
    let powers = exponents.map { k, e -> (k: Int, value: Double, slope: Double, curvature: Double) in
      let (r, dr, ddr) = ρ[k]
      // Of no power below zero, which a correlation of zero has not.
      let first = e == 1 ? 1 : e * pow(r, e - 1)
      let second = e == 1 ? 0 : e == 2 ? 2 : e * (e - 1) * pow(r, e - 2)
      return (k, pow(r, e), first * dr, second * dr * dr + first * ddr)
    }
    func rest(_ left: Int...) -> Double {
      powers.indices.reduce(1) { left.contains($1) ? $0 : $0 * powers[$1].value }
    }
    var r = Entry(value: rest())
    for a in powers.indices {
      r.slopes.append((powers[a].k, powers[a].slope * rest(a)))
      r.curvatures.append((powers[a].k, powers[a].k, powers[a].curvature * rest(a)))
      for b in powers.indices.dropFirst(a + 1) {
        r.curvatures.append(
          (powers[a].k, powers[b].k, powers[a].slope * powers[b].slope * rest(a, b)))
      }
    }
    return r
  }

  /// The correlations, by ascending places in c, whose powers multiply to that of two visits.
  private func exponents(_ i: Int, _ j: Int) -> [(k: Int, exponent: Double)] {
    guard i > j else { return [] }
    switch structure {
    case .us: return []
    case .cs, .csh: return [(0, 1)]
    case .ar1, .ar1h: return [(0, Double(i - j))]
    case .toep, .toeph: return [(i - j - 1, 1)]
    case .ad, .adh: return (j..<i).map { ($0, 1) }
    case .spExp: return [(0, abs(times[i] - times[j]))]
    }
  }
}

extension VisitCovariance {
  /// Parameters near a covariance matrix that need not be positive definite, and of which entries that
  /// are not known are zero.
  func start(_ S: DenseMatrix) -> [Double] {
    let known = S.diagonal.filter { $0 > 0 }
    let mean = known.isEmpty ? 1 : known.reduce(0, +) / Double(known.count)
    let deviations = S.diagonal.map { ($0 > 0 ? $0 : mean).squareRoot() }
    var R = DenseMatrix.identity(size)
    for i in 0..<size {
      for j in 0..<size where i != j {
        R[i, j] = min(max(S[i, j] / (deviations[i] * deviations[j]), -0.95), 0.95)
      }
    }
    let a = structure.isHeterogeneous ? deviations.map { log($0) } : [0.5 * log(mean)]
    guard size > 1 else { return a }
    for share in [1, 0.9, 0.75, 0.5, 0.25] {
      var θ = a + correlations(R, share)
      if structure == .us {
        var shrunk = R
        for i in 0..<size { for j in 0..<size where i != j { shrunk[i, j] *= share } }
        guard let own = try? factored(shrunk, a) else { continue }
        θ = own
      }
      var Σ = matrix(θ)
      if (try? DenseCholesky.factorize(&Σ)) != nil { return θ }
    }
    return a + [Double](repeating: structure == .us ? 0 : coordinate.coordinate(0), count: correlationCount)
  }

  /// The parameters of an unstructured matrix.
  ///
  /// - Throws: `NotPositiveDefinite`.
  func unstructured(_ Σ: DenseMatrix) throws -> [Double] {
    let deviations = Σ.diagonal.map { $0.squareRoot() }
    var R = Σ
    for i in 0..<size { for j in 0..<size { R[i, j] /= deviations[i] * deviations[j] } }
    return try factored(R, deviations.map { log($0) })
  }

  /// The same of correlations, and logarithms of standard deviations.
  private func factored(_ R: DenseMatrix, _ a: [Double]) throws -> [Double] {
    var L = R
    try DenseCholesky.factorize(&L)
    var θ = a + [Double](repeating: 0, count: correlationCount)
    for i in 0..<size {
      θ[i] += log(L[i, i])
      for k in 0..<i { θ[size + i * (i - 1) / 2 + k] = L[i, k] / L[i, i] }
    }
    return θ
  }

  /// The parameter of which a standard deviation or a correlation is a function, and its coordinate for a value;
  /// nil where that is one of several.
  ///
  /// - Parameters:
  ///   - visits: One of a standard deviation, two of a correlation; of an unstructured matrix the first.
  ///   - scale: Units of the response per unit of the matrix.
  func held(
    _ visits: [Int], scale: Double
  ) -> (place: Int, coordinate: (Double) -> Double)? {
    guard visits.count == 2 else {
      let place = structure == .us || !structure.isHeterogeneous ? 0 : visits[0]
      return (place, { log($0 / scale) })
    }
    // The second row of L is (l, 1).
    if structure == .us { return (deviationCount, { $0 / (1 - $0 * $0).squareRoot() }) }
    let powers = exponents(max(visits[0], visits[1]), min(visits[0], visits[1]))
    guard powers.count == 1, powers[0].exponent == 1 || structure == .spExp else { return nil }
    let power = 1 / powers[0].exponent
    return (deviationCount + powers[0].k, { [coordinate] in coordinate.coordinate(power == 1 ? $0 : pow($0, power)) })
  }

  /// c for means of R's entries, which are taken `share` times.
  private func correlations(_ R: DenseMatrix, _ share: Double) -> [Double] {
    func mean(_ pairs: [(Int, Int)]) -> Double {
      share * pairs.reduce(0) { $0 + R[$1.0, $1.1] } / Double(pairs.count)
    }
    let lags = (1..<size).map { lag in (lag..<size).map { ($0, $0 - lag) } }
    let values: [Double] =
      switch structure {
      case .us: [Double](repeating: 0, count: correlationCount)
      case .cs, .csh: [mean(lags.flatMap(\.self))]
      case .ar1, .ar1h: [mean(lags[0])]
      case .toep, .toeph: lags.map(mean)
      case .ad, .adh: lags[0].map { share * R[$0.0, $0.1] }
      case .spExp: [exp(log(max(mean(lags[0]), 0.1)) / meanStep)]
      }
    return structure == .us ? values : values.map(coordinate.coordinate)
  }

  /// Between one time and the next.
  private var meanStep: Double {
    let sorted = times.sorted()
    return max((sorted[size - 1] - sorted[0]) / Double(size - 1), .leastNormalMagnitude)
  }
}
