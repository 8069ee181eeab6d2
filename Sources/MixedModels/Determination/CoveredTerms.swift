// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Takes out terms of which only the sum with others is determined, where that leaves the family of
/// covariance matrices V as it is: every covariance matrix of the term's effects does to V what some
/// covariance matrices of other terms' effects do, or what the residual does.
///
/// Smaller terms go first, and later ones before earlier ones, as R drops aliased columns.
struct CoveredTerms {
  private let space: ParameterSpace
  private(set) var terms: [DeterminedColumns]

  init(_ space: ParameterSpace, _ terms: [DeterminedColumns]) {
    (self.space, self.terms) = (space, terms)
    while let (term, cover) = firstCovered() {
      self.terms[term].drop(for: cover.terms, residual: cover.residual)
    }
  }

  /// Parameters of what remains, as combinations of all parameters.
  func parameters(_ terms: [Int], residual: Bool) -> DenseMatrix {
    var columns = terms.flatMap { t in
      let Q = self.terms[t].basis
      return (0..<Q.columns).flatMap { b in
        (b..<Q.columns).map { a in
          space.vector(.symmetricProduct(Q.column(a), Q.column(b)), block: t)
        }
      }
    }
    if residual { columns.append(space.residual) }
    return DenseMatrix(columns: columns, rows: space.places.count + 1)
  }

  var present: [Int] { terms.indices.filter { !terms[$0].kept.isEmpty } }

  private typealias Cover = (terms: [Int], residual: Bool)

  private func firstCovered() -> (Int, Cover)? {
    let present = present
    // Nothing to do where all parameters that are left are determined.
    guard space.nullCombinations(of: parameters(present, residual: true)).columns > 0 else {
      return nil
    }
    for term in present.reversed().sorted(by: { terms[$0].kept.count < terms[$1].kept.count }) {
      let others = present.filter { $0 != term }
      let covers: [Cover] =
        others.map { ([$0], false) } + [([], true)] + others.map { ([$0], true) }
        + (others.count > 1 ? [(others, false), (others, true)] : [])
      if let cover = covers.first(where: { isCovered(term, by: $0) }) { return (term, cover) }
    }
    return nil
  }

  /// Whether V moves with the term's parameters as it does with those of `cover`, and positive
  /// semidefinite matrices become such.
  private func isCovered(_ term: Int, by cover: Cover) -> Bool {
    let own = parameters([term], residual: false)
    let other = parameters(cover.terms, residual: cover.residual)
    guard let map = projection(own, on: other) else { return false }
    let Q = terms[term].basis
    return trialDirections(Q.columns).allSatisfy { v in
      let weights = (0..<v.count).flatMap { b in (b..<v.count).map { v[$0] * v[b] } }
      return isSemidefinite(map * weights, cover)
    }
  }

  /// The combinations of `other` that do the same to V as each of `own`; nil if there are none.
  private func projection(_ own: DenseMatrix, on other: DenseMatrix) -> DenseMatrix? {
    let left = space.scales(other)
    let mixed = other.multipliedByTransposeOnLeft(space.moments.contrasts * own)
    let gram = space.gram(other)
    var scaled = gram
    for j in 0..<gram.columns { for i in 0..<gram.rows { scaled[i, j] *= left[i] * left[j] } }
    let (values, V) = symmetricEigenvectors(scaled)
    let inverse =
      V * DenseMatrix(diagonal: values.map { $0 > 100 * space.tolerance ? 1 / $0 : 0 })
      * V.transposed
    var right = mixed
    for j in 0..<right.columns { for i in 0..<right.rows { right[i, j] *= left[i] } }
    var map = inverse * right
    let explained = right.multipliedByTransposeOnLeft(map)
    let whole = space.gram(own)
    let norms = space.scales(own)
    for r in 0..<own.columns {
      let left = (whole[r, r] - explained[r, r]) * norms[r] * norms[r]
      guard left <= 10 * space.tolerance else { return nil }
    }
    for j in 0..<map.columns { for i in 0..<map.rows { map[i, j] *= left[i] } }
    return map
  }

  /// Directions of a term's effects whose outer products are tried: all axes, their sums and
  /// differences, and some more.
  private func trialDirections(_ size: Int) -> [[Double]] {
    var directions: [[Double]] = []
    for i in 0..<size {
      for j in i..<size {
        for sign in i == j ? [1.0] : [1, -1] {
          var v = [Double](repeating: 0, count: size)
          v[i] += 1
          if i != j { v[j] += sign }
          directions.append(v)
        }
      }
    }
    guard size > 2 else { return directions }
    var random = RandomStream(seed: 1)
    return directions + (0..<50).map { _ in (0..<size).map { _ in 2 * random.uniform() - 1 } }
  }

  private func isSemidefinite(_ parameters: [Double], _ cover: Cover) -> Bool {
    var next = 0
    var values: [Double] = []
    for t in cover.terms {
      let size = terms[t].kept.count
      let Σ = RelativeCovariance.lowerTriangle(parameters, &next, size: size)
      values += symmetricEigenvalues(Σ)
    }
    if cover.residual { values.append(parameters[next]) }
    let largest = values.reduce(0) { max($0, abs($1)) }
    return values.allSatisfy { $0 >= -1e-6 * largest }
  }
}
