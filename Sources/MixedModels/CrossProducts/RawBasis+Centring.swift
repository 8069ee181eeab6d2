// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

extension RawBasis {
  /// The basis with shifts, scales and the response's predictor taken from a sample of rows.
  ///
  /// Any values give the same model. Good ones keep the digits: a predictor close to the
  /// least-squares fit leaves little to cancel in yᵀWy even when the covariates explain nearly
  /// everything.
  ///
  /// - Parameter slopes: atoms that the model has a slope of, with no other variable beside it.
  func centred(on chunk: TableChunk, columns: ColumnLookup, slopes: Set<Int>) -> RawBasis {
    var centred = self
    // What is wrong with a row is reported, with its line, when the rows are read.
    guard let values = try? RowValues(chunk, basis: self, columns: columns) else { return self }
    let rows = values.usableRows
    guard !rows.isEmpty else { return self }
    let shares = Self.shares(rows, values.weights)
    for a in atoms.indices where atoms[a].spline == nil {
      let x = rows.map { values.atoms[a][$0] }
      (centred.atoms[a].shift, centred.atoms[a].scale) = Self.centreAndScale(x, shares)
    }
    let y = rows.map { values.adjustedResponse[$0] }
    var t: [Int: [Double]] = [:]
    for a in slopes {
      let atom = centred.atoms[a]
      t[a] = rows.map { (values.atoms[a][$0] - atom.shift) / atom.scale }
    }
    centred.wantsExtendedSums = centred.hasDependentColumns(values, rows, shares)
    let coefficients = Self.leastSquares(y, columns: t, shares)
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
    centred.responseScale = Self.centreAndScale(rest, shares).scale
    return centred
  }

  /// Σw / w of the rows, n where there are no weights: what a value is divided by in a mean.
  ///
  /// A weight far above the others puts the mean to its row, where its products then vanish.
  private static func shares(_ rows: [Int], _ weights: [Double]?) -> [Double] {
    guard let weights else { return Array(repeating: Double(rows.count), count: rows.count) }
    let largest = rows.reduce(0) { max($0, weights[$1]) }
    let total = rows.reduce(0) { $0 + weights[$1] / largest }
    return rows.map { total / (weights[$0] / largest) }
  }

  /// The mean, and the power of two next to the standard deviation (1 for a constant).
  private static func centreAndScale(
    _ x: [Double], _ shares: [Double]
  ) -> (shift: Double, scale: Double) {
    let largest = x.reduce(0) { max($0, abs($1)) }
    guard largest > 0, largest.isFinite else { return (0, 1) }
    var mean = zip(x, shares).reduce(0) { $0 + $1.0 / $1.1 }
    mean += zip(x, shares).reduce(0) { $0 + ($1.0 - mean) / $1.1 }
    let spread = x.reduce(0) { max($0, abs($1 - mean)) }
    guard spread > 4 * mean.ulp else { return (x[0], 1) }
    let square = zip(x, shares).reduce(0.0) { sum, value in
      let t = (value.0 - mean) / spread
      return sum + t * t / value.1
    }
    let scale = exp2((log2(spread) + log2(square) / 2).rounded())
    return (mean, scale.isFinite ? max(scale, .leastNormalMagnitude) : 1)
  }

  /// Least squares on a constant and the given centred columns; a column without information gets
  /// no slope.
  private static func leastSquares(
    _ y: [Double], columns: [Int: [Double]], _ shares: [Double]
  ) -> (mean: Double, slopes: [Int: Double]) {
    let n = Double(y.count)
    let mean = zip(y, shares).reduce(0) { $0 + $1.0 / $1.1 }
    let weights = shares.map { n / $0 }  // of mean 1
    let atoms = columns.keys.sorted()
    guard !atoms.isEmpty, y.count > 2 * atoms.count + 2 else { return (mean, [:]) }
    var gram = DenseMatrix(rows: atoms.count, columns: atoms.count)
    var xy = [Double](repeating: 0, count: atoms.count)
    for (i, a) in atoms.enumerated() {
      let weighted = zip(columns[a]!, weights).map { $0 * $1 }
      for (j, b) in atoms.enumerated() where j <= i {
        gram[i, j] = dot(weighted, columns[b]!)
        gram[j, i] = gram[i, j]
      }
      gram[i, i] += 1e-9 * n  // a ridge: columns of unit size, so this only tames dependent ones
      xy[i] = zip(weighted, y).reduce(0) { $0 + $1.0 * ($1.1 - mean) }
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
