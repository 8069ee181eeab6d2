// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Lanczos' method for eight starting vectors at a time, each with its own Krylov space of E; the
/// bases are kept, for derivatives are made of them.
///
/// With T the tridiagonal matrix of a space, zᵀf(E)z ≈ ‖z‖² e₁ᵀf(T)e₁ (Gauss quadrature; Golub &
/// Meurant 2010): exact for polynomials of twice the number of steps.
final class PanelLanczos {
  let team: ThreadTeam
  /// Length of the vectors, and of A_joRᵀq.
  let size: Int
  private let leadingSize: Int
  /// Whether E is written out: then there are no images, and vectors are made orthogonal to the two before
  /// them only.
  ///
  /// The spectrum of such a core is spread out, so that steps are many, and to go back to all vectors
  /// would take most of the time. What orthogonality rounding costs only repeats Ritz values: neither the
  /// quadrature nor f(E)z suffers (Greenbaum 1989; Musco, Musco & Sidford 2018).
  private let isWritten: Bool
  /// Of which e₁ᵀf(T)e₁ is taken.
  private let f: SpectralFunction
  /// Steps that are taken at least: as many as before, so that values are a smooth function of θ.
  private var leastSteps = 2
  /// Orthonormal vectors, and for each of the first `steps` B Rᵀq and A_joRᵀq.
  private(set) var q: [Panel] = []
  private(set) var y: [Panel] = []
  private(set) var t: [Panel] = []
  private(set) var steps = 0
  /// ‖z‖² of the starting vectors.
  private(set) var squaredNorms = Lanes.zero
  private(set) var diagonal: [Lanes] = []
  private(set) var offDiagonal: [Lanes] = []
  /// e₁ᵀf(T)e₁ ‖z‖² of every lane.
  private(set) var values = Lanes.zero
  /// How much the last step changed, summed over the lanes.
  private(set) var lastChange = Double.infinity

  convenience init(_ system: CrossedSystem, _ team: ThreadTeam, isWritten: Bool = false) {
    self.init(
      size: system.coreSize, leadingSize: system.leadingPlaces.count * system.size, team,
      isWritten: isWritten)
  }

  init(size: Int, leadingSize: Int = 0, _ team: ThreadTeam, isWritten: Bool) {
    (self.size, self.leadingSize) = (size, leadingSize)
    (self.team, self.isWritten) = (team, isWritten)
    f = isWritten ? .logarithmBeyondSquare : .logarithm
  }

  private var algebra: PanelAlgebra { PanelAlgebra(team: team, count: size) }

  /// The panel to put starting vectors in.
  var start: Panel {
    room(for: 0)
    return q[0]
  }

  private func room(for step: Int) {
    while q.count <= step + 1 { q.append(Panel(count: size)) }
    while !isWritten, y.count <= step {
      y.append(Panel(count: size))
      t.append(Panel(count: leadingSize))
    }
  }

  /// Runs until a step changes the sum of the values by less than `tolerance`, or all spaces are
  /// exhausted.
  ///
  /// - Parameter firstImage: told (I + E) q₀ before it is used up.
  /// - Throws: `CholmodError.notPositiveDefinite`; `FitError.slowSpectrum` after `limit` steps.
  func run(
    _ core: CoreOperator, tolerance: Double, limit: Int,
    firstImage: (Panel) -> Void = { _ in }
  ) throws {
    try run(tolerance: tolerance, limit: limit, firstImage: firstImage) { k, next in
      if let entries = core.entries, isWritten {
        entries.apply(q[k], result: next)
      } else {
        core.apply(q[k], y: y[k], t: t[k], result: next)
      }
    }
  }

  /// The same for an operator that writes (I + E) q_k of step k.
  func run(
    tolerance: Double, limit: Int, firstImage: (Panel) -> Void = { _ in },
    apply: (_ k: Int, _ result: Panel) -> Void
  ) throws {
    let algebra = algebra
    squaredNorms = algebra.dot(q[0], q[0])
    algebra.multiply(q[0], by: reciprocals(squaredNorms.squareRoot(), least: 1e-10))
    (steps, diagonal, offDiagonal, values) = (0, [], [], .zero)
    while true {
      let k = steps
      room(for: k)
      let next = q[k + 1]
      apply(k, next)
      if k == 0 { firstImage(next) }
      let β = orthogonalize(next, algebra)
      steps += 1
      if β.max() < 1e-12 {
        values = try quadrature()
        return
      }
      if try isSettled(tolerance) { return }
      guard steps < limit else { throw FitError.slowSpectrum(steps: steps) }
      offDiagonal.append(β)
      algebra.multiply(next, by: reciprocals(β, least: 1e-12))
    }
  }

