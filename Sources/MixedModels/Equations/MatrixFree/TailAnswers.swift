// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What the answers s = ZᵀW(x − ZΛu_x) of the levels to the columns x of X and y add to slopes.
struct TailAnswers {
  private let width: Int
  /// [K⁻¹] for X; nil for ML.
  private let fixedInverse: DenseMatrix?
  /// [−β; 1]
  private let combination: [Double]

  init(_ tail: TailSystem, fixedInverse: DenseMatrix?) {
    width = tail.system.model.tail.columns
    self.fixedInverse = fixedInverse
    combination = tail.coefficients.map { -$0 } + [1]
  }

  /// [−β; 1] and [K⁻¹], 8 × 8, with zeros where there are fewer columns; nil where there are more.
  var padded: (combination: [Double], inverse: [Double]?)? {
    guard width <= 8 else { return nil }
    let columns = combination + [Double](repeating: 0, count: 8 - width)
    guard let G = fixedInverse else { return (columns, nil) }
    var inverse = [Double](repeating: 0, count: 64)
    for c in 0..<G.columns { for r in 0..<G.rows { inverse[8 * c + r] = G[r, c] } }
    return (columns, inverse)
  }

  /// Room for the answers of a level of at most `size` scalars, for every thread.
  func scratch(_ team: ThreadTeam, size: Int) -> OwnedBuffer<Double> {
    OwnedBuffer(repeating: 0, count: team.count * size * (width + 2))
  }

  /// One level's answers, m × (p + 1) by columns.
  @inline(__always)
  func gather(
    _ m: Int, into s: UnsafeMutablePointer<Double>, _ answer: (_ block: Int, _ row: Int) -> Lanes
  ) {
    for b in 0..<(width + 7) / 8 {
      for i in 0..<m {
        let lanes = answer(b, i)
        for lane in 0..<min(8, width - 8 * b) { s[(8 * b + lane) * m + i] = lanes[lane] }
      }
    }
  }

  /// matrix ± s_X [K⁻¹]_XX s_Xᵀ, and residual + s_es_eᵀ for s_e = s_y − s_Xβ.
  @inline(__always)
  func add(
    _ m: Int, _ s: UnsafeMutablePointer<Double>, sign: Double,
    matrix: UnsafeMutablePointer<Double>, residual: UnsafeMutablePointer<Double>
  ) {
    let (e, product) = (s + width * m, s + (width + 1) * m)
    for i in 0..<m {
      e[i] = 0
      for x in 0..<width { e[i] += combination[x] * s[x * m + i] }
    }
    for c in 0..<m { for r in 0..<m { residual[c * m + r] += e[r] * e[c] } }
    guard let G = fixedInverse else { return }
    for x in 0..<G.columns {
      for i in 0..<m {
        product[i] = 0
        for z in 0..<G.rows { product[i] += s[z * m + i] * G.storage[x * G.rows + z] }
      }
      for c in 0..<m {
        for r in 0..<m { matrix[c * m + r] += sign * product[r] * s[x * m + c] }
      }
    }
  }
}
