// SPDX-License-Identifier: GPL-2.0-or-later

/// What can go wrong in a sparse factorization.
package enum CholmodError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The leading block that ends with `column` is not positive definite, or not finite.
  ///
  /// The same object can be factorized again with other values.
  case notPositiveDefinite(column: Int)
  case outOfMemory
  /// The problem exceeds what the integers of CHOLMOD, or of the BLAS, can count.
  case tooLarge
  /// There is no factor, because none was computed or the last attempt failed.
  case notFactorized
  /// CHOLMOD refused for another reason; its status code.
  case failed(status: Int)

  package var description: String {
    switch self {
    case .notPositiveDefinite(let column):
      "the sparse matrix is not positive definite: the factorization broke down in column "
        + "\(column + 1)"
    case .outOfMemory:
      "out of memory in a sparse factorization"
    case .tooLarge:
      "the sparse matrix is too large for CHOLMOD or the BLAS"
    case .notFactorized:
      "the sparse matrix has not been factorized"
    case .failed(let status):
      "CHOLMOD failed with status \(status)"
    }
  }
}
