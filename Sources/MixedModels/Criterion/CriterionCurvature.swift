// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Glibc
import NumericalMethods

/// The criterion near its minimum: gradient, Hessian, and how r² and the fixed effects' covariance
/// change with φ.
package struct CriterionCurvature: Sendable {
  var gradient: [Double]
  /// Of the profiled criterion, symmetric.
  var hessian: DenseMatrix
  /// ∂r²/∂φ, and df / r² at φ.
  var residualSlope: [Double]
  let residualWeight: Double
  /// ∂[K⁻¹]_xx/∂φ_k, p × p each, in working coordinates.
  var covarianceSlopes: [DenseMatrix]
  /// nil where the criterion is exact.
  let probeSlopes: ProbeSlopes?
  /// The largest error of a combination of φ, or of a coefficient, over the choice of the probes, as a share
  /// of its own standard error; nil where the criterion is exact, or was read from a file.
  var monteCarloShare: Double?
  let roundingError: Double
  let units: [Double]

  /// Derivatives at two points of a line.
  struct Pair {
    let ahead: CriterionDerivatives
    let behind: CriterionDerivatives
    let distance: Double
  }

  /// What gives the derivatives of others along one coordinate.
  struct Column {
    let near: Pair
    /// At twice the distance, to extrapolate.
    var far: Pair?
    /// The coordinates of a vanishing column of λ, in whose sign the criterion is even: derivatives along
    /// it are odd there, and nothing else changes. `near` is then a point beside it and the centre.
    var oddEntries: Range<Int>?

    func slope(_ value: (CriterionDerivatives) -> [Double]) -> [Double] {
      if let oddEntries {
        let ahead = value(near.ahead)
        return ahead.indices.map { oddEntries.contains($0) ? ahead[$0] / near.distance : 0 }
      }
      func difference(_ pair: Pair) -> [Double] {
        zip(value(pair.ahead), value(pair.behind)).map { ($0 - $1) / pair.distance }
      }
      guard let far else { return difference(near) }
      return zip(difference(near), difference(far)).map { (4 * $0 - $1) / 3 }
    }

    /// Of [K⁻¹]_xx.
    var covarianceSlope: DenseMatrix {
      let p = near.ahead.fixedEffectsCovariance.rows
      if oddEntries != nil { return DenseMatrix(rows: p, columns: p) }
      return DenseMatrix(
        rows: p, columns: p, storage: slope { $0.fixedEffectsCovariance.storage })
    }
  }

  init(
    _ centre: CriterionDerivatives, _ columns: [Column], _ covariance: RelativeCovariance,
    units: [Double]
  ) {
    gradient = centre.gradient
    roundingError = centre.roundingError
    residualWeight = centre.residualWeight
    residualSlope = Self.residualSlope(centre, covariance)
    // Differences of the gradient with the weight w = df / r² held; what the weight's change adds, with
    // ∂w = −w² ∂r² / df, needs none. Differences of w would be those of r² = yᵀWy − …, which rounding
    // spoils where little is left of yᵀWy.
    let w = centre.residualWeight
    func heldGradient(_ derivatives: CriterionDerivatives) -> [Double] {
      // Where σ is known, or follows from φ, nothing is profiled.
      guard centre.df.isFinite else { return derivatives.gradient }
      return covariance.gradient(derivatives.slopes, at: derivatives.φ, residualWeight: w)
    }
    let n = columns.count
    var H = DenseMatrix(rows: n, columns: n)
    for (k, column) in columns.enumerated() {
      let slope = column.slope(heldGradient)
      for i in 0..<n {
        H[i, k] = slope[i] - w * w / centre.df * residualSlope[i] * residualSlope[k]
      }
    }
    hessian = 0.5 * (H + H.transposed)
    probeSlopes = ProbeSlopes(columns)
    covarianceSlopes = columns.map(\.covarianceSlope)
    self.units = units
    monteCarloShare = probeSlopes.map { $0.largestShare(hessian, units: units, centre) }
  }

  /// The same where some coordinates are held: they go nowhere, and nothing changes with them.
  ///
  /// - Parameters:
  ///   - coordinates: Those that are held.
  ///   - information: Of all coordinates; takes the place of the second derivatives of these, which are rounding.
  func holding(_ coordinates: [Int], information: [Double]) -> CriterionCurvature {
    var held = self
    for k in coordinates {
      for i in held.gradient.indices { (held.hessian[i, k], held.hessian[k, i]) = (0, 0) }
      (held.gradient[k], held.hessian[k, k], held.residualSlope[k]) = (0, information[k], 0)
      let p = held.covarianceSlopes[k].rows
      held.covarianceSlopes[k] = DenseMatrix(rows: p, columns: p)
    }
    return held
  }

  /// ∂r²/∂φ.
  static func residualSlope(
    _ derivatives: CriterionDerivatives, _ covariance: RelativeCovariance
  ) -> [Double] {
    covariance.gradient(derivatives.slopes.ofSquares, at: derivatives.φ, residualWeight: 1)
  }

  /// One unit of each coordinate: where the criterion has risen by ½, or the block's size if it
  /// hardly rises.
  private var scales: [Double] {
    let largest = hessian.diagonal.indices.reduce(0) {
      max($0, hessian[$1, $1] * units[$1] * units[$1])
    }
    return hessian.diagonal.indices.map { k in
      let own = max(hessian[k, k] * units[k] * units[k], 1e-10 * largest, 1e-300)
      return units[k] / own.squareRoot()
    }
  }

  private var scaledHessian: DenseMatrix {
    var H = hessian
    let scales = scales
    for j in 0..<H.columns { for i in 0..<H.rows { H[i, j] *= scales[i] * scales[j] } }
    return H
  }

  /// The largest |g_k| / √H_kk: times itself and by two, about how much the criterion could fall
  /// along one coordinate.
  var largestGradient: Double {
    zip(gradient, scales).reduce(0) { max($0, abs($1.0 * $1.1)) }
  }

  /// The smallest eigenvalue of the Hessian scaled to a unit diagonal.
  var leastEigenvalue: Double { symmetricEigenvalues(scaledHessian).first ?? 1 }

  /// Its eigenvector, in units of the blocks.
  var leastDirection: [Double] {
    let vector = symmetricEigenvectors(scaledHessian).vectors.column(0)
    let direction = zip(vector, scales).map { $0 * $1 }
    let length = zip(direction, units).reduce(0) { max($0, abs($1.0 / $1.1)) }
    return direction.map { $0 / max(length, 1e-300) }
  }

  /// −H⁺g and the decrease it promises, along what curves upwards beyond rounding.
  var newtonStep: (step: [Double], decrease: Double) {
    let scales = scales
    let (values, vectors) = symmetricEigenvectors(scaledHessian)
    let g = vectors.multipliedByTransposeOnLeft(zip(gradient, scales).map { $0 * $1 })
    let coordinates = zip(g, values).map { $1 > 1e-7 ? -$0 / $1 : 0 }
    let decrease = zip(g, coordinates).reduce(0) { $0 - 0.5 * $1.0 * $1.1 }
    return (zip(vectors * coordinates, scales).map { $0 * $1 }, decrease)
  }

  /// A decrease of the criterion that is no matter: parameters move by 0.003 of their standard
  /// errors.
  static let smallDecrease = 1e-5

  /// Why this is no minimum, in words; nothing if it is one.
  ///
  /// - Parameters:
  ///   - noise: Decreases that rounding can feign.
  ///   - isSaddle: Whether the criterion was seen to fall along `leastDirection`.
  func alarms(noise: Double, isSaddle: Bool) -> [String] {
    var alarms: [String] = []
    let decrease = newtonStep.decrease
    if decrease > max(Self.smallDecrease, noise) {
      alarms.append(
        "the gradient is not zero: the criterion could fall by about \(decrease); try \(Setting.start) or another \(Setting.optimizer)"
      )
    }
    if isSaddle {
      alarms.append(
        "the Hessian is not positive semidefinite (smallest eigenvalue \(leastEigenvalue)): this is no minimum; try \(Setting.start) or another \(Setting.optimizer)"
      )
    }
    return alarms
  }
}

extension CriterionCurvature {
  /// Errors over the choice of the probes that do not matter beside those of sampling.
  static let smallShare = 0.02

  /// How many times as many probes bring θ and β within `smallShare` of their standard errors; nil where there
  /// are enough, or none.
  var probeGrowth: Double? {
    guard let share = monteCarloShare, share > Self.smallShare else { return nil }
    let ratio = share / Self.smallShare
    return min(max(1.2 * ratio * ratio, 1.5), 64)
  }
}
