// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension BootstrapInterval {
  /// How limits follow from replicates.
  public enum Kind: String, Sendable, CaseIterable {
    case percentile, basic
  }

  /// The limits of one kind.
  func confidenceInterval(_ kind: Kind) -> ConfidenceInterval {
    let limits = kind == .basic ? basic : percentile
    return ConfidenceInterval(
      parameter, estimate: parameter.estimate, limits,
      message: limits == nil
        ? usedCount > 1
          ? "it has no estimate to which errors could be compared; use \(Setting.bootstrapLimits("percentile"))"
          : "hardly any replicate has it" : nil)
  }
}

extension Bootstrap {
  /// Intervals of the parameters of that names, in the order of the names.
  public func confidenceIntervals(
    of parameters: [ModelParameter], level: Double, kind: BootstrapInterval.Kind
  ) -> [ConfidenceInterval] {
    let all = intervals(level: level)
    return parameters.compactMap { parameter in
      all.first { $0.parameter.name.hasBytes(of: parameter.name) }?.confidenceInterval(kind)
    }
  }
}
