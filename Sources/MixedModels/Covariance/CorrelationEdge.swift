// SPDX-License-Identifier: GPL-2.0-or-later

/// An edge of the parameter space where correlations between levels, or of residuals in time, are ±1.
///
/// No model is there: levels along an axis do not differ, and Q has no digits. A search that is drawn to it ends
/// somewhere on the way, where the criterion changes by less and less; where, is a matter of rounding.
struct CorrelationEdge {
  /// Points at which a tenth is left of 1 beside the correlation: with all else as it is, and with differences
  /// between neighbours as they are, which makes a random walk in the end.
  private let nearer: [[Double]]
  /// Next to the edge.
  let limit: [Double]

  /// A criterion that rises by less on the way there has no minimum that data could tell from the edge.
  private static let indifference = 1e-3

  /// Whether the edge is as likely as the point near to it.
  ///
  /// - Parameters:
  ///   - value: Of the criterion at that point.
  ///   - criterion: Infinite where it cannot be computed.
  func draws(from value: Double, _ criterion: ([Double]) throws -> Double) rethrows -> Bool {
    try nearer.contains { try criterion($0) <= value + Self.indifference }
  }

  /// Of coordinates z, with ρ = z/√(1 + z²), where 1 − |ρ| is below a thousandth.
  fileprivate static let near = 22.0
  /// 1 − |ρ| is 1/2z².
  fileprivate static let tenth = 10.0.squareRoot()
  fileprivate static let last = 1e7

  fileprivate init(_ φ: [Double], _ k: Int, deviation: Int?) {
    var (next, limit) = (φ, φ)
    next[k] *= Self.tenth
    limit[k] = φ[k] < 0 ? -Self.last : Self.last
    var walk = next
    if let deviation { walk[deviation] *= Self.tenth }
    (nearer, self.limit) = (deviation == nil ? [next] : [next, walk], limit)
  }
}

extension RelativeCovariance {
  /// The edges that φ is near to.
  func correlationEdges(_ φ: [Double]) -> [CorrelationEdge] {
    var edges: [CorrelationEdge] = []
    for (block, range) in zip(blocks, blockRanges) {
      guard let structure = block.structure, structure.hasLevelParameters else { continue }
      let parameters = Array(zip(range, structure.parameters))
      let deviation = parameters.first { $0.1 == .commonDeviation }?.0
      for (k, parameter) in parameters where parameter.isNearOne(φ[k]) {
        edges.append(CorrelationEdge(φ, k, deviation: deviation))
      }
    }
    if let (serial, coordinates) = serial(φ), let z = coordinates.first, serial.parameter.isNearOne(z) {
      edges.append(CorrelationEdge(φ, φ.count - 1, deviation: nil))
    }
    return edges
  }
}

extension StructureParameter {
  /// Whether a correlation, at a usual distance in time, is next to ±1.
  fileprivate func isNearOne(_ φ: Double) -> Bool {
    switch self {
    case .correlation(let above): φ > CorrelationEdge.near || (above == -1 && φ < -CorrelationEdge.near)
    case .autocorrelation: abs(φ) > CorrelationEdge.near
    case .rate, .range: φ > CorrelationEdge.near
    case .ofLevels(let own, _): own.isNearOne(φ)
    case .commonDeviation, .deviation, .pairCorrelation, .loading, .specificDeviation: false
    }
  }
}
