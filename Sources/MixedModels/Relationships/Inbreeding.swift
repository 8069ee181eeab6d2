// SPDX-License-Identifier: GPL-2.0-or-later

/// Coefficients of inbreeding, from the ancestors of every individual (Meuwissen & Luo 1992, Genetics Selection
/// Evolution 24, 305–313):
///
///     F_i = Σ_j l_ij² d_j − 1
///
/// over i's ancestors j and itself, with l_i its row of A's factor and d the within-family variances, A = L diag(d) Lᵀ.
struct Inbreeding {
  private(set) var values: [Double]
  /// d
  private(set) var variances: [Double]

  /// - Parameter parents: Places of the parents, before their offspring; −1 where one is unknown.
  init(_ parents: [(sire: Int, dam: Int)]) {
    let n = parents.count
    values = Array(repeating: 0, count: n)
    variances = Array(repeating: 1, count: n)
    // Generations from the founders on: all parents of one are in those before.
    var generations = [Int32](repeating: 0, count: n)
    var ancestors = Ancestors(n)
    for i in 0..<n {
      let (sire, dam) = parents[i]
      if sire >= 0 { take(sire, of: i, &generations) }
      if dam >= 0 { take(dam, of: i, &generations) }
      guard sire >= 0, dam >= 0 else { continue }
      values[i] = max(0, ancestors.sumOfSquares(of: i, parents, generations, variances) - 1)
    }
  }

  private mutating func take(_ parent: Int, of i: Int, _ generations: inout [Int32]) {
    variances[i] -= 0.25 * (1 + values[parent])
    generations[i] = max(generations[i], generations[parent] + 1)
  }
}

/// The ancestors of one individual, in lists by generation, so that a share is whole before it is passed on.
private struct Ancestors {
  /// Share of the individual; 0 for others.
  private var shares: [Double]
  /// Next one of the same generation.
  private var next: [Int32]
  /// First one of every generation; −1: none.
  private var first: [Int32] = []

  init(_ count: Int) {
    shares = Array(repeating: 0, count: count)
    next = Array(repeating: -1, count: count)
  }

  /// Σ_j l_ij² d_j
  mutating func sumOfSquares(
    of i: Int, _ parents: [(sire: Int, dam: Int)], _ generations: [Int32], _ d: [Double]
  ) -> Double {
    let own = Int(generations[i])
    while first.count <= own { first.append(-1) }
    (shares[i], next[i], first[own]) = (1, -1, Int32(i))
    var sum = 0.0
    for generation in stride(from: own, through: 0, by: -1) {
      var j = Int(first[generation])
      first[generation] = -1
      while j >= 0 {
        let (sire, dam) = parents[j]
        if sire >= 0 { add(0.5 * shares[j], to: sire, Int(generations[sire])) }
        if dam >= 0 { add(0.5 * shares[j], to: dam, Int(generations[dam])) }
        sum += shares[j] * shares[j] * d[j]
        shares[j] = 0
        j = Int(next[j])
      }
    }
    return sum
  }

  private mutating func add(_ share: Double, to j: Int, _ generation: Int) {
    if shares[j] == 0 {
      next[j] = first[generation]
      first[generation] = Int32(j)
    }
    shares[j] += share
  }
}
