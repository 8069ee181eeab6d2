// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// θ′ ↔ φ: relative covariance factors of which one is that of turned working columns, so that
/// chosen reported effects come first.
///
/// Reported effects are b = R⁻¹b̃ for the working ones b̃. With R⁻ᵀP = QU, P a permutation of
/// columns, and effects a = Qᵀb̃, the reported effects in that order are Uᵀa; U is upper triangular.
/// A lower triangular factor L of a thus has as U₁₁L₁₁ the standard deviation of the first reported
/// effect, relative to σ, and rows 1 and 2 of UᵀL hold its correlation with the second. a is as
/// orthonormal as b̃, whatever the units and centring of covariates.
struct TurnedCovariance {
  /// Among θ′, the term's first entry: L₁₁.
  let place: Int
  /// Columns of the term.
  let size: Int
  let U: DenseMatrix
  /// θ′ for this `R = Q` in the term's place; of other terms θ′ is φ.
  private let covariance: RelativeCovariance
  private let term: Int

  /// `first` are the reported columns that come first; they have effects (`Block.freeColumns`).
  init(_ original: RelativeCovariance, term: Int, first: [Int]) {
    self.term = term
    let block = original.blocks[term].freeBlock
    let free = original.blocks[term].freeColumns
    let first = first.map { free.firstIndex(of: $0)! }
    (place, size) = (original.blockRanges[term].lowerBound, block.size)
    let order = first + (0..<block.size).filter { !first.contains($0) }
    let inverse = block.solveR(.identity(block.size))
    let qr = ColumnOrderedQR(
      inverse.transposed.submatrix(rows: Array(0..<block.size), columns: order), tolerance: 0)
    U = qr.r
    let own = RelativeCovariance.Block(
      group: block.group, offset: block.offset, size: block.size, R: qr.q)
    var turned = RelativeCovariance(
      blocks: original.blocks.enumerated().map { t, other in
        if t == term { return own }
        return RelativeCovariance.Block(
          group: other.group, offset: other.offset, size: other.freeBlock.size,
          R: .identity(other.freeBlock.size), structure: other.structure)
      }, groupSizes: original.groupSizes)
    turned.residual = original.residual
    covariance = turned
  }

  private var own: RelativeCovariance.Block { covariance.blocks[term] }
  private var range: Range<Int> { place..<place + own.parameterCount }

  /// The term's factor at θ′.
  private func factor(_ θ: [Double]) -> DenseMatrix {
    var next = place
    return RelativeCovariance.lowerTriangle(θ, &next, size: size)
  }

  func φ(_ θ: [Double]) -> [Double] {
    replacing(θ, by: RelativeCovariance.entries((own.R * factor(θ)).lowerTriangularFactor))
  }

  func θ(_ φ: [Double]) -> [Double] {
    replacing(
      φ, by: RelativeCovariance.entries((own.R.transposed * factor(φ)).lowerTriangularFactor))
  }

  private func replacing(_ values: [Double], by entries: [Double]) -> [Double] {
    var changed = values
    changed.replaceSubrange(range, with: entries)
    return changed
  }

  /// The gradient in θ′ of log |M| + w r².
  func gradient(_ θ: [Double], _ slopes: CovarianceSlopes, residualWeight w: Double) -> [Double] {
    replacing(
      covariance.gradient(slopes, at: φ(θ), residualWeight: w),
      by: covariance.gradient(theta: θ, slopes, residualWeight: w, block: term))
  }

  func lifted(_ θ: [Double], except held: Int?) -> [Double]? {
    covariance.lifted(θ, except: held)
  }

  func others(_ θ: [Double]) -> [[Double]] { covariance.others(θ) }

  /// The size of every entry: the length of its row.
  func units(_ θ: [Double]) -> [Double] { covariance.units(at: θ) }
}

extension RelativeCovariance {
  /// φ with the columns of factors that are zero, or nearly, given a diagonal, and the strata without a residual
  /// variance one; nil if none is.
  func lifted(_ φ: [Double], except held: Int? = nil) -> [Double]? {
    var lifted = liftingStrata(φ, except: held)
    for column in columnRanges where column.lowerBound != held {
      let square = column.reduce(0) { $0 + φ[$1] * φ[$1] }
      if square < 1e-3 { lifted[column.lowerBound] = 0.1 }
    }
    return lifted == φ ? nil : lifted
  }

  /// Starts unlike φ, to look for other minima from.
  func others(_ φ: [Double]) -> [[Double]] {
    let starts = SearchStarts(covariance: self)
    return starts.around(φ) + (0..<2).map(starts.random)
  }
}
