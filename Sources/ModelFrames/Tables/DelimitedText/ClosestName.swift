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
