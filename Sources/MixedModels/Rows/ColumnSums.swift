// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Unweighted sums, over the rows used, of the columns that the model's numbers are made of: what the
/// mean of x is where A has log(x) only, or sums with weights.
package struct ColumnSums: Sendable {
  /// Neumaier's compensated sums by column name.
  private var sums: [String: (value: Double, correction: Double)] = [:]

  package init() {}

  /// From saved values.
  init(_ values: [String: Double]) { sums = values.mapValues { ($0, 0) } }

  package var values: [String: Double] { sums.mapValues { $0.value + $0.correction } }

  package mutating func add(_ name: String, _ numbers: [Double]) {
    var sum = sums[name] ?? (0, 0)
    for number in numbers { Self.add(number, to: &sum) }
    sums[name] = sum
  }

  /// Adds other rows; columns that one of both does not know are dropped.
  package mutating func merge(_ other: ColumnSums) {
    sums = sums.reduce(into: [:]) { result, entry in
      guard let theirs = other.sums[entry.key] else { return }
      var sum = entry.value
      Self.add(theirs.value, to: &sum)
      Self.add(theirs.correction, to: &sum)
      result[entry.key] = sum
    }
  }

  private static func add(_ number: Double, to sum: inout (value: Double, correction: Double)) {
    let total = sum.value + number
    sum.correction +=
      abs(sum.value) >= abs(number)
      ? (sum.value - total) + number : (number - total) + sum.value
    sum.value = total
  }
}

extension RawBasis {
  /// Columns read as numbers, in the terms of both parts.
  var numericColumns: [String] {
    let comparisons = factors.compactMap {
      if case .logical(let expression) = $0 { expression } else { nil }
    }
    var names: [String] = []
    for expression in atoms.map(\.expression) + comparisons {
      let text = expression.textColumns
      names += expression.columns.filter { !text.contains($0) && !names.contains($0) }
    }
    return names
  }
}
