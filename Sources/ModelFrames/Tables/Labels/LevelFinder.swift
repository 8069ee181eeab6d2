// SPDX-License-Identifier: GPL-2.0-or-later
import Synchronization

/// Finds the levels of a factor in later tables, by their meaning: where all levels are numbers or
/// logicals, `1.0` is the level `1`, and `true` is `TRUE`, and so is 1 where there are no other
/// numbers than it and 0.
///
/// Texts are looked up first; meanings are only worked out once a text is not there.
package final class LevelFinder: Sendable {
  private let dictionary: LevelDictionary
  /// What the labels mean, and the code of one with that meaning; see `meanings`.
  private let known = Mutex<[Meaning: Int32]??>(nil)

  private enum Meaning: Hashable {
    case number(Double, digits: [UInt8])
    case logical(Bool)

    /// 0 and 1 for FALSE and TRUE, and the other way round.
    var synonym: Meaning? {
      switch self {
      case .logical(let value): .number(value ? 1 : 0, digits: [])
      case .number(0, digits: _): .logical(false)
      case .number(1, digits: _): .logical(true)
      case .number: nil
      }
    }
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
    let areLogical = dictionary.areLogical
    var result: [Meaning: Int32] = [:]
    for code in 0..<Int32(dictionary.count) {
      guard let meaning = dictionary.withBytes(of: code, meaning) else { return nil }
      if case .logical = meaning, !areLogical { return nil }
      if result[meaning] == nil { result[meaning] = code }
    }
    let synonyms = result.compactMap { meaning, code in meaning.synonym.map { ($0, code) } }
    // 1 for TRUE, unless it is one number among others.
    if synonyms.count == result.count {
      result.merge(synonyms) { known, _ in known }
    }
    return result
  }

  private static func meaning(_ label: UnsafeRawBufferPointer) -> Meaning? {
    let text = label.bindMemory(to: UInt8.self)
    if let value = readLogical(text) { return .logical(value) }
    guard let key = numberMeaning(text) else { return nil }
    return .number(key.value, digits: key.digits)
  }
}
