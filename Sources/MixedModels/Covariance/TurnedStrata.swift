// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

// Another stratum of the residual variance in the place of the first, to which all variances are relative, and the
// first in its place.

extension VarianceStrata {
  func exchangingFirst(with s: Int) -> VarianceStrata {
    var (labels, rows) = (labels, rows)
    labels.swapAt(0, s)
    rows.swapAt(0, s)
    var exchanged = VarianceStrata(
      name: name, labels: labels, rows: rows, cellSet: cellSet,
      cells: cells.map { $0 == 0 ? s : $0 == s ? 0 : $0 })
    exchanged.largestRatio = largestRatio
    return exchanged
  }

  /// The coordinates after that.
  fileprivate func exchanged(_ φ: ArraySlice<Double>, with s: Int) -> [Double] {
    var all: [Double] = [0] + φ
    all.swapAt(0, s)
    return all.dropFirst().map { $0 - all[0] }
  }
}

extension StratifiedCorrelation {
  func exchangingFirst(with s: Int) -> StratifiedCorrelation {
    func place(_ k: Int) -> Int { k == 0 ? s : k == s ? 0 : k }
    return StratifiedCorrelation(
      ofStrata: ofStrata.exchangingFirst(with: s), inTime: inTime,
      parts: parts.map {
        Part(kind: $0.kind, length: $0.length, strata: (place($0.strata.first), place($0.strata.second)))
      })
  }
}

extension RelativeCovariance {
  /// φ of the same model after another stratum has taken the place of the first, or of the one before it was so.
  func exchangingFirst(_ φ: [Double], with s: Int) -> [Double] {
    guard s > 0, let (strata, own) = strata(φ) else { return φ }
    let ratio = strata.values(own)[s - 1]
    var turned = stretched(φ, by: 1 / ratio)
    turned.replaceSubrange(own.indices, with: strata.exchanged(own, with: s))
    return turned
  }
}

extension RelativeCovariance {
  /// φ where σ, that of the first stratum, is so many times as large, and everything else stays as it is.
  func relative(_ φ: [Double], to growth: Double) -> [Double] {
    var changed = stretched(φ, by: 1 / growth)
    for k in strata(φ)?.coordinates.indices ?? 0..<0 { changed[k] -= log(growth) }
    return changed
  }

  /// Derivatives of the same, each coordinate in its own.
  func relativeSlopes(_ φ: [Double], to growth: Double) -> [Double] {
    let changed = stretched(φ, by: 1 / growth)
    var slopes = [Double](repeating: 1, count: φ.count)
    for (block, range) in zip(blocks, blockRanges) {
      guard let structure = block.structure else {
        for k in range { slopes[k] = 1 / growth }
        continue
      }
      for (k, parameter) in zip(range, structure.parameters) where parameter.isDeviation {
        slopes[k] = parameter.slope(φ[k]) / (growth * parameter.slope(changed[k]))
      }
    }
    return slopes
  }
}
