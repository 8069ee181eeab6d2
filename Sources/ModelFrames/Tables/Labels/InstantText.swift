// SPDX-License-Identifier: GPL-2.0-or-later

/// What a text of ISO 8601 says of a point in time.
enum Instant: Equatable {
  /// `2024-01-31`: days since 1970-01-01.
  case date(days: Int)
  /// `2024-01-31T12:30:00Z`, `2024-01-31 12:30`, seconds since 1970-01-01 00:00 UTC; without an offset the
  /// clock is taken for UTC.
  case dateTime(seconds: Double)
  /// `12:30`, `12:30:05.25`: seconds since midnight.
  case time(seconds: Double)

  /// Nil for any other text, and for days that no calendar has; blanks around it do not count.
  init?(_ field: UnsafeBufferPointer<UInt8>) {
    let (first, last) = trimmed(field)
    var text = InstantText(field[first..<last])
    guard let date = text.date() else {
      guard let seconds = text.clock(), text.isAtEnd else { return nil }
      self = .time(seconds: seconds)
      return
    }
    if text.isAtEnd {
      self = .date(days: date)
      return
    }
    guard text.skip("T") || text.skip(" "), let seconds = text.clock(), let offset = text.offset(),
      text.isAtEnd
    else { return nil }
    self = .dateTime(seconds: 86400 * Double(date) + seconds - offset)
  }

  /// As a number of a column of some kind; nil where the text is of another kind.
  func number(in kind: ColumnKind) -> Double? {
    switch (self, kind) {
    case (.date(let days), .date): Double(days)
    case (.date(let days), .dateTime): 86400 * Double(days)
    case (.dateTime(let seconds), .dateTime), (.time(let seconds), .time): seconds
    default: nil
    }
  }
}

/// Reads an instant from its first byte on.
private struct InstantText {
  private var rest: Slice<UnsafeBufferPointer<UInt8>>

  init(_ text: Slice<UnsafeBufferPointer<UInt8>>) { rest = text }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard let byte = rest.first, byte == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func digits(_ count: Int) -> Int? {
    guard rest.count >= count, rest.prefix(count).allSatisfy({ 48...57 ~= $0 }) else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count).reduce(0) { 10 * $0 + Int($1) - 48 }
  }

  /// Days of `2024-01-31`; nothing is read where that is not there.
  mutating func date() -> Int? {
    let start = rest
    guard let year = digits(4), skip("-"), let month = digits(2), skip("-"), let day = digits(2),
      let days = daysSince1970(year, month, day)
    else {
      rest = start
      return nil
    }
    return days
  }

  /// Seconds of `12:30`, `12:30:05`, `12:30:05.25`.
  mutating func clock() -> Double? {
    guard let hours = digits(2), hours < 24, skip(":"), let minutes = digits(2), minutes < 60 else {
      return nil
    }
    var seconds = Double(3600 * hours + 60 * minutes)
    guard skip(":") else { return seconds }
    guard let whole = digits(2), whole <= 60 else { return nil }  // leap seconds
    seconds += Double(whole)
    guard skip(".") else { return seconds }
    guard let first = rest.first, 48...57 ~= first else { return nil }
    var (fraction, scale) = (0.0, 1.0)
    while let byte = rest.first, 48...57 ~= byte {
      if scale < 1e15 { (fraction, scale) = (10 * fraction + Double(byte - 48), 10 * scale) }
      rest.removeFirst()
    }
    return seconds + fraction / scale
  }

  /// Seconds east of Greenwich: `Z`, `+02`, `+02:00`, `-0130`; 0 without any.
  mutating func offset() -> Double? {
    if isAtEnd || skip("Z") { return 0 }
    let isEast = skip("+")
    guard isEast || skip("-"), let hours = digits(2), hours < 24 else { return nil }
    var seconds = Double(3600 * hours)
    if !isAtEnd {
      _ = skip(":")
      guard let minutes = digits(2), minutes < 60 else { return nil }
      seconds += Double(60 * minutes)
    }
    return isEast ? seconds : -seconds
  }
}

/// Of a day of the Gregorian calendar, which is taken to hold at all times; nil for one that is none.
private func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int? {
  let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  guard 1...12 ~= month else { return nil }
  let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  guard 1...length ~= day else { return nil }
  // Years begin in March, so that the day that may be there is their last.
  let y = month > 2 ? year : year - 1
  let century = y >= 0 ? y / 400 : (y - 399) / 400
  let yearOfEra = y - century * 400
  let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  return century * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

/// Whether all values of a column are instants, looked at one by one.
struct InstantTally {
  private var dates = 0
  private var dateTimes = 0
  private var times = 0
  private var areAllInstants = true

  mutating func add(_ field: UnsafeBufferPointer<UInt8>) {
    guard areAllInstants else { return }
    switch Instant(field) {
    case .date: dates += 1
    case .dateTime: dateTimes += 1
    case .time: times += 1
    case nil: areAllInstants = false
    }
    if times > 0, dates + dateTimes > 0 { areAllInstants = false }
  }

  /// What these values, all there are, make of the column; nil where they are no instants, or none.
  var kind: ColumnKind? {
    guard areAllInstants else { return nil }
    if times > 0 { return .time }
    if dateTimes > 0 { return .dateTime }
    return dates > 0 ? .date : nil
  }
}

extension ColumnKind {
  /// Whether its numbers are read from dates or times.
  package var isInstant: Bool { self == .date || self == .dateTime || self == .time }

  /// What its numbers count; nil for others.
  package var unit: String? {
    switch self {
    case .date: "days since 1970-01-01"
    case .dateTime: "seconds since 1970-01-01 00:00 UTC"
    case .time: "seconds since midnight"
    case .numeric, .logical, .categorical, .empty: nil
    }
  }

  /// A value as a user writes it, `2024-01-31`, as the number that the column holds; nil if it is none.
  package func number(of text: String) -> Double? {
    Array(text.utf8).withUnsafeBufferPointer { Instant($0)?.number(in: self) }
  }
}
