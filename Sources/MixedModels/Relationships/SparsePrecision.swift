// SPDX-License-Identifier: GPL-2.0-or-later

/// A positive definite matrix over levels, by its entries on and below the diagonal.
package struct SparsePrecision: Sendable, Equatable {
  package struct Edge: Sendable, Equatable {
    package let row: Int32
    package let column: Int32
    package let value: Double
  }
  package let diagonal: [Double]
  /// By column, then row; row > column.
  package let edges: [Edge]
  package let logDeterminant: Double
}
