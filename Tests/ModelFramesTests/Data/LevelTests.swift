// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import TestSupport
import Testing

/// Level names from `levels(factor(read.csv(text = …)$a))` in R 4.2.2, unless a test says
/// otherwise.
@Suite struct LevelTests {
  func order(_ labels: [String]) -> LevelOrder {
    var dictionary = LevelDictionary()
    for label in labels { _ = dictionary.code(for: label) }
    return sortedLevels(dictionary)
  }

  @Test func `codes follow first appearance and equality is by bytes`() {
    var dictionary = LevelDictionary()
    var generator = SplitMix64(seed: 7)
    var expected: [String: Int32] = [:]
    for _ in 0..<20_000 {
      let n = Int.random(in: 0..<3000, using: &generator)
      let label = n == 0 ? "" : String(repeating: "ab", count: n % 13) + "\(n)"
      let code = dictionary.code(for: label)
      #expect(code == expected[label, default: Int32(expected.count)])
      expected[label] = code
    }
    #expect(dictionary.count == expected.count)
    for (label, code) in expected {
      #expect(dictionary.find(label) == code)
      #expect(dictionary.label(code) == label)
    }
    #expect(dictionary.find("no such label") == nil)
    #expect(LevelDictionary().find("") == nil)
  }

  /// Labels that all had one hash while hashes were the same in every process: the second word takes
  /// the state after the first to zero. A search among them took time with the square of their number.
  @Test(.timeLimit(.minutes(1)))
  func `labels cannot be written so that they meet in one place`() {
    let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
    func word(_ i: UInt64) -> [UInt8] { withUnsafeBytes(of: i.littleEndian) { Array($0) } }
    var dictionary = LevelDictionary()
    let count = 200_000
    var areInOrder = true
    for i in 0..<count {
      let product = (24 &* multiplier ^ UInt64(i)).multipliedFullWidth(by: multiplier)
      let label = word(UInt64(i)) + word(product.high ^ product.low) + word(7)
      areInOrder = areInOrder && label.withUnsafeBytes { dictionary.code(for: $0) } == Int32(i)
    }
    #expect(areInOrder)
    #expect(dictionary.merge(dictionary) == (0..<Int32(count)).map { $0 })
  }

