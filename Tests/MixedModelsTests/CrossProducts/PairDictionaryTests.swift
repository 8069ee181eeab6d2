// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import TestSupport
import Testing

@Suite struct `Codes of pairs` {
  /// (a, b) of `count` rows; nested if a follows from b or b from a.
  private func rows(_ kind: String, count: Int) -> (a: [Int32], b: [Int32]) {
    var random = SplitMix64(seed: 3)
    var (a, b): ([Int32], [Int32]) = ([], [])
    for _ in 0..<count {
      let (u, v) = (Int32(random.uniform() * 200), Int32(random.uniform() * 900))
      switch kind {
      case "right in left": (a, b) = (a + [v / 7], b + [v])
      case "left in right": (a, b) = (a + [v], b + [v / 7])
      default: (a, b) = (a + [u], b + [v])
      }
    }
    return (a, b)
  }

  @Test(arguments: ["right in left", "left in right", "crossed"])
  func `every pair has the code of its first appearance`(kind: String) {
    let (a, b) = rows(kind, count: 5000)
    var expected: [[Int32]: Int32] = [:]
    var pairs = PairDictionary()
    // In two parts: the second has codes that the first had not.
    let codes = [0..<700, 700..<5000].flatMap { pairs.codes(Array(a[$0]), Array(b[$0])) }
    for row in a.indices {
      let pair = [a[row], b[row]]
      let code = expected[pair, default: Int32(expected.count)]
      expected[pair] = code
      #expect(codes[row] == code)
    }
    #expect(pairs.count == expected.count)
    for (pair, code) in expected {
      #expect(pairs.find(pair[0], pair[1]) == code)
      #expect(pairs.left[Int(code)] == pair[0] && pairs.right[Int(code)] == pair[1])
    }
    #expect(pairs.find(a[0], 900) == nil)
    #expect(pairs.find(900, b[0]) == nil)
    #expect(PairDictionary().find(0, 0) == nil)
  }

  @Test(arguments: ["right in left", "left in right", "crossed"])
  func `merged pairs have the codes that one dictionary would give`(kind: String) {
    let (a, b) = rows(kind, count: 3000)
    var whole = PairDictionary()
    _ = whole.codes(a, b)
    // Parts whose own codes run the other way.
    let (highest, lowest) = (Int32(1000), Int32(0))
    let back = (lowest...highest).map { highest - $0 }
    var merged = PairDictionary()
    for part in [0..<1000, 1000..<1500, 1500..<3000] {
      var pairs = PairDictionary()
      let codes = pairs.codes(a[part].map { highest - $0 }, b[part].map { highest - $0 })
      let map = merged.merge(pairs, left: back, right: back)
      for (row, code) in zip(part, codes) {
        #expect(map[Int(code)] == whole.find(a[row], b[row]))
      }
    }
    #expect(merged.keys == whole.keys)
  }
}
