// SPDX-License-Identifier: GPL-2.0-or-later

/// What hashes begin with: another in every process, so that nobody can write labels or pairs that
/// meet in one place of a table.
///
/// Decides where something is found, never in which order anything comes.
package struct HashSeed: Sendable {
  package let first, second: UInt64

  package static let ofProcess = HashSeed(
    first: .random(in: .min ... .max), second: .random(in: .min ... .max))
}
