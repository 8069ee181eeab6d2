// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Where the response's zero lies is of no consequence, as far as the doubles that it came in hold its digits.
@Suite struct FarResponseTests {
  /// y takes its digits from multiples of 2⁻¹⁰, which `shift`, a whole number, leaves as they are.
  private static func table(_ shift: Double) throws -> ColumnTable {
    var random = SplitMix64(seed: 31)
    var (y, x, z, f, g): ([Double], [Double], [Double], [String], [String]) = ([], [], [], [], [])
    for row in 0..<90 {
      x.append(random.normal())
      z.append(2 + random.normal())
      f.append("f\(row % 3)")
      g.append("g\(row % 10)")
      let value = 0.4 * x.last! + 0.2 * z.last! * z.last! + Double(row % 10) / 5 + random.normal()
      y.append((value * 1024).rounded() / 1024 + shift)
    }
    return try ColumnTable([
      "y": .numbers(y), "x": .numbers(x), "z": .numbers(z), "f": .labels(f), "g": .labels(g),
    ])
  }

  @Test(
    arguments: [
      "y ~ x + I(z^2) + (1 | g)", "y ~ I(z^2)", "y ~ I(z^3) + I(z^2) + x + (1 | g)", "y ~ f * I(z^2) + (1 | g)",
      "y ~ 0 + f + x + (1 | g)", "y ~ 0 + f + x", "y ~ 0 + f:g + I(z^2)", "y ~ 0 + x + f + (x | g)",
      "y ~ 0 + f * I(x^2)", "y ~ I(log(z + 9)^2) + f + (1 | g)",
    ], [1e6, 1e9])
  func `fits are those of the response without its level`(formula: String, shift: Double) throws {
    let formula = try Formula(formula)
    let (near, far) = (
      try Fit(formula, data: [Self.table(0)]), try Fit(formula, data: [Self.table(shift)])
    )
    #expect(abs(near.criterion - far.criterion) < 1e-6)
    #expect(abs(near.sigma / far.sigma - 1) < 1e-7)
    #expect(near.fixedEffects.map(\.name) == far.fixedEffects.map(\.name))
    for (a, b) in zip(near.fixedEffects, far.fixedEffects) {
      guard let (one, other, error) = a.estimate.flatMap({ one in
        b.estimate.flatMap { other in a.standardError.map { (one, other, $0) } }
      }) else { continue }
      let isLevel = a.name == "(Intercept)" || formula.text.contains("0 + ") && a.name.hasPrefix("f")
        && !a.name.contains("I(")
      #expect(abs(other - one - (isLevel ? shift : 0)) < 1e-5 * error + 4 * shift.ulp, "\(a.name)")
      #expect(abs(b.standardError! / error - 1) < 1e-7)
    }
  }
}
