// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Where the searches for one model's optimum begin: always the same for the same model.
struct SearchStarts {
  let covariance: RelativeCovariance

  /// The k-th of endlessly many: relative standard deviations of 0.03 to 10 for every term, directions
  /// at random, and now and then a column of λ that is nearly nothing. In every third one all of them
  /// are large: residuals that are small beside everything else make minima of their own.
  func random(_ k: Int) -> [Double] {
    var random = RandomStream(seed: 1, purpose: 0x5354_4152_5453, block: UInt64(k))
    var φ = [Double](repeating: 0, count: covariance.parameterCount)
    random.fillNormal(&φ)
    let isLarge = k % 3 == 2
    let largest = isLarge ? 0.3 + 1.2 * random.uniform() : 1
    let places = zip(covariance.blockRanges, covariance.blockColumns)
    for (block, (range, columns)) in zip(covariance.blocks, places) {
      let size = pow(10, largest - (isLarge ? 0.8 : 2.5) * random.uniform())
      if let structure = block.structure {
        for (k, parameter) in zip(range, structure.parameters) {
          φ[k] = parameter.start(φ[k], size: size)
        }
        continue
      }
      for k in range { φ[k] *= size }
      for column in columns where random.uniform() < 0.15 {
        for k in column { φ[k] *= 0.01 }
      }
    }
    return φ
  }

  /// The k-th of endlessly many. Most are beside φ, the best end so far: in turn all of φ moved by about its
  /// own size, all of it stretched and moved, and one term drawn anew; the others are `random`.
  ///
  /// Minima that few starts from anywhere lead to often lie beside lower ones, or share all terms but one
  /// with them; and a search from beside an end is a short one. Others lie far out along a ray: where
  /// residuals are small beside every term, all terms are large together.
  func mixed(_ k: Int, besides φ: [Double]) -> [Double] {
    guard φ.count > 2 else { return random(k) }
    if k % 4 == 1 { return moved(φ, k) }
    if k % 4 == 3 { return stretched(φ, k) }
    guard k % 8 == 2 else { return random(k) }
    let terms = covariance.blockRanges.filter { !$0.isEmpty }
    let range = terms[k / 8 % terms.count]
    return φ.replacingSubrange(range, with: Array(random(k)[range]))
  }

  /// Moved by half its size, and made 2 to 32 times as large, every unstructured term by about the same.
  private func stretched(_ φ: [Double], _ k: Int) -> [Double] {
    var random = RandomStream(seed: 1, purpose: 0x5354_5245_5443, block: UInt64(k))
    let factor = pow(10, 0.3 + 1.2 * random.uniform())
    var start = moved(φ, k, by: 0.5)
    for (block, range) in zip(covariance.blocks, covariance.blockRanges)
    where block.structure == nil {
      let own = factor * pow(10, 0.4 * random.uniform() - 0.2)
      for k in range { start[k] *= own }
    }
    return start
  }

  private func moved(_ φ: [Double], _ k: Int, by share: Double = 1) -> [Double] {
    var random = RandomStream(seed: 1, purpose: 0x4e45_4152, block: UInt64(k))
    var steps = [Double](repeating: 0, count: φ.count)
    random.fillNormal(&steps)
    var sizes = covariance.units(at: φ)
    for (block, range) in zip(covariance.blocks, covariance.blockRanges)
    where block.structure == nil {
      let squares = φ[range].reduce(0) { $0 + $1 * $1 }
      let size = (squares / Double(max(block.rank, 1))).squareRoot()
      for k in range { sizes[k] = max(size, Self.leastMove) }
    }
    return φ.indices.map { φ[$0] + share * sizes[$0] * steps[$0] }
  }

  /// Of relative standard deviations that are as good as zero.
  private static let leastMove = 0.3

  /// Starts that differ from φ in one thing: a term that is left out, or of unit variances; two effects
  /// of one term with a correlation of ±1.
  ///
  /// Where a variance or a direction is zero the gradient across is zero, too, so that a search from
  /// there is one of the smaller model.
  func around(_ φ: [Double]) -> [[Double]] {
    covariance.blocks.indices.flatMap { b in
      [withoutBlock(b, φ), withUnitBlock(b, φ)] + raised(b, φ) + alignedPairs(b, φ)
    }.filter { $0 != φ }
  }

  private func withoutBlock(_ b: Int, _ φ: [Double]) -> [Double] {
    var start = φ
    let (block, range) = (covariance.blocks[b], covariance.blockRanges[b])
    for k in range { start[k] = 0 }
    for (k, parameter) in zip(range, block.structure?.parameters ?? []) {
      start[k] = parameter.nothing
    }
    return start
  }

  private func withUnitBlock(_ b: Int, _ φ: [Double]) -> [Double] {
    if let structure = covariance.blocks[b].structure {
      return φ.replacingSubrange(
        covariance.blockRanges[b], with: structure.start)
    }
    var start = withoutBlock(b, φ)
    for column in covariance.blockColumns[b] { start[column.lowerBound] = 1 }
    return start
  }

  /// With standard deviations of a structure that are as good as zero raised: on the scale of logarithms
  /// nothing leads away from there.
  private func raised(_ b: Int, _ φ: [Double]) -> [[Double]] {
    let parameters = covariance.blocks[b].structure?.parameters ?? []
    return zip(covariance.blockRanges[b], parameters).compactMap { k, parameter in
      guard case .deviation = parameter, parameter.value(φ[k]) < CriterionSearch.nearZero else {
        return nil
      }
      return φ.replacingSubrange(k..<k + 1, with: [parameter.coordinate(0.1)])
    }
  }

  /// For every two rows of one λ both signs of the correlation ±1.
  private func alignedPairs(_ b: Int, _ φ: [Double]) -> [[Double]] {
    let (range, size) = (covariance.blockRanges[b], covariance.blocks[b].rank)
    guard size > 1, covariance.blocks[b].structure == nil else { return [] }
    var next = range.lowerBound
    let λ = RelativeCovariance.lowerTriangle(φ, &next, size: size)
    return (1..<size).flatMap { i in
      (0..<i).flatMap { j in
        [1.0, -1].map { sign in
          φ.replacingSubrange(range, with: RelativeCovariance.entries(λ.aligned(i, with: j, sign)))
        }
      }
    }
  }
}

extension DenseMatrix {
  /// The lower triangular factor with row i along row j, of the length it has, or of row j's.
  fileprivate func aligned(_ i: Int, with j: Int, _ sign: Double) -> DenseMatrix {
    func length(_ row: Int) -> Double {
      (0..<columns).reduce(0) { $0 + self[row, $1] * self[row, $1] }.squareRoot()
    }
    var λ = self
    if length(j) < CriterionSearch.nearZero { λ[j, j] = max(length(i), 0.3) }
    let target = max(length(i), RelativeCovariance.smallestUnit)
    let base = (0..<columns).reduce(0) { $0 + λ[j, $1] * λ[j, $1] }.squareRoot()
    for k in 0..<columns { λ[i, k] = sign * target / base * λ[j, k] }
    return λ
  }
}

extension Array {
  fileprivate func replacingSubrange(_ range: Range<Int>, with new: [Element]) -> [Element] {
    var changed = self
    changed.replaceSubrange(range, with: new)
    return changed
  }
}
