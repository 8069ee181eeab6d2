// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Parameters of structures, and of terms beside them, that the data do not determine.
///
/// Once such fits climbed along what rounding had left of the criterion: the standard error of an arm
/// was 438 for 0.84, without a word.
@Suite struct `Structures that the data do not determine` {
  private func fit(
    _ formula: String, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> Fit {
    var options = FitOptions()
    options.reading.categoricalColumns = ["Worker"]
    change(&options)
    return try Fit(
      Formula(formula), data: [.file(Files.data("machines.csv"))], options: options)
  }

  private func refused(
    _ terms: [String], _ formula: String, _ change: (inout FitOptions) -> Void = { _ in }
  ) {
    #expect(throws: FitError.termsNotDetermined(terms)) { try fit(formula, change) }
  }

  /// 3 machines, 6 workers, 3 rows in every cell.
  @Test func `a term inside the fixed part`() {
    refused(
      ["(1 | Machine)"], "score ~ Machine + cs(0 + Machine | Worker) + (1 | Machine)")
    refused(
      ["ar1(MachineA + MachineB + MachineC | Worker)"],
      "score ~ Machine * Worker + ar1(0 + Machine | Worker)")
  }

  /// Beside the workers' means only sd²(1 − ρ) is left.
  @Test func `two parameters of which one combination is left`() {
    refused(
      ["homcs(MachineA + MachineB + MachineC | Worker)"],
      "score ~ Machine + Worker + homcs(0 + Machine | Worker)")
  }

  /// homcs has the variance of the workers already.
  @Test func `two terms of which only the sum is left`() {
    refused(
      ["homcs(MachineA + MachineB + MachineC | Worker)", "(1 | Worker)"],
      "score ~ Machine + homcs(0 + Machine | Worker) + (1 | Worker)")
  }

  @Test func `variances by stratum and a known one`() {
    let formula = "score ~ Machine + (1 | Worker) + (1 | Machine)"
    refused(["(1 | Machine)"], formula) { $0.residualBy = "Machine" }
    refused(["(1 | Machine)"], formula) { $0.knownSigma = 1 }
  }

  /// The likelihood has an opinion on variances inside the fixed part: zero.
  @Test func `what is determined is fitted`() throws {
    #expect(throws: Never.self) {
      _ = try fit("score ~ Machine + Worker + ar1(0 + Machine | Worker)")
      _ = try fit("score ~ Machine + ar1(0 + Machine | Worker) + (1 | Worker)")
      _ = try fit("score ~ Machine + (1 | Worker)") { $0.residualBy = "Machine" }
      _ = try fit("score ~ Machine + cs(0 + Machine | Worker) + (1 | Machine)") { $0.criterion = .ml }
    }
  }
}
