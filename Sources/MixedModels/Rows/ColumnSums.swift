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
    numbers.withUnsafeBufferPointer { numbers in
      for number in numbers { Self.add(number, to: &sum) }
    }
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
    // Knuth's form of what rounding took, which has no branch.
    let total = sum.value + number
    let part = total - sum.value
    sum.correction += (sum.value - (total - part)) + (number - part)
    sum.value = total
  }
}

extension RawBasis {
  /// Columns read as numbers, in the terms of both parts; those of means by groups only where they stand
  /// outside of these, too.
  var numericColumns: [String] {
    var names: [String] = []
    for expression in expressions {
      let text = expression.textColumns
      let columns = Set(expression.columns)
      names += expression.gridVariables.filter {
        columns.contains($0) && !text.contains($0) && !names.contains($0)
      }
    }
    return names
  }

  /// Means by groups, and what lies above them, in the terms of both parts, each once.
  var usedGroupMeans: [GroupMean] {
    expressions.flatMap(\.groupMeans).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Of them, what has to be known, in the order of the names: as model files number them.
  var groupMeanSources: [GroupMean.Source] {
    Set(usedGroupMeans.map(\.source)).sorted { $0.name < $1.name }
  }

  /// What atoms and comparisons are made of.
  private var expressions: [Expression] {
    atoms.map(\.expression)
      + factors.compactMap { if case .logical(let expression) = $0 { expression } else { nil } }
  }
}
