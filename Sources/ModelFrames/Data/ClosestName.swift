// SPDX-License-Identifier: GPL-2.0-or-later

/// The name that `name` may be a misspelling of: fewest edits, at most a third of its length.
///
/// Case counts for nothing, ties go to the first.
package func closestName(to name: String, among names: [String]) -> String? {
  let wanted = Array(name.lowercased().unicodeScalars.prefix(64))
  let limit = max(1, wanted.count / 3)
  var best: (name: String, edits: Int)?
  for candidate in names.prefix(10_000) {
    let scalars = Array(candidate.lowercased().unicodeScalars.prefix(64))
    if abs(scalars.count - wanted.count) > limit { continue }
    let edits = editDistance(wanted, scalars)
    if edits <= limit, edits < best?.edits ?? .max, edits < max(scalars.count, 1) {
      best = (candidate, edits)
    }
  }
  return best?.name
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
/// (optimal string alignment).
private func editDistance(_ a: [UnicodeScalar], _ b: [UnicodeScalar]) -> Int {
  var before: [Int] = []  // row i - 2 of the table of distances
  var above = Array(0...b.count)  // row i - 1
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var edits = min(above[j] + (a[i] == b[j] ? 0 : 1), above[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { edits = min(edits, before[j - 1] + 1) }
      row.append(edits)
    }
    (before, above) = (above, row)
  }
  return above[b.count]
}
