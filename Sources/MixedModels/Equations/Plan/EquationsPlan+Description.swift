// SPDX-License-Identifier: GPL-2.0-or-later

extension EquationsPlan {
  /// One line for every strategy looked at, the cheapest first; the chosen one begins with an
  /// asterisk.
  package func lines(for model: LinearMixedModel) -> [String] {
    estimates.indices.map { k in
      (k == chosenIndex ? "* " : "  ") + estimates[k].line(for: model)
    }
  }
}

extension StrategyEstimate {
  /// Such as “absorb g: core of 3706 unknowns, dense; 6876486 nonzeros in the factor, 9.1 Gflop,
  /// 0.21 GiB, about
  /// 220 ms per evaluation”.
  func line(for model: LinearMixedModel) -> String {
    let verb = strategy == .matrixFree ? "matrix-free without" : "absorb"
    let name =
      leading.map { g in "\(verb) \(model.factorName(g))" }
      ?? (strategy == .matrixFree ? "matrix-free but for levels with few neighbours" : "cholmod")
    var parts: [String] = []
    if strategy == .matrixFree {
      parts.append("core of \(coreSize) unknowns, never formed")
    } else if leading != nil {
      let percent = fixedNotation(100 * coreDensity, decimals: 1)
      parts.append(
        coreSize == 0
          ? "no core" : "core of \(coreSize) unknowns, \(isDense ? "dense" : "\(percent) % filled")"
      )
    }
    if strategy != .matrixFree { parts.append("\(factorNonzeros) nonzeros in the factor") }
    parts.append("\(fixedNotation(flops * 1e-6, decimals: 1)) million multiplications")
    parts.append("\(fixedNotation(Double(bytes) / 1_048_576, decimals: 1)) MiB")
    parts.append(
      seconds.isFinite
        ? "\(isBound ? "at least" : "about") \(fixedNotation(1000 * seconds, decimals: 3)) ms per evaluation"
        : "more memory than there is")
    return "\(name): " + parts.joined(separator: ", ")
  }
}
