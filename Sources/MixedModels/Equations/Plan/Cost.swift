// SPDX-License-Identifier: GPL-2.0-or-later

/// Seconds per operation, measured on one core of 2024; only ratios matter.
enum Cost {
  /// One multiplication and addition while levels are absorbed.
  static let absorption = 0.4e-9
  /// One level that is absorbed beside others' columns: its pivots' root and inverse.
  static let level = 8e-9
  /// One node of a sparse core, gathered and put in its place.
  static let node = 50e-9
  /// One multiplication in y[index] += a x.
  static let scatter = 0.45e-9
  /// One multiplication and addition in y += a x for eight vectors that are looked up.
  static let lookup = 0.5e-9
  /// One multiplication and addition in a matrix product.
  static let product = 0.035e-9
  /// One multiplication and addition in a dense Cholesky factorization.
  static let cholesky = 0.045e-9
  /// One floating-point operation of CHOLMOD, in the core and, where most supernodes are narrow, in
  /// the whole.
  static let supernodal = 0.035e-9
  static let narrow = 0.055e-9
  static let simplicial = 0.9e-9
  /// One entry of a sparse factor or of the matrix that is put into it.
  static let entry = 3e-9
  /// One leaf, which is eliminated on its own, derivatives included.
  static let leaf = 1.5e-6
  /// One byte of memory written and read again.
  static let byte = 0.1e-9
  /// A panel of dense columns may take so much memory.
  static let panelBytes = 1e9
}
