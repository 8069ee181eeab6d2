// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// How far the spectrum of I + E spreads, E being the core scaled by its diagonal blocks: by Lanczos'
/// method with one vector, on the first column of every group and nothing but the pairs of levels.
///
/// So a planner knows how many steps a core asks for before anything is built: a step is two passes over the
/// pairs for one vector, a few thousandths of a fit.
package struct CoreSpectrum {
  /// Of the Ritz values of so many steps, which lie within the spectrum: those at its ends that are met later
  /// are few, and conjugate gradients are soon done with them.
  package private(set) var least = 1.0
  package private(set) var greatest = 1.0

  private static let steps = 6
  /// Fewer where one hardly changes the square root of the condition.
  private static let settled = 0.01

  /// - Parameter deflates: Whether the vectors that are constant on a group's levels are left out, see
  ///   `DeflationSpace`.
  package init(_ model: LinearMixedModel, leading: Int, deflates: Bool) {
    let core = FirstColumns(model, leading: leading)
    let n = core.count
    var before = [Double](repeating: 0, count: n)
    var q = (0..<n).map { Self.sign($0) }
    if deflates { core.deflate(&q) }
    var image = before
    var (diagonal, offDiagonal) = ([Double](), [Double]())
    var length = dot(q, q).squareRoot()
    while length > 1e-12 * Double(n).squareRoot(), diagonal.count < Self.steps {
      for i in 0..<n { q[i] /= length }
      core.apply(q, to: &image)
      if deflates { core.deflate(&image) }
      let own = dot(q, image)
      let last = offDiagonal.last ?? 0
      for i in 0..<n { image[i] -= own * q[i] + last * before[i] }
      diagonal.append(own)
      var T = DenseMatrix(diagonal: diagonal)
      for (k, value) in offDiagonal.enumerated() { T[k + 1, k] = value }
      let values = symmetricEigenvalues(T)
      let root = condition.squareRoot()
      (least, greatest) = (max(values.first!, 1e-6), max(values.last!, 1e-6))
      if diagonal.count > 2, abs(condition.squareRoot() - root) < Self.settled * root { break }
      (before, q, image) = (q, image, before)
      length = dot(q, q).squareRoot()
      offDiagonal.append(length)
    }
  }

  package var condition: Double { greatest / least }

  /// Of what conjugate gradients leave at every step, and Lanczos' quadrature at every second one
  /// (Golub & Meurant 2010).
  private var rate: Double {
    let root = condition.squareRoot()
    return max((root - 1) / (root + 1), 1e-3)
  }

  /// Steps of conjugate gradients until so much of the right-hand side is left.
  package func solverSteps(tolerance: Double) -> Double { max(1, log(tolerance) / log(rate)) }

  /// Steps of Lanczos' method until the quadrature lacks so much of the logarithm's size, and two more that show it.
  package func quadratureSteps(tolerance: Double) -> Double { 2 + 0.5 * log(min(tolerance, 1)) / log(rate) }

  /// ±1, the same for the same place.
  private static func sign(_ place: Int) -> Double {
    let mixed = UInt64(truncatingIfNeeded: place + 1) &* 0x9E37_79B9_7F4A_7C15
    return ((mixed ^ (mixed >> 29)) &* 0xBF58_476D_1CE4_E5B9).leadingZeroBitCount == 0 ? 1 : -1
  }
}

/// The core's first columns as an operator at Λ = λI, from the pairs of levels as the model has them.
private struct FirstColumns {
  /// 1/λ² of the usual end of a search: spectra spread the more the larger Λ is, and at λ = 1 hardly.
  private static let usualRatio = 0.25
  /// Groups without a covariance matrix are fixed levels, of which Λ = I and from which I has been taken off.
  private static func ratio(_ model: LinearMixedModel, _ group: Int) -> Double {
    model.covariance.blocks.contains { $0.group == group } ? usualRatio : 1
  }
  private let model: LinearMixedModel
  private let leading: Int
  /// First node of every group; the leading group has none.
  private let firstNode: [Int]
  /// Of every leading level 1 / (A_jj + λ⁻²).
  private let H: [Double]
  /// Of every node A_cc + λ⁻², and the square root of that without what absorption takes from it.
  private let diagonal: [Double]
  private let scale: [Double]
  var count: Int { scale.count }

