// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames

/// How R codes the levels of a factor that is set apart, or the slopes of its levels.
///
/// Effects d of the levels are m(d), what all have in common, and coefficients dⱼ − m(d) of R's columns: the
/// coordinates of d, as many as there are levels.
struct LevelCoding: Sendable {
  enum Kind: Sendable {
    /// All levels have a column, and nothing in common.
    case indicators
    /// m(d) is the first level's effect.
    case treatment
    /// m(d) is the mean, and the last level has no column.
    case sum
  }
  let kind: Kind
  let levelCount: Int
  /// The number that the levels have slopes of among the columns beside the factors, if it is one of them.
  let parent: Int?
  /// What stands around a level's label in R's names of columns.
  private let name: (before: String, behind: String)

  /// - Parameters:
  ///   - k: The factor among those that are set apart.
  ///   - isSummed: Whether it has sum contrasts.
  init(
    _ k: Int, _ written: ModelTerms, _ specification: ModelSpecification, _ levels: FixedLevels, isSummed: Bool,
    _ parts: [ReportedLevels.Part]
  ) {
    let factor = specification.absorbed[k]
    let term = written.terms.first { written.label(of: $0).hasBytes(of: factor.name) }!
    let own = term.firstIndex { written.variables[$0].name.hasBytes(of: factor.grouping[0].name) }!
    let names = term.map { written.variables[$0].name }
    name = (names[...own].joined(separator: ":"), names[(own + 1)...].map { ":" + $0 }.joined())
    levelCount = levels.factors[k].levels.count
    let numbers = term.filter { $0 != term[own] }
    var parent: Int?
    for (other, part) in zip(written.terms, written.hasIntercept ? parts.dropFirst() : parts[...])
    where other == numbers {
      if case .columns(let range) = part { parent = range.lowerBound }
    }
    self.parent = parent
    if numbers.isEmpty {
      kind = isSummed ? .sum : !written.hasIntercept && k == 0 ? .indicators : .treatment
    } else {
      kind = parent == nil ? .indicators : .treatment
    }
  }

  /// The coordinate m(d).
  var base: Int? {
    switch kind {
    case .indicators: nil
    case .treatment: 0
    case .sum: levelCount - 1
    }
  }

  /// The coordinates that are coefficients of columns.
  var columns: Range<Int> {
    switch kind {
    case .indicators: 0..<levelCount
    case .treatment: 1..<levelCount
    case .sum: 0..<levelCount - 1
    }
  }

  /// R's name of a coordinate's column.
  func name(of column: Int, _ label: String) -> String {
    name.before + (kind == .sum ? "\(column + 1)" : label) + name.behind
  }

  func coordinates(_ d: ArraySlice<Double>) -> [Double] {
    guard let base else { return Array(d) }
    let common = kind == .sum ? d.reduce(0, +) / Double(d.count) : d[d.startIndex]
    var e = d.map { $0 - common }
    e[base] = common
    return e
  }

  /// A coordinate as a combination of effects.
  func function(_ coordinate: Int) -> [(level: Int, value: Double)] {
    let own = coordinate == base ? [] : [(level: coordinate, value: 1.0)]
    let sign = coordinate == base ? 1.0 : -1.0
    switch kind {
    case .indicators: return own
    case .treatment: return own + [(0, sign)]
    case .sum: return own + (0..<levelCount).map { ($0, sign / Double(levelCount)) }
    }
  }

  /// From log |DᵀV⁻¹D| of the levels' indicators D to that of what they have in common and R's columns.
  var logDeterminant: Double { kind == .sum ? 2 * log(Double(levelCount)) : 0 }
}
