// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// I + E of a small core, written out from its products with all unit vectors: exact however slow the
/// spectrum is, and less work than probes where these would have to be nearly as many.
final class WrittenCore {
  private let system: CrossedSystem
  private var factor = DenseMatrix(rows: 0, columns: 0)
  /// B Rᵀe of the unit vectors, eight by eight.
  private let products: [Panel]
  /// (I + E)⁻¹, once it was asked for.
  private var knownInverse: DenseMatrix?

  /// Eight unit vectors e, B Rᵀe and A_joRᵀe; and for Ē = (I + E)⁻¹ − I, the derivative of log |I + E|
  /// − tr E in E, Ēe and A_joRᵀĒe.
  final class Units {
    let e: Panel
    fileprivate(set) var y: Panel
    let t: Panel
    let change: Panel
    let changeT: Panel

    fileprivate init(_ system: CrossedSystem, y: Panel) {
      let leading = system.leadingPlaces.count * system.size
      self.y = y
      (e, change) = (Panel(count: system.coreSize), Panel(count: system.coreSize))
      (t, changeT) = (Panel(count: leading), Panel(count: leading))
    }
  }

  init(_ system: CrossedSystem) {
    self.system = system
    products = (0..<(system.coreSize + 7) / 8).map { _ in Panel(count: system.coreSize) }
  }

  private var size: Int { system.coreSize }

  /// - Throws: `CholmodError.notPositiveDefinite`.
  func update(_ core: CoreOperator) throws {
    knownInverse = nil
    let (unit, image) = (Panel(count: size), Panel(count: size))
    let t = Panel(count: system.leadingPlaces.count * system.size)
    var A = DenseMatrix(rows: size, columns: size)
    for (b, y) in products.enumerated() {
      fill(unit, block: b)
      core.apply(unit, y: y, t: t, result: image)
      for lane in 0..<min(8, size - 8 * b) {
        let first = (8 * b + lane) * size
        for i in 0..<size { A.storage[first + i] = image[i][lane] }
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
    let units = Units(system, y: products[0])
    for (b, y) in products.enumerated() {
      units.y = y
      fill(units.e, block: b)
      units.change.start.update(repeating: .zero, count: size)
      for lane in 0..<min(8, size - 8 * b) {
        let column = 8 * b + lane
        for i in 0..<size { units.change[i][lane] = inverse.storage[column * size + i] }
        units.change[column][lane] -= 1
      }
      core.project(units.e, t: units.t)
      core.project(units.change, t: units.changeT)
      body(units)
    }
  }

  /// The unit vectors of scalars 8b ..< 8b + 8.
  private func fill(_ panel: Panel, block b: Int) {
    panel.start.update(repeating: .zero, count: size)
    for lane in 0..<min(8, size - 8 * b) { panel[8 * b + lane][lane] = 1 }
  }
}
