// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LinearMixedModel {
  /// Looks whether the data determine the parameters of a model with structures, or whose residuals have
  /// several variances or a known one.
  ///
  /// V moves with the elements of the terms' covariance matrices as in `ParameterSpace`, and these move
  /// with φ: a direction of φ that does not move V at a point taken at random is one at almost all points.
  /// Of unstructured terms effects could be held at zero, as in `determination(by:)`; parameters of a
  /// structure stand for several effects, so that no simpler model has the same family of V.
  ///
  /// - Throws: `FitError.termsNotDetermined`.
  func requireDeterminedStructures(_ kind: CriterionKind) throws(FitError) {
    guard hasIndependentLevels, !groups.isEmpty, covariance.knownDeviation == nil else { return }
    let full = releasingColumns()
    guard !full.isClearlyDetermined else { return }
    let rough = ParameterSpace(full, kind)
    guard rough.moments.contrasts.isFinite,
      !undetermined(rough, draw: 0, tolerance: ParameterSpace.doubt).isEmpty
    else { return }
    let space = ParameterSpace(refined: full, kind) ?? rough
    let found = undetermined(space, draw: 0).intersection(undetermined(space, draw: 1))
    guard !found.isEmpty else { return }
    throw .termsNotDetermined(found.sorted().map { terms[$0].text })
  }

  /// Terms with parameters in a direction that does not move V.
  private func undetermined(
    _ space: ParameterSpace, draw: Int, tolerance: Double? = nil
  ) -> Set<Int> {
    let φ = pointAtRandom(draw)
    var velocities = φ.indices.map { velocity(space, φ, $0) }
    // Strata are further parameters, of which nothing is said here.
    if estimatesSigma, covariance.residual == nil { velocities.append(space.residual) }
    let directions = DenseMatrix(columns: velocities, rows: space.places.count + 1)
    let null = space.nullCombinations(of: directions, tolerance: tolerance)
    let sizes = space.scales(directions)
    var found: Set<Int> = []
    for v in 0..<null.columns {
      let own = φ.indices.map { abs(null[$0, v]) / (sizes[$0] > 0 ? sizes[$0] : 1) }
      let largest = own.max() ?? 0
      for (t, range) in covariance.blockRanges.enumerated()
      where range.contains(where: { own[$0] > 1e-4 * largest }) {
        found.insert(t)
      }
    }
    return found
  }

  /// Coordinates of the terms alone, none of them at an edge.
  private func pointAtRandom(_ draw: Int) -> [Double] {
    var random = RandomStream(seed: 1, purpose: 0x4445_5445_524d, block: UInt64(draw))
    return zip(covariance.blocks, covariance.blockRanges).flatMap { block, range -> [Double] in
      var deviates = [Double](repeating: 0, count: range.count)
      random.fillNormal(&deviates)
      if let structure = block.structure {
        return zip(structure.parameters, deviates).map { parameter, deviate in
          parameter.start(parameter.isDeviation ? deviate : 0.5 * deviate, size: 1)
        }
      }
      return deviates
    }
  }

  /// The elements of the covariance matrices in working columns, as they move with one coordinate.
  private func velocity(_ space: ParameterSpace, _ φ: [Double], _ k: Int) -> [Double] {
    let t = covariance.blockRanges.firstIndex { $0.contains(k) }!
    let (block, range) = (covariance.blocks[t], covariance.blockRanges[t])
    func Σ(_ step: Double) -> DenseMatrix {
      var moved = Array(φ[range])
      moved[k - range.lowerBound] += step
      var next = 0
      let λ = block.working(moved, &next)
      return λ * λ.transposed
    }
    let step = 1e-5 * max(1, abs(φ[k]))
    let slope = (0.5 / step) * (Σ(step) - Σ(-step))
    return space.vector(slope, block: t)
  }
}

extension ReportedTerm {
  /// As a formula would have it, with the columns' names.
  var text: String {
    let effects = columns.map { $0 == "(Intercept)" ? "1" : $0 }
    return "\(structure ?? "")(\(effects.joined(separator: " + ")) | \(groupName))"
  }
}
