// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

/// Levels one after another, each correlated with its neighbours, in one or several separate pieces: w between
/// neighbours at a distance d is ρ^d or exp(−κd), and their inverse correlation matrix is tridiagonal,
///
///     d_i = 1 + w²_(i−1)/(1 − w²_(i−1)) + w²_i/(1 − w²_i),   e_i = −w_i/(1 − w²_i),   log |Q| = −Σ log(1 − w²_i).
struct LevelAxis: Sendable {
  /// Of the factor.
  let name: String
  /// ρ of neighbours or the rate κ.
  let parameter: StructureParameter
  /// Distances between neighbours, piece by piece; a piece has one level more.
  let pieces: [[Double]]

  /// Something of every level and of every pair of neighbours, all pieces in turn.
  struct Table {
    var levels: [Double]
    var neighbours: [Double]

    /// By a place: of a level, or ~place of a pair of neighbours.
    subscript(place: Int32) -> Double {
      place >= 0 ? levels[Int(place)] : neighbours[Int(~place)]
    }
  }

  /// First level and first pair of every piece.
  var starts: [(level: Int, pair: Int)] {
    var (level, pair) = (0, 0)
    return pieces.map { steps in
      defer { (level, pair) = (level + steps.count + 1, pair + steps.count) }
      return (level, pair)
    }
  }

  /// w between neighbours, and its derivative in the parameter.
  private func correlation(_ value: Double, _ distance: Double) -> (w: Double, slope: Double) {
    guard case .rate = parameter else { return (value, 1) }
    let w = exp(-value * distance)
    return (w, -distance * w)
  }

  /// Of levels at some distance, in the units of positions.
  func correlation(_ value: Double, over distance: Double) -> Double {
    guard case .rate = parameter else { return pow(value, distance) }
    return exp(-value * distance)
  }

  /// The entries of Q.
  func entries(_ value: Double) -> Table {
    table(value, ofLevel: 1) { w, _ in
      let rest = 1 - w * w
      return (w * w / rest, -w / rest)
    }
  }

  /// Their derivatives in the parameter.
  func slopes(_ value: Double) -> Table {
    table(value, ofLevel: 0) { w, slope in
      let square = (1 - w * w) * (1 - w * w)
      return (2 * w * slope / square, -(1 + w * w) * slope / square)
    }
  }

  private func table(
    _ value: Double, ofLevel: Double, _ entries: (Double, Double) -> (own: Double, pair: Double)
  ) -> Table {
    var table = Table(levels: [], neighbours: [])
    for steps in pieces {
      table.levels.append(ofLevel)
      for distance in steps {
        let (w, slope) = correlation(value, distance)
        let (own, pair) = entries(w, slope)
        table.levels[table.levels.count - 1] += own
        table.levels.append(ofLevel + own)
        table.neighbours.append(pair)
      }
    }
    return table
  }

  /// log |Q| of every piece, and its derivative in the parameter.
  func logDeterminants(_ value: Double) -> [(value: Double, slope: Double)] {
    pieces.map { steps in
      steps.reduce(into: (0.0, 0.0)) { sum, distance in
        let (w, slope) = correlation(value, distance)
        sum.0 -= log1p(-w * w)
        sum.1 += 2 * w * slope / (1 - w * w)
      }
    }
  }

  /// tr(Q⁻¹Q̇Q⁻¹Q̇) of every piece.
  func information(_ value: Double) -> [Double] {
    pieces.map { steps in
      steps.reduce(0) { sum, distance in
        let (w, slope) = correlation(value, distance)
        let rest = 1 - w * w
        return sum + 2 * (1 + w * w) * slope * slope / (rest * rest)
      }
    }
  }

  /// The correlation of neighbours that are nearest to ±1.
  func largestCorrelation(_ value: Double) -> Double {
    pieces.joined().reduce(0) { max($0, abs(correlation(value, $1).w)) }
  }
}
