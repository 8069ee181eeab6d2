// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LinearMixedModel {
  /// The estimates of R's columns, nil for those that are dropped; nil where no factor is set apart.
  func reportedCoefficients(_ estimates: Estimates) -> [Double?]? {
    guard let columns = reportedColumns, let levels = fixedLevels, let reported = levels.reported else {
      return nil
    }
    let effects = estimates.fixedLevelEffects
    let functions = reported.referenceFunctions(count: effects[0].count)
    let reference = functions.multipliedByTransposeOnLeft(effects[0])
    let shares = reported.referenceShares
    let own = reported.transform * reference
    let position = Dictionary(uniqueKeysWithValues: zip(fixed.kept, 0...))
    return columns.map { column in
      guard column.isKept else { return nil }
      switch column.place {
      case .intercept: return own[0]
      case .column(let j):
        if let a = reported.given.firstIndex(of: j) { return own[1 + a] }
        let k = position[j]!
        return reported.given.indices.reduce(estimates.β[k]) {
          $0 - reported.shares[k, $1] * own[1 + $1]
        }
      case .level(0, let level):
        return reference.indices.reduce(effects[0][level]) { $0 - shares[level, $1] * reference[$1] }
      case .level(let factor, let level): return effects[factor][level]
      }
    }
  }
}
