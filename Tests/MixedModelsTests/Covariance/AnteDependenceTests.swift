// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import TestSupport
import Testing

/// `ad(0 + f | g)`; gradients, strategies and nesting are tested with the other families.
@Suite struct `Ante-dependence` {
  /// Half as many times as days in sleepstudy, two rows of each.
  private func halves(_ term: String) throws -> Fit {
    let lines = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n")
    let rows = lines.dropFirst().map { line in
      "\(line),h\(Int(Double(line.split(separator: ",")[1])!) / 2)"
    }
    let text = (["\(lines[0]),half"] + rows).joined(separator: "\n") + "\n"
    return try Fit(
      Formula("Reaction ~ Days + \(term)"), data: [.bytes(Array(text.utf8), name: "halves.csv")])
  }

  /// REML by optim of the criterion written out with V in R 4.2.2, the same from six starts.
  @Test func `is the criterion written out`() throws {
    let fit = try halves("ad(0 + half | Subject)")
    #expect(abs(fit.criterion - 1730.40220983) < 1e-6)
    #expect(abs(fit.sigma / 21.6163498278 - 1) < 1e-4)
    let component = fit.varianceComponents[0]
    let deviations = [26.4470456741, 29.9582713143, 42.5603664648, 49.3882545036, 59.3512779640]
    for (x, y) in zip(component.standardDeviations, deviations) { #expect(abs(x / y - 1) < 1e-3) }
    let neighbours = [0.8208128198, 0.8580795905, 0.9337573502, 0.8339786163]
    for i in 1..<5 {
      for j in 0..<i {
        let product = neighbours[j..<i].reduce(1, *)
        #expect(abs(try #require(component.correlations[i][j]) - product) < 1e-3, "\(i), \(j)")
      }
    }
    #expect(fit.parameterCount == 2 + 5 + 4 + 1)
    #expect(fit.convergence.converged)
  }

  /// One deviation and one correlation for all: a model of first order.
  @Test func `lies between one correlation and a neighbour's own`() throws {
    let (own, one) = (
      try halves("ad(0 + half | Subject, hom = TRUE)"), try halves("ar1(0 + half | Subject)")
    )
    let both = try halves("ad(0 + half | Subject)")
    #expect(both.criterion < own.criterion && own.criterion < one.criterion)
    #expect(own.parameterCount == one.parameterCount + 3)
  }
}
