// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// What the elimination of levels with few neighbours leaves, S = D^½(I + E)D^½ with D its diagonal: sparse,
/// with E small where those that are left, such as sires, have many descendants.
///
/// Rows are owned by one thread and summed in the order of their partners: nothing depends on the number of
/// threads.
final class ScaledRemainder {
  let size: Int
  let team: ThreadTeam
  /// Off its diagonal, both triangles.
  let E: BlockRows
  /// Rows in parts of about equal work.
  let parts: [Range<Int>]
  /// D^(−½)
  let scales: OwnedBuffer<Double>
  /// tr E²
  private(set) var squares = 0.0
  /// log |D|
  private(set) var logDiagonal = 0.0
  /// The diagonal's entries in the lower triangle, and the entry there of each one of E.
  private let diagonal: [Int]
  private let entries: [Int32]
  private let sums: OwnedBuffer<Double>

  /// - Parameter pattern: Of S.
  init(_ pattern: SymmetricPattern, _ team: ThreadTeam) {
    (size, self.team) = (pattern.size, team)
    diagonal = Array(pattern.columnStarts.dropLast())
    var (rows, entries) = BlockRows.Pattern.collected(
      count: pattern.size, entries: 2 * (pattern.entryCount - pattern.size), keepsSource: true
    ) { visit in
      // By columns the partners of a row ascend: first those before it, then, from its own column, those after.
      for j in 0..<pattern.size {
        for e in pattern.columnStarts[j] + 1..<max(pattern.columnStarts[j + 1], pattern.columnStarts[j] + 1) {
          visit(pattern.rowIndices[e], Int32(j), UInt32(e))
        }
      }
      for j in 0..<pattern.size {
        for e in pattern.columnStarts[j] + 1..<max(pattern.columnStarts[j + 1], pattern.columnStarts[j] + 1) {
          visit(j, Int32(pattern.rowIndices[e]), UInt32(e))
        }
      }
    }
    self.entries = entries.map { Int32(bitPattern: $0) }
    let starts = rows.starts
    E = BlockRows(consuming: &rows, height: 1, width: 1, isUnit: false) { _ in }
    scales = OwnedBuffer(repeating: 0, count: size)
    parts = Self.cut(starts)
    sums = OwnedBuffer(repeating: 0, count: 2 * parts.count)
  }

  private static let partCount = 64

  private static func cut(_ starts: [Int]) -> [Range<Int>] {
    let rows = starts.count - 1
    guard rows > 0 else { return [] }
    let share = (starts[rows] + 8 * rows) / partCount + 1
    var (parts, first): ([Range<Int>], Int) = ([], 0)
    for row in 0..<rows where starts[row + 1] - starts[first] + 8 * (row + 1 - first) >= share || row == rows - 1 {
      parts.append(first..<row + 1)
      first = row + 1
    }
    return parts
  }

  /// Whether a sweep is worth more than one thread.
  private var pays: Bool { size + entries.count > 4000 }

  func forEachPart(_ body: (_ part: Int, _ rows: Range<Int>) -> Void) {
    team.forEach(parts.count, pays: pays) { _, part in body(part, parts[part]) }
  }

  /// - Parameter S: Parallel to the pattern's entries.
  /// - Throws: `CholmodError.notPositiveDefinite`.
  func update(_ S: ArraySlice<Double>) throws(CholmodError) {
    let failed = S.withUnsafeBufferPointer { S -> Int? in
      for i in 0..<size {
        let own = S[diagonal[i]]
        guard own > 0, own.isFinite else { return i }
        scales.start[i] = 1 / own.squareRoot()
      }
      nonisolated(unsafe) let S = S.baseAddress
      forEachPart { part, rows in
        var (square, logarithm) = (0.0, 0.0)
        for i in rows {
          for k in E.starts.start[i]..<E.starts.start[i + 1] {
            let value = S![Int(entries[k])] * scales.start[i] * scales.start[Int(E.partners.start[k])]
            E.values.start[k] = value
            square += value * value
          }
          logarithm += log(S![diagonal[i]])
        }
        (sums.start[2 * part], sums.start[2 * part + 1]) = (square, logarithm)
      }
      return nil
    }
    if let failed { throw .notPositiveDefinite(column: failed) }
    squares = parts.indices.reduce(0) { $0 + sums.start[2 * $1] }
    logDiagonal = parts.indices.reduce(0) { $0 + sums.start[2 * $1 + 1] }
  }

  /// result = (I + E)q
  func apply(_ q: Panel, result: Panel) {
    forEachPart { _, rows in
      (result.start + rows.lowerBound).update(from: q.start + rows.lowerBound, count: rows.count)
      E.addProducts(rows, q.start, to: result.start)
    }
  }

  /// The derivative in S of log |D| + F(E), given F's in both triangles of E.
  ///
  /// - Parameter slopes: Parallel to the values of E.
  /// - Returns: Parallel to the pattern's entries.
  func derivative(_ slopes: UnsafePointer<Double>) -> [Double] {
    var result = [Double](repeating: 0, count: entries.count / 2 + size)
    result.withUnsafeMutableBufferPointer { result in
      nonisolated(unsafe) let (result, slopes) = (result.baseAddress, slopes)
      forEachPart { _, rows in
        for i in rows {
          let own = scales.start[i]
          var sum = 1.0
          for k in E.starts.start[i]..<E.starts.start[i + 1] {
            sum -= slopes[k] * E.values.start[k]
            let partner = Int(E.partners.start[k])
            // Every entry is written by the row of its column.
            if partner > i { result![Int(entries[k])] = slopes[k] * own * scales.start[partner] }
          }
          result![diagonal[i]] = sum * own * own
        }
      }
    }
    return result
  }
}
