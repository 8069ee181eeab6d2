// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// What a singular fit says of its random part.
@Suite struct `Terms of singular fits` {
  private func fit(_ formula: String) throws -> Fit {
    try Fit(Formula(formula), data: [UnbalancedTable.source()])
  }

  private func simpler(_ fit: Fit) -> String? {
    fit.convergence.messages.compactMap {
      $0.firstMatch(of: /and “(.*)” has the same criterion/).map { String($0.output.1) }
    }.first
  }

  @Test(arguments: [
    ("y ~ a + x + (x || h)", "the variances of (x || h) are zero, and the model without random", nil),
    (
      "y ~ a + x + (1 | g) + (x || h)", "the variances of (x || h) are zero",
      "y ~ a + x + (1 | g)"
    ),
    (
      "y ~ a*b*x + (1 | g) + (z + x || h)", "the variances of z, x in (z + x || h) are zero",
      "y ~ a*b*x + (1 | g) + (1 | h)"
    ),
    (
      "y ~ a*b*x + (a + z || g)", "the variances of aq, ar in (a + z || g) are zero",
      "y ~ a*b*x + (z || g)"
    ),
    ("y ~ a + x + (x | h)", "(x | h) has rank 1 of 2: one combination", nil),
    ("y ~ a*b*x + (z + x | g)", "(z + x | g) has rank 2 of 3", nil),
  ] as [(String, String, String?)])
  func `a variance of zero is named, with the model without it`(
    formula: String, named: String, simpler: String?
  ) throws {
    let fit = try fit(formula)
    #expect(fit.convergence.isSingular)
    #expect(
      fit.convergence.messages.contains { $0.contains(named) }, "\(fit.convergence.messages)")
    #expect(self.simpler(fit) == simpler)
    guard let simpler else { return }
    let other = try self.fit(simpler)
    #expect(abs(other.criterion - fit.criterion) < 1e-6)
    #expect(other.parameterCount < fit.parameterCount)
  }

  @Test(arguments: ["y ~ a + x + (x | h)", "y ~ a*b*x + (z + x | g)"])
  func `a covariance matrix of lower rank is named as a reduced-rank term`(formula: String) throws {
    let fit = try fit(formula)
    let found = fit.convergence.messages.compactMap {
      $0.firstMatch(of: /of (\(.*\)) has rank .*; (rr\(.*\)) in its place has the same criterion/)
    }.first
    let (_, term, reduced) = try #require(found).output
    let other = try self.fit(formula.replacing(term, with: reduced))
    #expect(abs(other.criterion - fit.criterion) < 1e-6)
    #expect(!other.convergence.isSingular && other.parameterCount < fit.parameterCount)
  }

  @Test func `fits that are not singular say nothing`() throws {
    let fit = try fit("y ~ a + x + (1 | g)")
    #expect(!fit.convergence.isSingular && !fit.convergence.messages.contains { $0.contains("zero") })
  }
}
