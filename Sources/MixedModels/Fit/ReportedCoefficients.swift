// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LinearMixedModel {
  /// The estimates of R's columns, nil for those that are dropped; nil where no factor is set apart.
  func reportedCoefficients(_ estimates: Estimates) -> [Double?]? {
    guard let columns = reportedColumns, let levels = fixedLevels, let reported = levels.reported else {
      return nil
    }
    let (effects, starts) = (estimates.fixedLevelEffects.flatMap(\.self), levels.starts)
    let reference = reported.referenceFunctions.multipliedByTransposeOnLeft(effects)
    let shares = reported.referenceShares
    let coded = reported.coded(effects)
    let own = reported.transform * reference
    let first = reported.hasIntercept ? 1 : 0
    let position = Dictionary(uniqueKeysWithValues: zip(fixed.kept, 0...))
    return columns.map { column in
      guard column.isKept else { return nil }
      switch column.place {
      case .intercept: return own[0]
      case .column(let j):
        if let a = reported.given.firstIndex(of: j) { return own[first + a] }
        let k = position[j]!
        return reported.given.indices.reduce(estimates.β[k]) {
          $0 - reported.shares[k, $1] * own[first + $1]
        }
      case .coordinate(let factor, let coordinate):
        let place = starts[factor] + coordinate
        guard place < shares.rows else { return coded[place] }
        return reference.indices.reduce(coded[place]) { $0 - shares[place, $1] * reference[$1] }
      case .dependent: return nil
      }
    }
  }
}
