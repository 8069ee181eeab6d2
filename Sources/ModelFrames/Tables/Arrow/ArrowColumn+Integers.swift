// SPDX-License-Identifier: GPL-2.0-or-later

extension ArrowColumn {
  /// Of the types that are written as digits.
  func appendIntegers(
    _ rows: Range<Int>, _ bytes: Int, _ isSigned: Bool, to labels: inout ArrowLabels
  ) {
    switch (bytes, isSigned) {
    case (1, true): appendIntegers(rows, as: Int8.self, to: &labels)
    case (1, false): appendIntegers(rows, as: UInt8.self, to: &labels)
    case (2, true): appendIntegers(rows, as: Int16.self, to: &labels)
    case (2, false): appendIntegers(rows, as: UInt16.self, to: &labels)
    case (4, true): appendIntegers(rows, as: Int32.self, to: &labels)
    case (4, false): appendIntegers(rows, as: UInt32.self, to: &labels)
    case (_, true): appendIntegers(rows, as: Int64.self, to: &labels)
    case (_, false): appendIntegers(rows, as: UInt64.self, to: &labels)
    }
  }

  /// In sorted data the same integer comes again and again, and is not looked up again. Small ones are looked up
  /// as they are.
  @inline(__always)
  private func appendIntegers<Value: FixedWidthInteger & BitwiseCopyable>(
    _ rows: Range<Int>, as: Value.Type, to labels: inout ArrowLabels
  ) {
    labels.appendCodes(rows) { labels, target in
      let mayMiss = mayMiss
      var last: (value: Value, code: Int32) = (0, -1)
      for (k, row) in rows.enumerated() {
        if mayMiss, !isThere(row) {
          target[k] = -1
          continue
        }
        let value = element(row, as: Value.self)
        if last.code < 0 || last.value != value {
          last = (value, labels.dictionary.code(forInteger: value))
        }
        target[k] = last.code
      }
    }
  }

  func appendPlaces(_ rows: Range<Int>, to labels: inout ArrowLabels) {
    guard case .dictionary(let bytes, let isSigned, _) = type else { return }
    switch (bytes, isSigned) {
    case (1, true): appendPlaces(rows, as: Int8.self, to: &labels)
    case (1, false): appendPlaces(rows, as: UInt8.self, to: &labels)
    case (2, true): appendPlaces(rows, as: Int16.self, to: &labels)
    case (2, false): appendPlaces(rows, as: UInt16.self, to: &labels)
    case (4, true): appendPlaces(rows, as: Int32.self, to: &labels)
    case (4, false): appendPlaces(rows, as: UInt32.self, to: &labels)
    case (_, true): appendPlaces(rows, as: Int64.self, to: &labels)
    case (_, false): appendPlaces(rows, as: UInt64.self, to: &labels)
    }
  }

  /// A list of labels is looked at where rows point, not as a whole.
  @inline(__always)
  private func appendPlaces<Value: FixedWidthInteger & BitwiseCopyable>(
    _ rows: Range<Int>, as: Value.Type, to labels: inout ArrowLabels
  ) {
    let list = dictionary
    /// The codes of places that were looked at: −2 is none yet.
    var own: [Int32] = list.count <= 4 * rows.count ? Array(repeating: -2, count: list.count) : []
    own.withUnsafeMutableBufferPointer { own in
      labels.appendCodes(rows) { labels, target in
        let mayMiss = mayMiss
        for (k, row) in rows.enumerated() {
          if mayMiss, !isThere(row) {
            target[k] = -1
            continue
          }
          let value = element(row, as: Value.self)
          guard let place = Int(exactly: value), place >= 0, place < list.count else {
            labels.fault = ArrowValueFault(
              row: labels.codes.count + k,
              problem: .malformedBatch("a place of \(value) in a dictionary of \(list.count) values"))
            for rest in k..<target.count { target[rest] = -1 }
            return
          }
          if !own.isEmpty, own[place] != -2 {
            target[k] = own[place]
            continue
          }
          target[k] = list.code(ofElement: place, &labels)
          if let fault = labels.fault {
            labels.fault = ArrowValueFault(row: labels.codes.count + k, problem: fault.problem)
            for rest in k..<target.count { target[rest] = -1 }
            return
          }
          if !own.isEmpty { own[place] = target[k] }
        }
      }
    }
  }

  /// The code of one value of a list.
  private func code(ofElement place: Int, _ labels: inout ArrowLabels) -> Int32 {
    if !mayMiss {
      switch type {
      case .integer(4, true): return labels.dictionary.code(forInteger: element(place, as: Int32.self))
      case .integer(8, true): return labels.dictionary.code(forInteger: element(place, as: Int64.self))
      default: break
      }
    }
    appendLabels(place..<place + 1, to: &labels)
    return labels.codes.removeLast()
  }
}

extension ArrowLabels {
  /// Appends a code for every row, all of which `body` writes.
  @inline(__always)
  mutating func appendCodes(
    _ rows: Range<Int>, _ body: (inout ArrowLabels, UnsafeMutableBufferPointer<Int32>) -> Void
  ) {
    let own = [Int32](unsafeUninitializedCapacity: rows.count) { target, count in
      body(&self, UnsafeMutableBufferPointer(rebasing: target.prefix(rows.count)))
      count = rows.count
    }
    if codes.isEmpty { codes = own } else { codes += own }
  }
}

extension LevelDictionary {
  /// The code of an integer's digits.
  @inline(__always)
  fileprivate mutating func code<Value: FixedWidthInteger>(forInteger value: Value) -> Int32 {
    if let number = Int(exactly: value), let code = code(ofSmall: number) ?? code(addingSmall: number) {
      return code
    }
    return withDigits(of: value) { code(for: $0) }
  }
}

/// Calls `body` with an integer of at most 64 bits as it is written.
@inline(__always)
private func withDigits<Value: FixedWidthInteger, Result>(
  of value: Value, _ body: (UnsafeRawBufferPointer) -> Result
) -> Result {
  withUnsafeTemporaryAllocation(byteCount: 24, alignment: 8) { bytes in
    var (place, rest) = (24, UInt64(value.magnitude))
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      place -= 1
      bytes[place] = UInt8(ascii: "0") + UInt8(digit)
      rest = quotient
    } while rest > 0
    if value < 0 {
      place -= 1
      bytes[place] = UInt8(ascii: "-")
    }
    return body(UnsafeRawBufferPointer(rebasing: bytes[place...]))
  }
}
