// SPDX-License-Identifier: GPL-2.0-or-later

/// A column in memory as it is wanted, with what its labels mean.
struct WantedColumn: Sendable {
  private let request: ColumnRequest
  private let values: ColumnTable.Column.Values
  /// By label: whether it means missing, and by which of the user's texts.
  private let matches: [Int]
  /// By label, NaN for missing ones; empty unless numbers are wanted of labels.
  private let numbers: [NumberText]

  var wantsNumbers: Bool { request.wantsNumbers }
  var wantsLabels: Bool { request.wantsLabels }

  init(_ request: ColumnRequest, _ column: ColumnTable.Column, _ missing: MissingTexts) {
    (self.request, values) = (request, column.values)
    guard case .labels(_, let labels) = column.values else {
      (matches, numbers) = ([], [])
      return
    }
    matches = labels.matches(missing, usualCount: request.wantsNumbers)
    let (isLogical, kind) = (request.kind == .logical, request.kind)
    numbers =
      !request.wantsNumbers
      ? []
      : zip(0..<Int32(labels.count), matches).map { code, match in
        if match != MissingTexts.present { return .notANumber }
        return labels.withBytes(of: code) { bytes in
          let text = bytes.bindMemory(to: UInt8.self)
          if kind.isInstant { return Instant(text)?.number(in: kind).map { .number($0) } ?? .text }
          guard isLogical else { return readNumber(text) }
          return readLogical(text).map { .number($0 ? 1 : 0) } ?? .text
        }
      }
  }

  /// What stands in some rows; `met` gets the user's missing texts among it.
  func values(_ range: Range<Int>, _ missing: MissingTexts, _ met: inout Set<Int>) -> ColumnChunk {
    switch values {
    case .numbers(let all):
      var numbers = range.count == all.count ? all : Array(all[range])
      if missing.holdsNumbers {
        for row in numbers.indices {
          let match = missing.match(numbers[row])
          guard match >= 0 else { continue }
          met.insert(match)
          numbers[row] = .nan
        }
      }
      let (labels, codes) = request.wantsLabels ? numberLabels(numbers) : (LevelDictionary(), [])
      return ColumnChunk(
        numbers: request.wantsNumbers ? numbers : [], codes: codes, labels: labels)
    case .labels(let all, let dictionary):
      var codes = all[range]
      if matches.contains(where: { $0 != MissingTexts.present }) {
        for row in range where codes[row] >= 0 {
          let match = matches[Int(codes[row])]
          if match >= 0 { met.insert(match) }
          if match != MissingTexts.present { codes[row] = -1 }
        }
      }
      var chunk = ColumnChunk()
      if request.wantsLabels { (chunk.labels, chunk.codes) = dictionary.ofRows(codes) }
      if request.wantsNumbers { chunk.numbers = codes.map { number($0) } }
      return chunk
    }
  }

  private func number(_ code: Int32) -> Double {
    if code >= 0, case .number(let value) = numbers[Int(code)] { value } else { .nan }
  }

  /// The first row whose number cannot be used.
  func firstUnreadable(_ range: Range<Int>) -> Int? {
    guard request.wantsNumbers else { return nil }
    switch values {
    case .numbers(let all): return range.first { all[$0].isInfinite }
    case .labels(let codes, _):
      guard numbers.contains(where: { $0 == .text || $0 == .infinite }) else { return nil }
      return range.first {
        codes[$0] >= 0 && [.text, .infinite].contains(numbers[Int(codes[$0])])
      }
    }
  }

  func error(inRow row: Int, at place: RowPlace) -> DataError {
    switch values {
    case .numbers(let all):
      return DataError(
        .notFinite, at: place, column: request.name, value: all[row] > 0 ? "Inf" : "-Inf")
    case .labels(let codes, let labels):
      let problem: DataError.Problem =
        numbers[Int(codes[row])] == .infinite
        ? .notFinite
        : request.kind == .logical
          ? .notALogical : request.kind.isInstant ? .notAnInstant : .notANumber
      return DataError(problem, at: place, column: request.name, value: labels.label(codes[row]))
    }
  }
}

extension ColumnTable.Column {
  /// Whether they are labels and nothing else.
  var areLabels: Bool { if case .labels = values { !isLogical } else { false } }

  func kind(_ missing: MissingTexts) -> ColumnKind {
    switch values {
    case .numbers(let numbers): return numbers.contains { !$0.isNaN } ? .numeric : .empty
    case .labels(_, let labels):
      var (words, instants) = (LogicalWords(), InstantTally())
      let matches = labels.matches(missing, usualCount: true)
      for code in 0..<Int32(labels.count) where matches[Int(code)] == MissingTexts.present {
        labels.withBytes(of: code) {
          words.add($0.bindMemory(to: UInt8.self))
          instants.add($0.bindMemory(to: UInt8.self))
        }
      }
      guard matches.contains(MissingTexts.present) else { return .empty }
      return words.areAllLogical ? .logical : instants.kind ?? .categorical
    }
  }

  func text(ofRow row: Int) -> String {
    switch values {
    case .numbers(let numbers): numbers[row].isNaN ? "NA" : numberText(numbers[row])
    case .labels(let codes, let labels): codes[row] < 0 ? "NA" : labels.label(codes[row])
    }
  }
}

extension LevelDictionary {
  /// Which labels mean missing, see `MissingTexts.match`.
  ///
  /// - Parameter usualCount: Whether the usual ones do, `NA` and the empty text, which are numbers that are
  ///   missing but among texts are texts: a text that is missing is none.
  fileprivate func matches(_ missing: MissingTexts, usualCount: Bool) -> [Int] {
    (0..<Int32(count)).map { code in
      let match = withBytes(of: code) { missing.match($0.bindMemory(to: UInt8.self)) }
      return match == MissingTexts.usual && !usualCount ? MissingTexts.present : match
    }
  }
}

extension ColumnChunk {
  /// Keeps the first rows.
  mutating func cut(_ count: Int) {
    numbers = Array(numbers.prefix(count))
    (labels, codes) = labels.ofRows(codes.prefix(count))
  }
}

/// Numbers as the levels of a factor.
private func numberLabels(_ numbers: [Double]) -> (LevelDictionary, [Int32]) {
  var labels = LevelDictionary()
  var known: [Double: Int32] = [:]
  let codes = numbers.map { number -> Int32 in
    if number.isNaN { return -1 }
    if let code = known[number] { return code }
    let code = labels.code(for: numberText(number))
    known[number] = code
    return code
  }
  return (labels, codes)
}

/// The shortest text that means the number; integers as digits.
private func numberText(_ number: Double) -> String {
  guard number.magnitude < 0x1p53, number == number.rounded() else { return number.description }
  return String(Int(number))
}
