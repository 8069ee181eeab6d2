// SPDX-License-Identifier: GPL-2.0-or-later

/// Terms without duplicates, in the order they were added.
struct TermSet {
  private(set) var terms: [[Int]] = []
  private var members: Set<[Int]> = []

  init() {}

  init(_ terms: [[Int]]) {
    for term in terms { insert(term) }
  }

  mutating func insert(_ term: [Int]) {
    if members.insert(term).inserted { terms.append(term) }
  }

  mutating func remove(_ other: TermSet) {
    if other.terms.allSatisfy({ !members.contains($0) }) { return }
    members.subtract(other.members)
    terms.removeAll { !members.contains($0) }
  }

  /// One term with all variables of all terms.
  var union: TermSet { TermSet([Set(terms.joined()).sorted()]) }

  /// The variables of both terms, ascending.
  static func product(_ a: [Int], _ b: [Int]) -> [Int] {
    var result: [Int] = []
    result.reserveCapacity(a.count + b.count)
    var (i, j) = (0, 0)
    while i < a.count || j < b.count {
      if j == b.count || (i < a.count && a[i] < b[j]) {
        result.append(a[i])
        i += 1
      } else {
        if i < a.count, a[i] == b[j] { i += 1 }
        result.append(b[j])
        j += 1
      }
    }
    return result
  }
}