  /// Whether the last step changed little. Where E is written out nothing is looked at before as many
  /// steps are taken as the last time, and it is only settled a few steps later.
  private func isSettled(_ tolerance: Double) throws -> Bool {
    guard !isWritten || steps >= leastSteps - 1 else { return false }
    let before = values
    values = try quadrature()
    lastChange = absolute(values - before).sum()
    guard steps >= leastSteps, lastChange <= tolerance else { return false }
    if isWritten, steps > leastSteps { leastSteps = steps + Self.spareSteps }
    return steps >= leastSteps
  }

  /// Steps beyond those that were enough, so that they are at other θ near by as well.
  private static let spareSteps = 2

  /// Takes from (I + E) q_k what lies in the space so far; returns the length of the rest.
  private func orthogonalize(_ next: Panel, _ algebra: PanelAlgebra) -> Lanes {
    guard !isWritten else { return orthogonalizeToLast(next, algebra) }
    let basis = Array(q[0...steps])
    let own = algebra.dots(basis, next)
    // q_k has length 1, or 0 where the space is exhausted.
    let length = algebra.dot(basis[steps], basis[steps])
    diagonal.append(own[steps] - length)
    algebra.add(own.map { -$0 }, basis, to: next)
    algebra.add(algebra.dots(basis, next).map { -$0 }, basis, to: next)
    return algebra.dot(next, next).squareRoot()
  }

  private func orthogonalizeToLast(_ next: Panel, _ algebra: PanelAlgebra) -> Lanes {
    let own = algebra.dots([q[steps], next], q[steps])
    diagonal.append(own[1] - own[0])
    guard steps > 0 else {
      algebra.add([-own[1]], [q[0]], to: next)
      return algebra.dot(next, next).squareRoot()
    }
    algebra.add([-own[1], -offDiagonal[steps - 1]], [q[steps], q[steps - 1]], to: next)
    return algebra.dot(next, next).squareRoot()
  }

  private func quadrature() throws -> Lanes {
    var result = Lanes.zero
    for lane in 0..<8 where squaredNorms[lane] > 1e-20 {
      result[lane] = squaredNorms[lane] * (try function(lane)).first(f)
    }
    return result
  }

  func function(_ lane: Int) throws -> TridiagonalFunction {
    try TridiagonalFunction(
      diagonal: diagonal.map { $0[lane] }, offDiagonal: offDiagonal.map { $0[lane] })
  }

  /// Of the spectrum of I + E as the first lane's space shows it.
  var condition: Double {
    get throws {
      let range = try function(0).range
      return (1 + range.upperBound) / (1 + range.lowerBound)
    }
  }

  private func reciprocals(_ x: Lanes, least: Double) -> Lanes {
    var result = Lanes.zero
    for lane in 0..<8 where x[lane] > least { result[lane] = 1 / x[lane] }
    return result
  }
}

extension PanelLanczos {
  /// f(E)z of every lane, or with `t` A_joRᵀf(E)z.
  func image(
    _ f: SpectralFunction, of basis: KeyPath<PanelLanczos, [Panel]> = \.q, into target: Panel
  ) throws {
    var scales = [Lanes](repeating: .zero, count: steps)
    for lane in 0..<8 where squaredNorms[lane] > 1e-20 {
      let column = try function(lane).firstColumn(f)
      for i in 0..<steps { scales[i][lane] = squaredNorms[lane].squareRoot() * column[i] }
    }
    target.start.update(repeating: .zero, count: target.count)
    PanelAlgebra(team: team, count: target.count)
      .add(scales, Array(self[keyPath: basis][0..<steps]), to: target)
  }
}

func absolute(_ x: Lanes) -> Lanes { x.replacing(with: -x, where: x .< 0) }
