// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// I + E of a small core, written out from its products with all unit vectors: exact however slow the
/// spectrum is, and less work than probes where these would have to be nearly as many.
final class WrittenCore {
  private let system: CrossedSystem
  private var factor = DenseMatrix(rows: 0, columns: 0)
  /// (I + E)⁻¹, once it was asked for.
  private var knownInverse: DenseMatrix?

  /// Eight unit vectors e, B Rᵀe and A_joRᵀe; and for Ē = (I + E)⁻¹ − I, the derivative of log |I + E|
  /// − tr E in E, Ēe and A_joRᵀĒe.
  final class Units {
    let e: Panel
    let y: Panel
    let t: Panel
    let change: Panel
    let changeT: Panel
    fileprivate let image: Panel
    fileprivate let unused: Panel

    fileprivate init(_ system: CrossedSystem) {
      let leading = system.leadingPlaces.count * system.size
      (e, y) = (Panel(count: system.coreSize), Panel(count: system.coreSize))
      (t, changeT) = (Panel(count: leading), Panel(count: leading))
      (change, image) = (Panel(count: system.coreSize), Panel(count: system.coreSize))
      unused = Panel(count: system.coreSize)
    }
  }

  init(_ system: CrossedSystem) { self.system = system }

  private var size: Int { system.coreSize }

  /// - Throws: `CholmodError.notPositiveDefinite`.
  func update(_ core: CoreOperator) throws {
    knownInverse = nil
    let units = Units(system)
    var A = DenseMatrix(rows: size, columns: size)
    for b in 0..<(size + 7) / 8 {
      fill(units.e, block: b)
      core.apply(units.e, y: units.y, t: units.t, result: units.image)
      for lane in 0..<min(8, size - 8 * b) {
        let first = (8 * b + lane) * size
        for i in 0..<size { A.storage[first + i] = units.image[i][lane] }
      }
    }
    do { try DenseCholesky.factorize(&A) } catch {
      throw CholmodError.notPositiveDefinite(column: error.column)
    }
    factor = A
  }

  var logDeterminant: Double { DenseCholesky.logDeterminant(factor: factor) }

  /// w + (I + E)⁻¹r
  func addSolution(of r: Panel, to w: Panel) {
    var columns = DenseMatrix(rows: size, columns: 8)
    for lane in 0..<8 { for i in 0..<size { columns.storage[lane * size + i] = r[i][lane] } }
    DenseCholesky.solve(factor: factor, &columns)
    for lane in 0..<8 { for i in 0..<size { w[i][lane] += columns.storage[lane * size + i] } }
  }

  /// Calls `body` with all unit vectors, eight at a time; lanes without one are zero.
  func forEachUnits(_ core: CoreOperator, _ body: (Units) -> Void) {
    let inverse = knownInverse ?? DenseCholesky.inverse(factor: factor)
    knownInverse = inverse
    let units = Units(system)
    for b in 0..<(size + 7) / 8 {
      fill(units.e, block: b)
      units.change.start.update(repeating: .zero, count: size)
      for lane in 0..<min(8, size - 8 * b) {
        let column = 8 * b + lane
        for i in 0..<size { units.change[i][lane] = inverse.storage[column * size + i] }
        units.change[column][lane] -= 1
      }
      core.apply(units.e, y: units.y, t: units.t, result: units.image)
      core.apply(units.change, y: units.unused, t: units.changeT, result: units.image)
      body(units)
    }
  }

  /// The unit vectors of scalars 8b ..< 8b + 8.
  private func fill(_ panel: Panel, block b: Int) {
    panel.start.update(repeating: .zero, count: size)
    for lane in 0..<min(8, size - 8 * b) { panel[8 * b + lane][lane] = 1 }
  }
}
