// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What is decomposed: over n rows the variance of one factor's effects, of the other's, or their covariance,
/// βᵀAβ for the levels' effects β.
enum EffectForm: Int, CaseIterable, Sendable {
  case first, second, covariance
}

/// A of the three forms for two factors of some equations.
struct QuadraticForms {
  private let equations: LeaveOutEquations
  private let (a, b): (Int, Int)
  private let pair: LevelPairs
  private let n: Double

  init(_ equations: LeaveOutEquations, _ a: Int, _ b: Int) {
    (self.equations, self.a, self.b) = (equations, a, b)
    let pair = equations.pairs.first { ($0.a, $0.b) == (min(a, b), max(a, b)) }!
    self.pair = pair.levels
    n = Double(equations.rows.count)
  }

  private func range(_ factor: Int) -> Range<Int> {
    equations.starts[factor]..<equations.starts[factor + 1]
  }

  /// Σ over the rows of a factor's effects v.
  private func total(_ factor: Int, _ v: UnsafeBufferPointer<Double>) -> Double {
    range(factor).reduce(0.0) { $0 + equations.sizes[$1] * v[$1] }
  }

  /// vᵀAw.
  func value(_ form: EffectForm, _ v: UnsafeBufferPointer<Double>, _ w: UnsafeBufferPointer<Double>) -> Double {
    switch form {
    case .first, .second:
      let factor = form == .first ? a : b
      let sum = range(factor).reduce(0.0) { $0 + equations.sizes[$1] * v[$1] * w[$1] }
      return (sum - total(factor, v) * total(factor, w) / n) / n
    case .covariance:
      let (p, q) = (equations.starts[min(a, b)], equations.starts[max(a, b)])
      var sum = 0.0
      for k in 0..<pair.count {
        let (i, j) = (p + Int(pair.first[k]), q + Int(pair.second[k]))
        sum += Double(pair.counts[k]) * (v[i] * w[j] + v[j] * w[i])
      }
      return (sum - (total(a, v) * total(b, w) + total(b, v) * total(a, w)) / n) / (2 * n)
    }
  }

  /// The three forms of one vector of effects.
  func values(_ v: [Double]) -> [Double] {
    v.withUnsafeBufferPointer { v in EffectForm.allCases.map { value($0, v, v) } }
  }

  /// Av for the columns of effects v.
  func product(_ form: EffectForm, _ v: DenseMatrix) -> DenseMatrix {
    var result = DenseMatrix(rows: v.rows, columns: v.columns)
    for c in 0..<v.columns {
      let own = v.column(c)
      own.withUnsafeBufferPointer { own in
        switch form {
        case .first, .second:
          let factor = form == .first ? a : b
          let mean = total(factor, own) / n
          for i in range(factor) { result[i, c] = equations.sizes[i] * (own[i] - mean) / n }
        case .covariance:
          let (p, q) = (equations.starts[min(a, b)], equations.starts[max(a, b)])
          for k in 0..<pair.count {
            let (i, j) = (p + Int(pair.first[k]), q + Int(pair.second[k]))
            let count = Double(pair.counts[k]) / (2 * n)
            result[i, c] += count * own[j]
            result[j, c] += count * own[i]
          }
          for (factor, other) in [(a, b), (b, a)] {
            let mean = total(other, own) / n
            for i in range(factor) { result[i, c] -= equations.sizes[i] * mean / (2 * n) }
          }
        }
      }
    }
    return result
  }

  /// RᵀΖ for columns z over the rows: A of a factor is RRᵀ with R = n^(−½) Dᵀ(I − 11ᵀ/n), and that of the
  /// covariance of both is half the sum of the products of theirs.
  func roots(_ factor: EffectForm, _ z: [[Double]]) -> DenseMatrix {
    let k = factor == .first ? a : b
    let scale = 1 / n.squareRoot()
    var r = DenseMatrix(rows: equations.levelCount, columns: z.count)
    for (c, z) in z.enumerated() {
      let mean = z.reduce(0, +) / n
      for (row, level) in equations.rows.levels[k].enumerated() {
        r[equations.starts[k] + Int(level), c] += scale * (z[row] - mean)
      }
    }
    return r
  }
}
