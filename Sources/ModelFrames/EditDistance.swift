// SPDX-License-Identifier: GPL-2.0-or-later

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
/// (optimal string alignment).
func editDistance<Symbol: Equatable>(_ a: [Symbol], _ b: [Symbol]) -> Int {
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