  init(_ model: LinearMixedModel, leading: Int) {
    (self.model, self.leading) = (model, leading)
    let group = model.groups[leading]
    let own = group.size * group.size
    let ratio = Self.ratio(model, leading)
    let H = (0..<group.levelCount).map { 1 / (group.zz[$0 * own] + ratio) }
    firstNode = CoreNodes(model, leading: leading).firstNode
    var diagonal: [Double] = []
    for (g, group) in model.groups.enumerated() where g != leading {
      let ratio = Self.ratio(model, g)
      for level in 0..<group.levelCount { diagonal.append(group.zz[level * group.size * group.size] + ratio) }
    }
    var rest = diagonal
    for pair in model.pairs where pair.contains(leading) {
      Self.forEach(pair, leading, model, firstNode) { j, node, a in rest[node] -= a * a * H[j] }
    }
    // What rounding leaves of a singular core is no condition that a step could show.
    (self.H, self.diagonal, scale) = (H, diagonal, zip(rest, diagonal).map { 1 / max($0, 1e-10 * $1).squareRoot() })
  }

  /// Calls `body` with every leading level and node that occur together, and their block's first entry.
  @inline(__always)
  private static func forEach(
    _ pair: CoOccurrence, _ leading: Int, _ model: LinearMixedModel, _ firstNode: [Int],
    _ body: (_ level: Int, _ node: Int, _ a: Double) -> Void
  ) {
    let (group, others) = pair.others(than: leading)
    let leaders = pair.rowGroup == leading ? pair.rowLevels : pair.columnLevels
    let (stride, first) = (pair.blocks.count / max(others.count, 1), firstNode[group])
    leaders.withUnsafeBufferPointer { leaders in
      others.withUnsafeBufferPointer { others in
        pair.blocks.withUnsafeBufferPointer { blocks in
          for k in 0..<others.count { body(Int(leaders[k]), first + Int(others[k]), blocks[k * stride]) }
        }
      }
    }
  }

  /// The same for two nodes.
  @inline(__always)
  private func forEachDirect(_ pair: CoOccurrence, _ body: (_ row: Int, _ column: Int, _ a: Double) -> Void) {
    let (row, column) = (firstNode[pair.rowGroup], firstNode[pair.columnGroup])
    let stride = pair.blocks.count / max(pair.rowLevels.count, 1)
    pair.rowLevels.withUnsafeBufferPointer { rows in
      pair.columnLevels.withUnsafeBufferPointer { columns in
        pair.blocks.withUnsafeBufferPointer { blocks in
          for k in 0..<rows.count { body(row + Int(rows[k]), column + Int(columns[k]), blocks[k * stride]) }
        }
      }
    }
  }

  /// y = (I + E)q
  func apply(_ q: [Double], to y: inout [Double]) {
    var t = [Double](repeating: 0, count: H.count)
    let w = q.indices.map { q[$0] * scale[$0] }
    for i in y.indices { y[i] = diagonal[i] * w[i] }
    for pair in model.pairs {
      guard pair.contains(leading) else {
        forEachDirect(pair) { r, c, a in
          y[r] += a * w[c]
          y[c] += a * w[r]
        }
        continue
      }
      Self.forEach(pair, leading, model, firstNode) { j, node, a in t[j] += a * w[node] }
    }
    for j in t.indices { t[j] *= H[j] }
    for pair in model.pairs where pair.contains(leading) {
      Self.forEach(pair, leading, model, firstNode) { j, node, a in y[node] -= a * t[j] }
    }
    for i in y.indices { y[i] *= scale[i] }
  }

  /// Takes from each group's part what lies along 1 / scale.
  func deflate(_ x: inout [Double]) {
    for (g, group) in model.groups.enumerated() where g != leading {
      let places = firstNode[g]..<firstNode[g] + group.levelCount
      var (product, square) = (0.0, 0.0)
      for i in places {
        product += x[i] / scale[i]
        square += 1 / (scale[i] * scale[i])
      }
      for i in places { x[i] -= product / square / scale[i] }
    }
  }
}