  /// Small numbers, which are found by their value, among new ones and others.
  @Test func `merging is what adding one by one is`() {
    var generator = SplitMix64(seed: 5)
    for _ in 0..<200 {
      let most = [20, 3000, 100_000, 20_000_000].randomElement(using: &generator)!
      func labels(_ count: Int) -> [String] {
        (0..<count).map { _ in
          let n = Int.random(in: 0..<most, using: &generator)
          return ["\(n)", "\(n)", "\(n)", "0\(n)", "-\(n)", "n\(n)", "a long label \(n)", ""]
            .randomElement(using: &generator)!
        }
      }
      var (a, b, expected) = (LevelDictionary(), LevelDictionary(), LevelDictionary())
      for label in labels(300) { #expect(a.code(for: label) == expected.code(for: label)) }
      for label in labels(200) { _ = b.code(for: label) }
      #expect(a.merge(b) == b.labels.map { expected.code(for: $0) })
      #expect(a.labels == expected.labels)
    }
  }

  /// Small numbers get their codes later than the other labels of a text, but not others.
  @Test func `codes of a text's labels follow first appearance, too`() throws {
    var generator = SplitMix64(seed: 8)
    for most in [10, 5000, 900_000, 30_000_000] {
      var (text, labels) = ("a,b\n", [String?]())
      for row in 0..<2000 {
        let n = Int.random(in: 0..<most, using: &generator)
        let label =
          row < 900 || row > 1100
          ? ["\(n)", "\(n)", "\"\(n)\"", "\(n / 2)", ""].randomElement(using: &generator)!
          : ["\(n)", "0\(n)", "-\(n)", "\(n).0", "n\(n)", "a long label \(n)", "NA"].randomElement(using: &generator)!
        text += "\(label),\(n)\n" + (row % 50 == 0 ? "\n   \n" : "")
        let plain = label.filter { $0 != "\"" }
        labels.append(plain == "" || plain == "NA" ? nil : plain)
      }
      var expected = LevelDictionary()
      let codes = labels.map { $0.map { expected.code(for: $0) } ?? -1 }
      let reader = try TableReader([.bytes(Array(text.utf8), name: "t.csv")])
      let request = ColumnRequest(name: "a", wantsNumbers: false, wantsLabels: true)
      try reader.read([request], transform: { $0.columns[0] }) { column in
        #expect(column.codes == codes)
        #expect(column.labels.labels == expected.labels)
      }
    }
  }

  @Test func `a small number's digits are written as they are read`() {
    var numbers = [0, 1, 9, 10, 99, 100, 9_999_999, 1_000_000, 999_999, 10_000_000, 123_456_789]
    var generator = SplitMix64(seed: 4)
    for digits in [10, 1000, 100_000, 10_000_000] {
      numbers += (0..<200).map { _ in Int.random(in: 0..<digits, using: &generator) }
    }
    let text = "a\n" + numbers.map { "\($0)\n" }.joined()
    let rows = try? readTable(text).rows
    #expect(rows == numbers.map { ["\($0)"] })
  }

  @Test func `merging matches labels`() {
    var a = LevelDictionary()
    for label in ["x", "", "y"] { _ = a.code(for: label) }
    var b = LevelDictionary()
    for label in ["y", "z", ""] { _ = b.code(for: label) }
    #expect(a.merge(b) == [2, 3, 1])
    #expect(a.labels == ["x", "", "y", "z"])
  }

  @Test func `numbers as labels keep their codes, in whatever order they come`() {
    var generator = SplitMix64(seed: 5)
    // Dense, sparse and beyond what is found by value; spelt so that some are no plain numbers.
    let numbers =
      (0..<4000).map { $0 } + (0..<2000).map { 9_000_000 + 700 * $0 }
      + (0..<500).map { $0 * 20_011 }
    let labels =
      Array(Set(numbers)).shuffled(using: &generator).map { "\($0)" }
      + ["00", "01", "007", "-1", "+1", "1.0", "12345678", "1a", ":", "/", "Ｎ", ""]
    var dictionary = LevelDictionary()
    for (code, label) in labels.enumerated() {
      #expect(dictionary.code(for: label) == Int32(code))
    }
    for (code, label) in labels.enumerated().reversed() {
      #expect(dictionary.code(for: label) == Int32(code))
      #expect(dictionary.find(label) == Int32(code))
      #expect(dictionary.label(Int32(code)) == label)
    }
    #expect(dictionary.find("4001") == nil)
    #expect(dictionary.find("9000001") == nil)
    var other = LevelDictionary()
    for label in labels.reversed() { _ = other.code(for: label) }
    #expect(other.merge(dictionary) == (0..<Int32(labels.count)).reversed())
  }

  @Test func `labels of any length keep their codes`() {
    var dictionary = LevelDictionary()
    // Ends, middles and lengths differ, also by zero bytes.
    let labels = (0..<24).flatMap { length in
      ["a", "b", "\0"].flatMap { filler in
        ["x", "y", "\0"].map { String(repeating: filler, count: length) + $0 + filler }
      }
    }
    let distinct = Set(labels)
    for _ in 0..<2 { for label in labels { _ = dictionary.code(for: label) } }
    #expect(dictionary.count == distinct.count)
    for label in distinct {
      let code = dictionary.find(label)
      #expect(code.map { dictionary.label($0) } == label)
    }
    #expect(dictionary.find("c") == nil)
    #expect(dictionary.find(String(repeating: "c", count: 12)) == nil)
  }

  @Test func `many labels, read in any order, keep their codes`() {
    var dictionary = LevelDictionary()
    for i in 0..<50_000 { #expect(dictionary.code(for: "level \(i)") == Int32(i)) }
    for i in stride(from: 49_999, through: 0, by: -7) {
      #expect(dictionary.code(for: "level \(i)") == Int32(i))
      #expect(dictionary.code(for: "level \(i)") == Int32(i))
    }
  }

  @Test func `long labels sort by their bytes`() {
    let labels = [
      "participant_2b", "participant_2", "participant_10", "participant_", "participant_2bcdefghij",
      "participant_2bcdefghii", "participant_2bcdefgh", "participant_é",
    ]
    let sorted = labels.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    #expect(order(labels).labels == sorted)
    #expect(order(labels).ranks == labels.map { Int32(sorted.firstIndex(of: $0)!) })
    #expect(order(labels + ["q"]).labels == sorted + ["q"])
    #expect(order(["only"]).labels == ["only"])
  }

  @Test func `levels sort as R sorts them`() {
    #expect(order(["b", "a10", "B", "a9"]).labels == ["B", "a10", "a9", "b"])
    #expect(order(["10", "9", "-1"]).labels == ["-1", "9", "10"])
    #expect(
      order(["2147483647", "-2147483647", "0"]).labels == ["-2147483647", "0", "2147483647"])
    #expect(order(["-", "1"]).labels == ["-", "1"])
    #expect(order(["10", "9", "x"]).labels == ["10", "9", "x"])
    #expect(order(["100000", "1"]).labels == ["1", "100000"])
    #expect(order(["100000", "1", "2.5"]).labels == ["1", "2.5", "1e+05"])
    #expect(order(["100000", "1", "2.0"]).labels == ["1", "2", "1e+05"])
    #expect(order(["3000000000", "1", "2"]).labels == ["1", "2", "3e+09"])
    #expect(order(["0x1A", "1", "1d5"]).labels == ["0x1A", "1", "1d5"])
  }

  @Test func `numbers written differently are one level`() {
    let levels = order(["1.0", "2", "01", "1", "+2", "-0", "0"])
    #expect(levels.labels == ["0", "1", "2"])
    #expect(levels.ranks == [1, 2, 1, 1, 2, 0, 0])
  }

  /// Unlike R, where both are 12345678901234567168.
  @Test func `integers beyond doubles stay apart`() {
    let levels = order([
      "12345678901234567891", "12345678901234567890", "100000", "-9007199254740993",
      "-9007199254740992",
    ])
    #expect(
      levels.labels == [
        "-9007199254740993", "-9007199254740992", "100000", "12345678901234567890",
        "12345678901234567891",
      ])
    #expect(levels.ranks == [4, 3, 2, 0, 1])
  }

