// SPDX-License-Identifier: GPL-2.0-or-later

import MixedModels
extension SimulationDesign {
  var columnNames: [String] {
    [response] + covariates.map(\.name) + factors.filter(\.isWritten).map(\.name)
  }

  /// The response as it is written, rounded unless doubles cannot show so many decimals.
  func writtenResponse(_ rows: SimulatedRows) -> [Double] {
    let scale = (0..<responseDecimals).reduce(1.0) { power, _ in power * 10 }
    guard rows.response.allSatisfy({ abs($0 * scale) < 9e15 }) else { return rows.response }
    return rows.response.map { ($0 * scale).rounded() / scale }
  }

  /// The header line of the table.
  var header: String {
    columnNames.map { DelimitedField.text($0).encoded }.joined(separator: ",") + "\n"
  }

  /// The rows as lines of CSV.
  func text(of rows: SimulatedRows) -> [UInt8] {
    var columns = [TextColumn(rows.response, decimals: responseDecimals)]
    for (covariate, values) in zip(covariates, rows.covariates) {
      if case .labels(let labels) = covariate.distribution {
        columns.append(TextColumn(labels, codes: values.map { Int($0) }))
      } else {
        columns.append(TextColumn(values, decimals: covariate.decimals))
      }
    }
    for (factor, levels) in zip(factors, rows.levels) where factor.isWritten {
      if let labels = factor.labels {
        let fields = labels.map { DelimitedField.text($0).encoded }
        columns.append(TextColumn(fields, codes: levels.map { Int($0) }))
      } else {
        columns.append(TextColumn(levels, first: factor.firstNumber))
      }
    }
    let width = columns.reduce(0) { $0 + $1.widest + 1 }
    return Array(unsafeUninitializedCapacity: rows.count * width) { buffer, count in
      for row in 0..<rows.count {
        for column in columns {
          count = column.write(row, to: buffer, at: count)
          buffer[count] = UInt8(ascii: ",")
          count += 1
        }
        buffer[count - 1] = UInt8(ascii: "\n")
      }
    }
  }
}

/// A column ready to be written: decimal numbers as integers, labels as indices.
private struct TextColumn {
  private let values: [Int]
  /// 10^decimals.
  private let scale: UInt
  private let decimals: Int
  private let labels: [[UInt8]]
  /// Bytes of the longest field.
  let widest: Int

  init(_ numbers: [Double], decimals: Int) {
    let scale = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
    // Beyond what doubles can show in so many decimals all digits are written.
    let isLarge = !numbers.allSatisfy { abs($0 * scale) < 9e15 }
    self.decimals = isLarge ? 0 : decimals
    self.scale = isLarge ? 1 : UInt(scale)
    values = isLarge ? Array(numbers.indices) : numbers.map { Int(($0 * scale).rounded()) }
    labels = isLarge ? numbers.map { Array($0.description.utf8) } : []
    // Sign, 19 digits, point, leading zero; or the longest description.
    widest = isLarge ? labels.map(\.count).max() ?? 0 : 22
  }

  init(_ levels: [Int32], first: Int) {
    (decimals, scale, labels, widest) = (0, 1, [], 22)
    values = levels.map { Int($0) + first }
  }

  init(_ labels: [String], codes: [Int]) {
    (decimals, scale) = (0, 1)
    self.labels = labels.map { Array($0.utf8) }
    values = codes
    widest = self.labels.map(\.count).max() ?? 0
  }

  /// Writes the field and returns the place after it.
  @inline(__always)
  func write(_ row: Int, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) -> Int {
    let value = values[row]
    guard labels.isEmpty else {
      let label = labels[value]
      for (i, byte) in label.enumerated() { buffer[start + i] = byte }
      return start + label.count
    }
    var place = start
    if value < 0 {
      buffer[place] = UInt8(ascii: "-")
      place += 1
    }
    guard decimals > 0 else { return writeDigits(value.magnitude, 1, buffer, place) }
    let (whole, fraction) = value.magnitude.quotientAndRemainder(dividingBy: scale)
    place = writeDigits(whole, 1, buffer, place)
    buffer[place] = UInt8(ascii: ".")
    return writeDigits(fraction, decimals, buffer, place + 1)
  }
}

/// Writes a number with at least `minimum` digits and returns the place after it.
@inline(__always)
private func writeDigits(
  _ number: UInt, _ minimum: Int, _ buffer: UnsafeMutableBufferPointer<UInt8>, _ start: Int
) -> Int {
  var digits = minimum
  if minimum == 1 {
    var bound: UInt = 10
    while digits < 19, number >= bound {
      digits += 1
      bound &*= 10
    }
  }
  var rest = number
  for i in stride(from: start + digits - 1, through: start, by: -1) {
    let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
    buffer[i] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
    rest = quotient
  }
  return start + digits
}
