// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import Glibc

extension NumericVariable {
  /// The variable's columns as polynomials of its atom's t, with what R appends to their names.
  ///
  /// - Throws: `FitError` where poly() asks for more than the distinct values allow, or scale()
  ///   meets a constant.
  func columns(_ atom: Atom, moments: AtomMoments) throws -> [(
    suffix: String, polynomial: [Double]
  )] {
    switch kind {
    case .identity:
      return [("", [atom.shift, atom.scale])]
    case .power(let k):
      return [("", Chebyshev.powers(degree: k, shift: atom.shift, scale: atom.scale)[k - 1])]
    case .spline(let count):
      return (1...count).map { k in
        (count == 1 ? "" : "\(k)", (0...k).map { $0 == k ? 1 : 0 })
      }
    case .scaled(let centers, let scales):
      return [("", try scaled(atom, moments, centers: centers, scales: scales))]
    case .polynomial(let degree, let raw):
      let polynomials =
        try raw
        ? Chebyshev.powers(degree: degree, shift: atom.shift, scale: atom.scale)
        : orthonormal(degree, moments)
      return polynomials.enumerated().map { (degree == 1 ? "" : "\($0 + 1)", $1) }
    }
  }

  /// scale(x): (x − mean) / SD; without centring R divides by √(Σx² / (n − 1)).
  private func scaled(
    _ atom: Atom, _ moments: AtomMoments, centers: Bool, scales: Bool
  ) throws -> [Double] {
    let width = moments.degree + 1
    let n = moments.count
    let mean = moments.products[1] / n  // of t
    let sumOfSquares = moments.products[width + 1] - n * mean * mean  // of t about its mean
    let total = atom.shift + atom.scale * mean  // mean of x
    let line = centers ? [-mean * atom.scale, atom.scale] : [atom.shift, atom.scale]
    guard scales else { return line }
    let centred = atom.scale * atom.scale * sumOfSquares
    let spread = ((centers ? centred : centred + n * total * total) / (n - 1)).squareRoot()
    guard spread > 0, spread.isFinite else { throw FitError.constantScale(name) }
    return line.map { $0 / spread }
  }

  /// R's poly(): polynomials orthonormal over the rows, leading coefficients positive. They are the
  /// rows of the inverse Cholesky factor of the moment matrix.
  private func orthonormal(_ degree: Int, _ moments: AtomMoments) throws -> [[Double]] {
    let width = moments.degree + 1
    var gram = DenseMatrix(rows: degree + 1, columns: degree + 1)
    for i in 0...degree {
      for j in 0...degree { gram[i, j] = moments.products[i * width + j] }
    }
    // Gram–Schmidt on coefficient vectors in the metric of the moments, twice for orthogonality.
    var basis: [[Double]] = []
    func inner(_ a: [Double], _ b: [Double]) -> Double {
      var sum = 0.0
      for i in a.indices { for j in b.indices { sum += a[i] * gram[i, j] * b[j] } }
      return sum
    }
    for k in 0...degree {
      var p = [Double](repeating: 0, count: degree + 1)
      p[k] = 1
      let scale = inner(p, p)
      for _ in 0..<2 {
        for q in basis {
          let projection = inner(p, q)
          for i in p.indices { p[i] -= projection * q[i] }
        }
      }
      let square = inner(p, p)
      guard square > 1e-12 * scale else { throw FitError.polynomialDegree(name, distinct: k) }
      basis.append(p.map { $0 / square.squareRoot() })
    }
    return Array(basis.dropFirst())
  }
}
