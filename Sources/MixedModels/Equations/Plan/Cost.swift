// SPDX-License-Identifier: GPL-2.0-or-later

/// Seconds per operation, measured on one core of 2024 with AVX-512; ratios hold elsewhere, too.
enum Cost {
  /// One multiplication and addition while levels are absorbed, eight levels at a time where there is one group
  /// only.
  static let absorption = 0.4e-9
  static let packedAbsorption = 0.06e-9
  /// One level that is absorbed beside others' columns: its pivots' root and inverse.
  static let level = 8e-9
  /// One node of a sparse core, gathered and put in its place.
  static let node = 50e-9
  /// One multiplication in y[index] += a x.
  static let scatter = 0.45e-9
  /// One multiplication and addition in y += a x for eight vectors that are looked up, related levels.
  static let lookup = 0.5e-9
  /// One entry of a written core for eight vectors that are looked up, and one pair of levels.
  static let panelLookup = 1.6e-9
  static let sweepLookup = 1.2e-9
  /// One row of eight numbers, added up with others' that stand in order.
  static let panelSum = 1.6e-9
  /// One row of a core in a step of Lanczos' method or of conjugate gradients, beside its entries.
  static let panelStep = 13e-9
  /// One row of a core in what slopes of eight probes are made of, by steps, and one entry.
  static let slopeVectors = 9e-9
  static let slopeEntry = 18e-9
  /// One entry of a written core, and one row, in an approximate factor that is applied to eight vectors.
  static let eliminatedEntry = 2e-9
  static let eliminatedRow = 30e-9
  /// One edge or vertex of a graph that is eliminated approximately.
  static let elimination = 250e-9
  /// Two scalars of a core that a leading level brings together: in the core, and in its derivative.
  static let meeting = 11e-9
  static let meetingSlope = 20e-9
  /// One pair of a leading scalar and one of a core: in all passes of an evaluation but its steps, and in the
  /// derivative.
  static let pair = 10e-9
  static let pairSlope = 1e-9
  /// One leading scalar.
  static let leadingScalar = 25e-9
  /// One multiplication and addition in a matrix product.
  static let product = 0.035e-9
  /// One multiplication and addition in a dense Cholesky factorization.
  static let cholesky = 0.045e-9
  /// One floating-point operation of CHOLMOD, in the core and, where most supernodes are narrow, in
  /// the whole.
  static let supernodal = 0.035e-9
  static let narrow = 0.055e-9
  static let simplicial = 0.9e-9
  /// One supernode, however small.
  static let supernode = 6e-6
  /// One entry of a sparse factor or of the matrix that is put into it.
  static let entry = 3e-9
  /// One leaf, which is eliminated on its own, derivatives included.
  static let leaf = 1.5e-6
  /// One byte of memory written and read again.
  static let byte = 0.1e-9
  /// A panel of dense columns may take so much memory.
  static let panelBytes = 1e9
}
