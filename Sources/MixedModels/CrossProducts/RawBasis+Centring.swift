// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

extension RawBasis {
  /// The basis with shifts, scales and the response's predictor taken from a sample of rows.
  ///
  /// Any values give the same model. Good ones keep the digits: a predictor close to the
  /// least-squares fit leaves
  /// little to cancel in yᵀWy even when the covariates explain nearly everything.
  ///
  /// - Parameter slopes: atoms that the model has a slope of, with no other variable beside it.
  func centred(on chunk: TableChunk, columns: ColumnLookup, slopes: Set<Int>) -> RawBasis {
    var centred = self
    // What is wrong with a row is reported, with its line, when the rows are read.
    guard let values = try? RowValues(chunk, basis: self, columns: columns) else { return self }
    let rows = values.usableRows
    guard !rows.isEmpty else { return self }
    for a in atoms.indices {
      let x = rows.map { values.atoms[a][$0] }
      (centred.atoms[a].shift, centred.atoms[a].scale) = Self.centreAndScale(x)
    }
    let y = rows.map { values.response[$0] }
    var t: [Int: [Double]] = [:]
    for a in slopes {
      let atom = centred.atoms[a]
      t[a] = rows.map { (values.atoms[a][$0] - atom.shift) / atom.scale }
    }
    let coefficients = Self.leastSquares(y, columns: t)
    var rest = y
    for (k, monomial) in fixed[0].monomials.enumerated() {
      if monomial == .one {
        centred.predictor[k] = coefficients.mean
      } else if monomial.powers.count == 1, monomial.powers[0].degree == 1,
        let slope = coefficients.slopes[monomial.powers[0].atom]
      {
        centred.predictor[k] = slope
      }
    }
    for i in rest.indices {
      rest[i] -= coefficients.mean
      for (a, slope) in coefficients.slopes { rest[i] -= slope * t[a]![i] }
    }
    centred.responseScale = Self.centreAndScale(rest).scale
    return centred
  }

  /// The mean, and the power of two next to the standard deviation (1 for a constant).
  private static func centreAndScale(_ x: [Double]) -> (shift: Double, scale: Double) {
    let largest = x.reduce(0) { max($0, abs($1)) }
    guard largest > 0, largest.isFinite else { return (0, 1) }
    let n = Double(x.count)
    var mean = x.reduce(0) { $0 + $1 / n }
    mean += x.reduce(0) { $0 + ($1 - mean) / n }
    let spread = x.reduce(0) { max($0, abs($1 - mean)) }
    guard spread > 4 * mean.ulp else { return (x[0], 1) }
    let square = x.reduce(0) { $0 + ($1 - mean) / spread * (($1 - mean) / spread) } / n
    let scale = exp2((log2(spread) + log2(square) / 2).rounded())
    return (mean, scale.isNormal ? scale : 1)
  }

  /// Least squares on a constant and the given centred columns; a column without information gets
  /// no slope.
  private static func leastSquares(
    _ y: [Double], columns: [Int: [Double]]
  ) -> (mean: Double, slopes: [Int: Double]) {
    let n = Double(y.count)
    let mean = y.reduce(0) { $0 + $1 / n }
    let atoms = columns.keys.sorted()
    guard !atoms.isEmpty, y.count > 2 * atoms.count + 2 else { return (mean, [:]) }
    var gram = DenseMatrix(rows: atoms.count, columns: atoms.count)
    var xy = [Double](repeating: 0, count: atoms.count)
    for (i, a) in atoms.enumerated() {
      for (j, b) in atoms.enumerated() where j <= i {
        gram[i, j] = dot(columns[a]!, columns[b]!)
        gram[j, i] = gram[i, j]
      }
      gram[i, i] += 1e-9 * n  // a ridge: columns of unit size, so this only tames dependent ones
      xy[i] = zip(columns[a]!, y).reduce(0) { $0 + $1.0 * ($1.1 - mean) }
    }
    guard (try? DenseCholesky.factorize(&gram)) != nil else { return (mean, [:]) }
    for i in atoms.indices {
      for k in 0..<i { xy[i] -= gram[i, k] * xy[k] }
      xy[i] /= gram[i, i]
    }
    for i in atoms.indices.reversed() {
      for k in atoms.indices where k > i { xy[i] -= gram[k, i] * xy[k] }
      xy[i] /= gram[i, i]
    }
    guard xy.allSatisfy(\.isFinite) else { return (mean, [:]) }
    return (mean, Dictionary(uniqueKeysWithValues: zip(atoms, xy)))
  }
}
