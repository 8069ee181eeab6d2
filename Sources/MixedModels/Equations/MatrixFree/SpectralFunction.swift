// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// f of which the trace of f(E) is wanted.
enum SpectralFunction {
  /// log(1 + x) − x: since tr E = 0 its trace is log |I + E|, and its probes do not feel E itself.
  case logarithm
  /// log(1 + x) − x + x²/2: the same where tr E² is known as well.
  case logarithmBeyondSquare
  /// 1 / (1 + x) − 1 + x: since E has zero diagonal blocks its diagonal blocks are those of
  /// (I + E)⁻¹ − I.
  case inverse
  /// 1 / (1 + x) − 1
  case inverseChange

  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .logarithm:
      // The series where the difference would lose all digits.
      abs(x) < 1e-3 ? -x * x * (0.5 - x * (1 / 3.0 - x * (0.25 - x * (0.2 - x / 6)))) : log1p(x) - x
    case .logarithmBeyondSquare:
      abs(x) < 1e-2
        ? x * x * x * (1 / 3.0 - x * (0.25 - x * (0.2 - x * (1 / 6.0 - x * (1 / 7.0 - x / 8)))))
        : log1p(x) - x + 0.5 * x * x
    case .inverse: x * x / (1 + x)
    case .inverseChange: -x / (1 + x)
    }
  }

  func derivative(_ x: Double) -> Double {
    switch self {
    case .logarithm: -x / (1 + x)
    case .logarithmBeyondSquare: x * x / (1 + x)
    case .inverse: 1 - 1 / ((1 + x) * (1 + x))
    case .inverseChange: -1 / ((1 + x) * (1 + x))
    }
  }

  /// (f(x) − f(y)) / (x − y), or f′ where they meet.
  func dividedDifference(_ x: Double, _ y: Double) -> Double {
    let distance = x - y
    guard abs(distance) > 1e-5 * (1 + min(x, y)) else { return derivative(0.5 * (x + y)) }
    return (self(x) - self(y)) / distance
  }
}

/// f of a symmetric tridiagonal matrix, as far as Lanczos' method needs it.
struct TridiagonalFunction {
  private let values: [Double]
  /// Eigenvectors in columns.
  private let vectors: DenseMatrix

  /// - Throws: `CholmodError.notPositiveDefinite` where I + T is not.
  init(diagonal: [Double], offDiagonal: [Double]) throws {
    var T = DenseMatrix(diagonal: diagonal)
    for (k, value) in offDiagonal.enumerated() { T[k + 1, k] = value }
    (values, vectors) = symmetricEigenvectors(T)
    guard let least = values.first, least > -1 else {
      throw CholmodError.notPositiveDefinite(column: 0)
    }
  }

  /// e₁ᵀf(T)e₁
  func first(_ f: SpectralFunction) -> Double {
    values.indices.reduce(0) { $0 + vectors[0, $1] * vectors[0, $1] * f(values[$1]) }
  }

  /// f(T)e₁
  func firstColumn(_ f: SpectralFunction) -> [Double] {
    vectors * values.indices.map { vectors[0, $0] * f(values[$0]) }
  }

  /// D with ∂ e₁ᵀf(T)e₁ = Σ D_ij ∂T_ij.
  func slopes(_ f: SpectralFunction) -> DenseMatrix {
    var inner = DenseMatrix(rows: values.count, columns: values.count)
    for i in values.indices {
      for j in values.indices {
        inner[i, j] =
          vectors[0, i] * vectors[0, j] * f.dividedDifference(values[i], values[j])
      }
    }
    return vectors * inner.multipliedByTransposeOnRight(vectors)
  }

  var range: ClosedRange<Double> { values.first!...max(values.last!, values.first!) }
}
