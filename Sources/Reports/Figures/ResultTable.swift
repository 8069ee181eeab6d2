// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// Columns of a table of results, held in memory: what figures of measurements are drawn from.
package struct ResultTable {
  package let path: String
  private let numberColumns: [String: [Double]]
  private let textColumns: [String: [String]]

  /// - Throws: `DataError` for a file that cannot be read or lacks a column.
  package init(_ path: String, numbers: [String], texts: [String]) throws {
    self.path = path
    let reader = try TableReader([.file(path)])
    let requests =
      numbers.map { ColumnRequest(name: $0, wantsNumbers: true, wantsLabels: false) }
      + texts.map { ColumnRequest(name: $0, wantsNumbers: false, wantsLabels: true) }
    for request in requests { _ = try reader.kind(of: request.name) }
    var numberColumns = numbers.map { _ in [Double]() }
    var textColumns = texts.map { _ in [String]() }
    try reader.read(requests, transform: { $0 }) { chunk in
      for k in numbers.indices { numberColumns[k] += chunk.columns[k].numbers }
      for k in texts.indices {
        let column = chunk.columns[numbers.count + k]
        textColumns[k] += column.codes.map { $0 < 0 ? "" : column.labels.label($0) }
      }
    }
    self.numberColumns = Dictionary(uniqueKeysWithValues: zip(numbers, numberColumns))
    self.textColumns = Dictionary(uniqueKeysWithValues: zip(texts, textColumns))
  }

  /// NaN where missing; `name` is one of those that were asked for.
  func numbers(_ name: String) -> [Double] { numberColumns[name]! }

  /// Empty where missing.
  func texts(_ name: String) -> [String] { textColumns[name]! }
}