  @Test func `logical levels are FALSE and TRUE`() {
    let levels = order(["true", "F", "TRUE"])
    #expect(levels.labels == ["FALSE", "TRUE"])
    #expect(levels.ranks == [1, 0, 1])
    #expect(order(["F", "M"]).labels == ["F", "M"])
  }

  /// From `as.character` in R 4.2.2.
  @Test func `numbers are named as R names them`() {
    let names: [(Double, String)] = [
      (123456.7, "123456.7"), (1e5 + 0.1, "100000.1"), (1e-4, "1e-04"), (1e-5, "1e-05"),
      (123456789.123456789, "123456789.123457"), (0.00012, "0.00012"), (1e5, "1e+05"),
      (1e15, "1e+15"), (3e5, "3e+05"), (1_234_567, "1234567"),
      (0.1234567890123456, "0.123456789012346"), (1e-300, "1e-300"), (-1e5, "-1e+05"),
      (-0.5, "-0.5"), (15e10, "1.5e+11"), (22e-7, "2.2e-06"), (0x1p53, "9007199254740992"),
      (1_234_567_890_123_456_768, "1234567890123456768"), (1e22, "1e+22"), (1e300, "1e+300"),
      (0.1 + 0.2, "0.3"), (1 / 3, "0.333333333333333"), (100, "100"), (123456, "123456"),
    ]
    for (value, name) in names { #expect(numberLabel(value) == name) }
  }

  @Test func `no labels, no levels`() {
    #expect(order([]) == LevelOrder(labels: [], ranks: []))
  }
}
