// SPDX-License-Identifier: GPL-2.0-or-later

/// The labels of some rows, in order of first appearance.
struct ArrowLabels {
  var dictionary = LevelDictionary()
  /// One for every row, −1 where none is.
  var codes: [Int32] = []
  /// The first value that cannot be read; the rows from there on have no labels.
  var fault: ArrowValueFault?
}

extension ArrowColumn {
  /// Appends the labels of some rows: texts as they are, numbers as they are written.
  func appendLabels(_ rows: Range<Int>, to labels: inout ArrowLabels) {
    if labels.fault != nil { return labels.appendNone(rows.count) }
    switch type {
    case .text, .textView: appendTexts(rows, to: &labels)
    case .dictionary: appendPlaces(rows, to: &labels)
    case .boolean:
      let bits = buffer(1)?.assumingMemoryBound(to: UInt8.self)
      append(rows, to: &labels) { row in
        let k = first + row
        return bits![k >> 3] >> UInt8(k & 7) & 1 == 1 ? Self.trueLabel : Self.falseLabel
      }
    case .integer(let bytes, let isSigned):
      appendIntegers(rows, bytes, isSigned, to: &labels)
    case .float(4):
      append(rows, to: &labels) { row in
        let value = Float(bitPattern: element(row, as: UInt32.self))
        return value.isNaN ? nil : numberLabelText(Double(value), shortest: value.description)
      }
    case .float:
      append(rows, to: &labels) { row in
        let value = Double(bitPattern: element(row, as: UInt64.self))
        return value.isNaN ? nil : numberLabelText(value, shortest: value.description)
      }
    case .decimal: append(rows, to: &labels) { row in decimal(row).text }
    case .date(false):
      append(rows, to: &labels) { row in dateText(days: Int(element(row, as: Int32.self))) }
    case .date:
      append(rows, to: &labels) { row in
        dateText(days: floorDivision(Int(element(row, as: Int64.self)), 86_400_000).quotient)
      }
    case .timestamp(let units):
      append(rows, to: &labels) { row in
        timestampText(Int(element(row, as: Int64.self)), unitsPerSecond: units)
      }
    case .null, .unreadable: labels.appendNone(rows.count)
    }
  }

  private static let (trueLabel, falseLabel) = (Array("TRUE".utf8), Array("FALSE".utf8))

  @inline(__always)
  func element<Value: BitwiseCopyable>(_ row: Int, as: Value.Type) -> Value {
    buffer(1)!.loadUnaligned(
      fromByteOffset: (first + row) * MemoryLayout<Value>.size, as: Value.self)
  }

  /// What is written of every value; nil for one that is missing.
  private func append(
    _ rows: Range<Int>, to labels: inout ArrowLabels, _ text: (Int) -> [UInt8]?
  ) {
    for row in rows {
      if isThere(row), let bytes = text(row) {
        labels.append(bytes)
      } else {
        labels.codes.append(-1)
      }
    }
  }

  private func appendTexts(_ rows: Range<Int>, to labels: inout ArrowLabels) {
    for row in rows {
      guard isThere(row) else {
        labels.codes.append(-1)
        continue
      }
      do throws(Fault) {
        labels.codes.append(labels.dictionary.code(for: try text(row)))
      } catch {
        labels.fault = ArrowValueFault(row: labels.codes.count, problem: .malformedBatch(error.words))
        return labels.appendNone(rows.upperBound - row)
      }
    }
  }

  /// The bytes of a string, valid as long as the batch.
  func text(_ row: Int) throws(Fault) -> UnsafeRawBufferPointer {
    guard case .text(let offsetBytes) = type else { return try view(row) }
    let offsets = buffer(1)! + (first + row) * offsetBytes
    let (start, end) =
      offsetBytes == 4
      ? (
        Int(offsets.loadUnaligned(as: Int32.self)),
        Int(offsets.loadUnaligned(fromByteOffset: 4, as: Int32.self))
      )
      : (
        Int(offsets.loadUnaligned(as: Int64.self)),
        Int(offsets.loadUnaligned(fromByteOffset: 8, as: Int64.self))
      )
    guard start >= 0, end >= start else { throw Fault("a text from \(start) to \(end)") }
    if start == end { return UnsafeRawBufferPointer(start: nil, count: 0) }
    guard let bytes = buffer(2) else { throw Fault("its texts are not there") }
    return UnsafeRawBufferPointer(start: bytes + start, count: end - start)
  }

  /// Of a view: length, then the text itself up to 12 bytes, or else four bytes, buffer and place.
  private func view(_ row: Int) throws(Fault) -> UnsafeRawBufferPointer {
    let place = buffer(1)! + (first + row) * 16
    let length = Int(place.loadUnaligned(as: Int32.self))
    guard length >= 0 else { throw Fault("a text of \(length) bytes") }
    if length <= 12 { return UnsafeRawBufferPointer(start: place + 4, count: length) }
    let index = Int(place.loadUnaligned(fromByteOffset: 8, as: Int32.self))
    let start = Int(place.loadUnaligned(fromByteOffset: 12, as: Int32.self))
    guard viewSizes.indices.contains(index), start >= 0, start + length <= viewSizes[index],
      let bytes = buffer(2 + index)
    else { throw Fault("a text from \(start) on in buffer \(index), which has none there") }
    return UnsafeRawBufferPointer(start: bytes + start, count: length)
  }
}

extension ArrowLabels {
  fileprivate mutating func append(_ bytes: [UInt8]) {
    codes.append(bytes.withUnsafeBytes { dictionary.code(for: $0) })
  }

  mutating func appendNone(_ count: Int) {
    codes.append(contentsOf: repeatElement(-1, count: count))
  }
}

/// The shortest text that means the number; integers as digits.
private func numberLabelText(_ value: Double, shortest: String) -> [UInt8] {
  guard value.magnitude < 0x1p53, value == value.rounded() else { return Array(shortest.utf8) }
  return Array(String(Int(value)).utf8)
}
