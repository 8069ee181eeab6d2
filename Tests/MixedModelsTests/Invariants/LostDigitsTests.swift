// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Sums of products lose digits where columns nearly depend on each other, or weights differ widely:
/// results are right, or the fit says how many digits are left.
@Suite struct `Lost digits` {
  /// x, z and the group's and row's share of y in multiples of 1/1024, so that x + δz is exact for the δ
  /// below, which are powers of two.
  private static let rows: [(y: Double, x: Double, z: Double, g: Int)] = {
    var random = SplitMix64(seed: 4)
    func exact(_ value: Double) -> Double { (value * 1024).rounded() / 1024 }
    let effects = (0..<10).map { _ in random.normal() }
    return (0..<80).map { k in
      let (x, z) = (exact(random.normal()), exact(random.normal()))
      return (1 + x + 0.5 * z + effects[k % 10] + random.normal(), x, z, k % 10)
    }
  }()

  private static func source(
    _ name: String, rows: Range<Int> = 0..<80, weight: (Int) -> Double = { _ in 1 },
    _ z: (_ x: Double, _ z: Double) -> Double
  ) -> DataSource {
    var text = "y,x,z,g,w\n"
    for (k, row) in Self.rows.enumerated() where rows.contains(k) {
      text += "\(row.y),\(row.x),\(z(row.x, row.z)),g\(row.g),\(weight(k))\n"
    }
    return .bytes(Array(text.utf8), name: name)
  }

  private static let formula = "y ~ x + z + (1 | g)"

  /// z and x + δz span the same space: the slope is divided by δ, the REML criterion gains 2 log δ. What
  /// digits are lost is said.
  private func expectSame(_ base: Fit, _ near: Fit, δ: Double) {
    #expect(near.droppedColumns.isEmpty)
    #expect(near.convergence.messages.allSatisfy { $0.contains("survive rounding") })
    #expect(abs(near.criterion - base.criterion - 2 * log(δ)) < 1e-5)
    #expect(abs(near.sigma / base.sigma - 1) < 1e-7)
    let (a, b) = (base.fixedEffects[2], near.fixedEffects[2])
    guard let error = b.standardError, let estimate = b.estimate, let df = b.degreesOfFreedom else {
      return  // said above
    }
    #expect(abs(error * δ / a.standardError! - 1) < 1e-6)
    #expect(abs(estimate * δ - a.estimate!) < 1e-6 * a.standardError!)
    #expect(abs(df / a.degreesOfFreedom! - 1) < 1e-5)
  }

  @Test(arguments: [13.0, 17, 20, 21, 22])
  func `columns collinear but for 1e-7 of their spread are told apart`(power: Double) throws {
    let δ = exp2(-power)
    let base = try Fit(Formula(Self.formula), data: [Self.source("a.csv") { $1 }])
    let near = try Fit(Formula(Self.formula), data: [Self.source("b.csv") { $0 + δ * $1 }])
    expectSame(base, near, δ: δ)
  }

  @Test func `an error is said with one digit`() throws {
    let formula = "y ~ x + z + (1 | g) | w"
    for multiple in 5...20 {
      let δ = Double(multiple) * exp2(-24)
      let fit = try Fit(Formula(formula), data: [Self.source("b.csv", weight: { Double($0 % 4) }) { $0 + δ * $1 }])
      let errors = fit.convergence.messages.flatMap { message in
        message.components(separatedBy: "wrong by up to about ").dropFirst().map {
          $0.components(separatedBy: ". ")[0]
        }
      }
      #expect(!errors.isEmpty)
      for error in errors {
        #expect(Double(error).map { $0 > 0 } == true)
        #expect(error.count { "123456789".contains($0) } == 1 && !error.hasSuffix(".0"), "\(error)")
      }
    }
  }

  /// R's tolerance for aliased columns is 1e-7.
  @Test func `a column that is hardly more than another is dropped, and that is said`() throws {
    let δ = exp2(-23.0)
    let near = try Fit(Formula(Self.formula), data: [Self.source("b.csv") { $0 + δ * $1 }])
    #expect(near.droppedColumns == ["z"])
    #expect(near.convergence.messages.contains { $0.contains("rank deficient") })
  }

  @Test func `so they are in shards`() throws {
    let δ = exp2(-22.0)
    let base = try Fit(Formula(Self.formula), data: [Self.source("a.csv") { $1 }])
    func part(_ rows: Range<Int>) throws -> CrossProducts {
      try CrossProducts(
        Formula(Self.formula), data: [Self.source("b.csv", rows: rows) { $0 + δ * $1 }],
        options: FitOptions())
    }
    var whole = try part(0..<33)
    try whole.merge(part(33..<80))
    expectSame(base, try Fit(whole), δ: δ)
  }

  /// Rows of the usual weight count for nothing beside one of 1e13, and 1e6 is no matter.
  @Test(arguments: [(1e6, false), (1e14, true)])
  func `a weight that is huge beside the others is said`(weight: Double, isSaid: Bool) throws {
    var options = FitOptions()
    options.weights = "w"
    let fit = try Fit(
      Formula(Self.formula),
      data: [Self.source("a.csv", weight: { $0 == 41 ? weight : 1 }) { $1 }], options: options)
    #expect(fit.convergence.messages.contains { $0.contains("survive rounding") } == isSaid)
  }
}
