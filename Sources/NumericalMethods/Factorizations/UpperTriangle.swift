// SPDX-License-Identifier: GPL-2.0-or-later

/// The upper triangle by columns of a matrix given by its lower one, with a buffer for its values.
final class UpperTriangle: @unchecked Sendable {
  let columnStarts: [Int]
  let rowIndices: [Int]
  let values: UnsafeMutablePointer<Double>
  /// Where entry e of the lower triangle goes.
  private let target: [Int]

  init(transposing lower: SymmetricPattern) {
    var starts = [Int](repeating: 0, count: lower.size + 1)
    for i in lower.rowIndices { starts[i + 1] += 1 }
    for j in 0..<lower.size { starts[j + 1] += starts[j] }
    var next = starts
    var rows = [Int](repeating: 0, count: lower.entryCount)
    var target = rows
    for j in 0..<lower.size {
      for e in lower.columnStarts[j]..<lower.columnStarts[j + 1] {
        let i = lower.rowIndices[e]
        rows[next[i]] = j
        target[e] = next[i]
        next[i] += 1
      }
    }
    columnStarts = starts
    rowIndices = rows
    self.target = target
    values = .allocate(capacity: max(lower.entryCount, 1))
  }

  deinit { values.deallocate() }

  /// Transposes the values of the lower triangle into `values`.
  func fill(from lower: UnsafeBufferPointer<Double>) {
    for e in 0..<target.count { values[target[e]] = lower[e] }
  }
}
