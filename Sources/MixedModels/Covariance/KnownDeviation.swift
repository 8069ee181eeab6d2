// SPDX-License-Identifier: GPL-2.0-or-later

/// One standard deviation that is known where σ is not: then σ is it divided by its relative size, and no
/// parameter of its own.
struct KnownDeviation: Sendable, Equatable {
  /// Among the covariance's blocks.
  let block: Int
  /// Among the block's reported columns.
  let column: Int
  /// In units of the response.
  let value: Double
}
