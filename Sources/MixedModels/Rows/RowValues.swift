// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
package import ModelFrames

/// Where the columns that a model uses stand among the reader's requests.
package struct ColumnLookup: Sendable {
  package var requests: [ColumnRequest]

  package init(_ requests: [ColumnRequest]) { self.requests = requests }

  func index(_ name: String) -> Int {
    guard let index = requests.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("column \(name) was not requested")
    }
    return index
  }
}

/// The model's expressions, evaluated for all rows of a chunk, missing ones included.
struct RowValues {
  let response: [Double]
  let offset: [Double]
  let weights: [Double]?
  let atoms: [[Double]]
  let factors: [(LevelDictionary, [Int32])]
  private let names: [String]

  init(_ chunk: TableChunk, basis: RawBasis, columns: ColumnLookup) throws {
    func values(_ expression: Expression) throws -> [Double] {
      let textColumns = expression.textColumns
      return try evaluate(expression, count: chunk.rowCount) { name in
        let column = chunk.columns[columns.index(name)]
        if textColumns.contains(name) {
          let labels = (0..<Int32(column.labels.count)).map { column.labels.label($0) }
          return .labels(codes: column.codes, labels: labels)
        }
        return .numbers(column.numbers)
      }
    }
    var offset = [Double](repeating: 0, count: chunk.rowCount)
    for expression in basis.offsets {
      for (row, value) in try values(expression).enumerated() { offset[row] += value }
    }
    var response = try values(basis.response)
    for row in response.indices { response[row] -= offset[row] }
    self.response = response
    self.offset = offset
    atoms = try basis.atoms.map { try values($0.expression) }
    weights = try basis.weights.map { name in
      let weights = chunk.columns[columns.index(name)].numbers
      for (row, w) in weights.enumerated() where w <= 0 {
        throw RowError(
          row: row, column: name,
          message:
            "the weight \(w) is not positive. Weights are inverse variances; remove rows that must not count"
        )
      }
      return weights
    }
    factors = try basis.factors.map { source in
      switch source {
      case .column(let name):
        let column = chunk.columns[columns.index(name)]
        return (column.labels, column.codes)
      case .logical(let expression):
        return (Self.logicalLevels, try values(expression).map { $0.isNaN ? -1 : $0 != 0 ? 1 : 0 })
      }
    }
    names = [basis.response.deparsed] + basis.atoms.map(\.expression.deparsed)
  }

  private static let logicalLevels: LevelDictionary = {
    var levels = LevelDictionary()
    for label in ["FALSE", "TRUE"] {
      var bytes = label
      _ = bytes.withUTF8 { levels.code(for: UnsafeRawBufferPointer($0)) }
    }
    return levels
  }()

  /// The rows with finite numbers, for a first look at the data.
  var usableRows: [Int] {
    response.indices.filter { row in
      response[row].isFinite && atoms.allSatisfy { $0[row].isFinite }
        && weights?[row].isFinite != false
    }
  }

  /// The rows without a missing value.
  func completeRows(omitsMissing: Bool) throws -> [Int] {
    var isComplete = [Bool](repeating: true, count: response.count)
    for values in [response] + atoms + (weights.map { [$0] } ?? []) {
      for row in values.indices where values[row].isNaN { isComplete[row] = false }
    }
    for (_, codes) in factors {
      for row in codes.indices where codes[row] < 0 { isComplete[row] = false }
    }
    if !omitsMissing, let row = isComplete.firstIndex(of: false) {
      throw RowError(
        row: row, column: nil,
        message:
          "a value that the model uses is missing. Fill it in, or let --na omit leave such rows out"
      )
    }
    for (name, values) in zip(names, [response] + atoms) {
      if let row = values.indices.first(where: { isComplete[$0] && values[$0].isInfinite }) {
        throw RowError(
          row: row, column: nil,
          message: "\(name) is infinite here. Correct the value, or write NA to leave the row out")
      }
    }
    return isComplete.indices.filter { isComplete[$0] }
  }
}
