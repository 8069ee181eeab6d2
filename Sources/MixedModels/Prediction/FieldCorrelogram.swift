// SPDX-License-Identifier: GPL-2.0-or-later

/// How conditional modes of a field's plots go together along each axis, by the distance between them, and
/// how the model's effects do.
///
/// Modes are shrunk towards smooth surfaces, so that they are correlated more than the effects are.
package struct FieldCorrelogram: Sendable {
  package struct Axis: Sendable {
    package let name: String
    /// By ascending distances; `model` is ρ^d or exp(−κd).
    package let points: [(lag: Double, pairs: Int, correlation: Double, model: Double)]
  }
  package let group: String
  package let axes: [Axis]

  /// Distances along an axis, at most.
  private static let mostLags = 60

  /// - Parameter modes: Of the term's levels.
  /// - Returns: nil for a term whose levels have no axes.
  package init?(_ model: LinearMixedModel, φ: [Double], term: Int, modes: [Double]) {
    let (block, range) = (model.covariance.blocks[term], model.covariance.blockRanges[term])
    guard let levels = model.levelAxes(ofTerm: term), let parameters = block.structure?.parameters
    else { return nil }
    let square = modes.reduce(0) { $0 + $1 * $1 } / Double(max(modes.count, 1))
    guard square > 0 else { return nil }
    let values = zip(block.levelCorrelations, levels.axes).map { k, _ in
      parameters[k].value(φ[range.lowerBound + k])
    }
    guard values.count == levels.axes.count else { return nil }
    group = model.terms[term].groupName
    axes = levels.axes.indices.map { a in
      // Levels that differ along this axis alone stand in one line.
      var lines: [[Double]: [(position: Double, mode: Double)]] = [:]
      for level in modes.indices {
        let others = levels.axes.indices.filter { $0 != a }.map { levels.positions[$0][level] }
        lines[[Double(levels.pieces[level])] + others, default: []].append(
          (levels.positions[a][level], modes[level]))
      }
      return Axis(
        name: levels.axes[a].name,
        points: Self.sums(of: lines.values.map { $0.sorted { $0.position < $1.position } }).map {
          ($0.lag, $0.pairs, $0.product / Double($0.pairs) / square, levels.axes[a].correlation(values[a], over: $0.lag))
        })
    }
  }

  private static func sums(
    of lines: [[(position: Double, mode: Double)]]
  ) -> [(lag: Double, pairs: Int, product: Double)] {
    var sums: [Double: (pairs: Int, product: Double)] = [:]
    for line in lines {
      for (k, one) in line.enumerated() {
        for other in line[(k + 1)...].prefix(mostLags) {
          let old = sums[other.position - one.position] ?? (0, 0)
          sums[other.position - one.position] = (old.pairs + 1, old.product + one.mode * other.mode)
        }
      }
    }
    return sums.sorted { $0.key < $1.key }.prefix(mostLags).map { ($0.key, $0.value.pairs, $0.value.product) }
  }
}
