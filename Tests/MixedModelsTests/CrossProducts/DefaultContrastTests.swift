// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// One coding for all factors.
@Suite struct `Contrasts of all factors` {
  private let formula = try! Formula("y ~ a * b + x + (1 + b | g)")

  private func options(_ change: (inout FitOptions) -> Void) -> FitOptions {
    var options = FitOptions()
    options.degreesOfFreedom = .none
    change(&options)
    return options
  }

  private func coefficients(_ fit: Fit) -> [String] {
    fit.fixedEffects.map { "\($0.name) \((($0.estimate ?? .nan) * 1e6).rounded())" }
  }

  @Test func `are as if every factor were named, but for those that are`() throws {
    let table = UnbalancedTable.source()
    let named = try Fit(
      formula, data: [table], options: options { $0.contrasts = ["a": .sum, "b": .helmert] })
    let all = try Fit(
      formula, data: [table],
      options: options { ($0.defaultContrast, $0.contrasts) = (.sum, ["b": .helmert]) })
    #expect(coefficients(named) == coefficients(all))
    #expect(named.theta.names == all.theta.names)
    #expect(named.fixedEffects.map(\.name).contains("a1"))
  }

  /// The grouping factor has none, and cross-products of other contrasts take the new ones.
  @Test func `reach saved cross-products, too`() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("u.lmm")
    try CrossProducts(formula, data: [UnbalancedTable.source()]).write(to: file)
    let wanted = try Fit(
      formula, data: [UnbalancedTable.source()],
      options: options { $0.defaultContrast = .successiveDifferences })
    let fit = try Fit(
      formula, from: ModelInput(arguments: [file]),
      options: options { $0.defaultContrast = .successiveDifferences })
    #expect(coefficients(wanted) == coefficients(fit))
    #expect(fit.fixedEffects.map(\.name).contains("aq-p"))
    let saved = folder.file("fit.lmm")
    _ = try Fit(
      formula, data: [UnbalancedTable.source()],
      options: options { $0.defaultContrast = .deviation }, savingTo: saved)
    let again = try Fit(contentsOf: saved, options: options { _ in })
    let deviation = try Fit(
      formula, data: [UnbalancedTable.source()], options: options { $0.defaultContrast = .deviation })
    #expect(coefficients(again) == coefficients(deviation))
  }
}
