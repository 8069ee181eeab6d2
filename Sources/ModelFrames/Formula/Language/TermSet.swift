// SPDX-License-Identifier: GPL-2.0-or-later

/// Terms without duplicates, in the order they were added.
struct TermSet {
  /// Each term with the number of its insertion.
  private var places: [[Int]: Int] = [:]
  private var insertions = 0

  init() {}

  init(_ term: [Int]) { insert(term) }

  var count: Int { places.count }
  var isEmpty: Bool { places.isEmpty }
  var terms: [[Int]] { places.sorted { $0.value < $1.value }.map(\.key) }

  mutating func insert(_ term: [Int]) {
    if places[term] != nil { return }
    places[term] = insertions
    insertions += 1
  }

  mutating func remove(_ other: TermSet) {
    for term in other.places.keys { places[term] = nil }
  }

  /// One term with all variables of all terms.
  var union: TermSet { TermSet(Set(places.keys.joined()).sorted()) }

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
