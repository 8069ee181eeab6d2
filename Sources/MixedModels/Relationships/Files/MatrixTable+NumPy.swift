// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension MatrixTable {
  /// The entries of a NumPy array, those below the diagonal; levels as those of a MatrixMarket file.
  ///
  /// - Throws: `DelimitedTextError` for what is no number, or not symmetric; `MemoryShortage`.
  init(numPy array: NumPyMatrix, _ file: RelationshipFile) throws {
    let n = array.size
    let labels = try Self.labels(file.path, count: n)
    try requireMemory(
      24 * Double(n) * Double(n + 1), for: "the entries of a matrix of \(n) levels",
      remedy: "Give the inverse, if it is sparse.")
    var entries: [(row: String, column: String, value: Double)] = []
    for i in 0..<n {
      for j in 0...i {
        let (value, other) = (array[i, j], array[j, i])
        guard value.isFinite, value == other else {
          throw file.problem(
            nil,
            value.isFinite && other.isFinite
              ? "the matrix is not symmetric: it has \(value) for “\(labels[i])” and “\(labels[j])”, and \(other) for “\(labels[j])” and “\(labels[i])”"
              : "the entry of “\(labels[i])” and “\(labels[j])” is no number")
        }
        if value != 0 || i == j { entries.append((labels[i], labels[j], value)) }
      }
    }
    self.init(entries, lines: [])
  }
}
