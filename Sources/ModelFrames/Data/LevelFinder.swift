// SPDX-License-Identifier: GPL-2.0-or-later
import Synchronization

/// Finds the levels of a factor in later tables, by their meaning: where all levels are numbers or
/// logicals, `1.0` is the level `1`, and `true` is `TRUE`.
///
/// Texts are looked up first; meanings are only worked out once a text is not there.
package final class LevelFinder: Sendable {
  private let dictionary: LevelDictionary
  /// What the labels mean, and the code of one with that meaning; see `meanings`.
  private let known = Mutex<[Meaning: Int32]??>(nil)

  private enum Meaning: Hashable {
    case number(Double, digits: [UInt8])
    case logical(Bool)
  }

  package init(_ dictionary: LevelDictionary) {
    self.dictionary = dictionary
  }

  /// The code of each label of `other`, −1 where there is none.
  package func codes(of other: LevelDictionary) -> [Int32] {
    (0..<Int32(other.count)).map { code in
      other.withBytes(of: code) { find($0) } ?? -1
    }
  }

  private func find(_ label: UnsafeRawBufferPointer) -> Int32? {
    if let code = dictionary.find(label) { return code }
    guard let meaning = Self.meaning(label) else { return nil }
    return known.withLock { known in
      let meanings = known ?? Self.meanings(dictionary)
      known = .some(meanings)
      return meanings?[meaning]
    }
  }

  /// Nil where the levels are texts.
  private static func meanings(_ dictionary: LevelDictionary) -> [Meaning: Int32]? {
    var result: [Meaning: Int32] = [:]
    for code in 0..<Int32(dictionary.count) {
      guard let meaning = dictionary.withBytes(of: code, meaning) else { return nil }
      if result[meaning] == nil { result[meaning] = code }
    }
    let areLogical = result.keys.contains { if case .logical = $0 { true } else { false } }
    let areNumbers = result.keys.contains { if case .number = $0 { true } else { false } }
    return areLogical && areNumbers ? nil : result
  }

  private static func meaning(_ label: UnsafeRawBufferPointer) -> Meaning? {
    let text = label.bindMemory(to: UInt8.self)
    if let value = readLogical(text) { return .logical(value) }
    guard let key = numberMeaning(text) else { return nil }
    return .number(key.value, digits: key.digits)
  }
}
