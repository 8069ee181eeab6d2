// SPDX-License-Identifier: GPL-2.0-or-later
private import CPanelKernels
import NumericalMethods

/// The sums of `MatrixFreeEquations.leadingSums` where leading levels have one scalar each, and X and y no
/// more columns than a panel has lanes: a workers' intercept, by the million. Some hundred levels at a time, so
/// that what one step leaves for the next stays in the cache.
struct ScalarLevelSlopes {
  let core: CoreOperator
  let answer: CoreSolver.Answer
  let form: SlopeForm
  let T: [Double]
  private let width: Int
  /// [−β; 1] and [K⁻¹] for X with zeros up to eight; no [K⁻¹] for ML.
  private let combination: [Double]
  private let inverse: [Double]?

  private static let chunk = 128

  /// nil where there are more columns, or scalars.
  init?(
    _ core: CoreOperator, _ tail: TailSystem, _ answers: TailAnswers, _ form: SlopeForm
  ) {
    guard core.system.size == 1, let padded = answers.padded else { return nil }
    (self.core, self.form, answer) = (core, form, tail.answers[0])
    T = core.factors[core.system.leading]
    width = core.system.model.tail.columns
    (combination, inverse) = padded
  }

  /// Adds to the sums of [ZᵀPZ]_jj and of s_j² over some levels.
  ///
  /// - Parameter products: Σ_ij D_ij t_it_jᵀ + Σ_c A_jcW_cA_cj of each level.
  func add(
    _ levels: Range<Int>, _ products: UnsafePointer<Double>, to sums: UnsafeMutablePointer<Double>
  ) {
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: Self.chunk) { images in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.chunk + 4) { scratch in
        for first in stride(from: levels.lowerBound, to: levels.upperBound, by: Self.chunk) {
          let chunk = first..<min(first + Self.chunk, levels.upperBound)
          add(chunk, products, images.baseAddress!, scratch.baseAddress!, to: sums)
        }
      }
    }
  }

  @inline(__always)
  private func add(
    _ levels: Range<Int>, _ products: UnsafePointer<Double>, _ room: UnsafeMutablePointer<Lanes>,
    _ scratch: UnsafeMutablePointer<Double>, to sums: UnsafeMutablePointer<Double>
  ) {
    let (system, first) = (core.system, levels.lowerBound)
    let (F, N) = (scratch + 3, scratch + 4)
    let sign = form == .inverse ? 1.0 : -1
    T.withUnsafeBufferPointer { T in
      for j in levels {
        let own = N + (j - first)
        respond(1, form, system.leadingZZ.start + j, T.baseAddress!, scratch, N: own, F: F)
        sums[0] += F[0] + sign * own[0] * products[j] * own[0]
      }
    }
    lmm_panel_add_squares(
      levels.count, numbers(images(levels, room)), N, system.leadingZX.start + first * width,
      width, combination, inverse, sign, sums)
  }

  /// A_joRᵀw of the levels.
  @inline(__always)
  private func images(
    _ levels: Range<Int>, _ room: UnsafeMutablePointer<Lanes>
  ) -> UnsafePointer<Lanes> {
    guard core.entries != nil else { return UnsafePointer(answer.t.start + levels.lowerBound) }
    let system = core.system
    for k in 0..<levels.count { room[k] = .zero }
    for (member, crossed) in system.crossed.enumerated() {
      crossed?.rows(of: system.leading).addProducts(
        levels, answer.scaled.start + system.core[member].first, to: room - levels.lowerBound)
    }
    return UnsafePointer(room)
  }
}
