// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// The mean of a number at every level of a column, over all rows that have both.
package struct LevelMeans: Sendable, Hashable {
  package private(set) var levels = LevelDictionary()
  /// By the levels' codes.
  package private(set) var means: [Double] = []
  /// Values are compared by where they came from: there may be millions.
  private var identity = Identity()

  private final class Identity: Sendable {}

  package init() {}

  /// - Parameter means: as many as there are levels.
  init(_ levels: LevelDictionary, _ means: [Double]) {
    (self.levels, self.means) = (levels, means)
  }

  package static func == (a: LevelMeans, b: LevelMeans) -> Bool { a.identity === b.identity }

  package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(identity)) }

  /// The first level that is in both.
  func firstCommonLevel(with other: LevelMeans) -> String? {
    let (few, many) = levels.count < other.levels.count ? (levels, other.levels) : (other.levels, levels)
    return (0..<Int32(few.count)).first { code in
      few.withBytes(of: code) { many.find($0) } != nil
    }.map(few.label)
  }

  /// Adds levels, none of which is here.
  mutating func add(_ other: LevelMeans) {
    _ = levels.merge(other.levels)
    means += other.means
    identity = Identity()
  }

  /// The mean of every row's level, by the rows' own codes; NaN where it is not known.
  func values(ofRows codes: [Int32], _ labels: LevelDictionary) -> [Double] {
    let known = self.known(labels)
    return codes.map { $0 < 0 ? .nan : known[Int($0)] }
  }

  /// The rows whose level is not known.
  func unknown(ofRows codes: [Int32], _ labels: LevelDictionary) -> [Int] {
    let known = self.known(labels)
    guard known.contains(where: \.isNaN) else { return [] }
    return codes.indices.filter { codes[$0] >= 0 && known[Int(codes[$0])].isNaN }
  }

  /// By the codes of other labels.
  private func known(_ labels: LevelDictionary) -> [Double] {
    (0..<Int32(labels.count)).map { code in
      labels.withBytes(of: code) { levels.find($0) }.map { means[Int($0)] } ?? .nan
    }
  }
}

/// Means over consecutive parts of a table, by the levels of a column.
struct LevelMeanSums: Sendable {
  private var levels = LevelDictionary()
  private var counts: [Double] = []
  private var means: [Double] = []

  init() {}

  /// Over the rows of a part; rows without a level or a value do not count.
  init(_ values: [Double], codes: [Int32], _ labels: LevelDictionary) {
    var counts = [Double](repeating: 0, count: labels.count)
    var (first, sums) = (counts, counts)
    for (row, code) in codes.enumerated() where code >= 0 && !values[row].isNaN {
      let code = Int(code)
      // What is large and the same in all rows costs no digits.
      if counts[code] == 0 { first[code] = values[row] }
      counts[code] += 1
      sums[code] += values[row] - first[code]
    }
    for code in counts.indices where counts[code] > 0 {
      _ = labels.withBytes(of: Int32(code)) { levels.code(for: $0) }
      self.counts.append(counts[code])
      means.append(first[code] + sums[code] / counts[code])
    }
  }

  /// Adds the rows that come next.
  mutating func add(_ other: LevelMeanSums) {
    for (code, k) in levels.merge(other.levels).enumerated().map({ ($1, $0) }) {
      let code = Int(code)
      if code == counts.count {
        counts.append(0)
        means.append(0)
      }
      counts[code] += other.counts[k]
      means[code] += (other.means[k] - means[code]) * (other.counts[k] / counts[code])
    }
  }

  var result: LevelMeans { LevelMeans(levels, means) }

  /// About.
  var bytes: Double { 48 * Double(means.count) }
}
