// SPDX-License-Identifier: GPL-2.0-or-later
import CCholmod

/// How to look for an order of elimination with little fill.
package enum OrderingMethod: Sendable {
  /// Approximate minimum degree; if its factor is large, nested dissection too, and the better.
  case automatic
  /// Approximate minimum degree alone (Amestoy, Davis & Duff 1996).
  case minimumDegree
}

/// A postordered fill-reducing permutation of a symmetric matrix.
///
/// Element k is the row of the matrix to be eliminated as the k-th. Postordered means that the
/// columns of a subtree of the elimination tree are consecutive, which supernodes need.
/// - Throws: `CholmodError.outOfMemory` or `.tooLarge`.
package func fillReducingOrder(
  _ pattern: SymmetricPattern, method: OrderingMethod = .automatic
) throws(CholmodError) -> [Int] {
  precondition(pattern.isValid, "not the lower triangle by columns with sorted rows")
  guard pattern.size > 0 else { return [] }
  let workspace = CholmodWorkspace()
  let common = workspace.common
  common.pointee.supernodal = CHOLMOD_SIMPLICIAL  // only the order is wanted
  if method == .minimumDegree {
    common.pointee.nmethods = 1
    common.pointee.method.0.ordering = CHOLMOD_AMD
  }
  common.pointee.postorder = 1
  var factor = withCholmodView(
    size: pattern.size, columnStarts: pattern.columnStarts, rowIndices: pattern.rowIndices,
    triangle: -1, values: nil
  ) { cholmod_l_analyze($0, common) }
  defer { cholmod_l_free_factor(&factor, common) }
  try workspace.throwIfFailed()
  guard let factor else { throw .failed(status: Int(common.pointee.status)) }
  let order = factor.pointee.Perm.assumingMemoryBound(to: cholmod_index.self)
  return (0..<pattern.size).map { Int(order[$0]) }
}
