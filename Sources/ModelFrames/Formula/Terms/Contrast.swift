// SPDX-License-Identifier: GPL-2.0-or-later

/// How the levels of a factor become columns.
public enum Contrast: Sendable, Equatable {
  case treatment, sum, helmert, polynomial
  /// Treatment contrasts less their means, −½ and ½ of two levels: coefficients are differences from the
  /// first level, and the intercept is the mean of all levels.
  case deviation
  /// `contr.sdif` of R's package MASS: coefficients are differences of each level from the one before it,
  /// and the intercept is the mean of all levels.
  case successiveDifferences
  /// One row per level (named), one column per contrast (named).
  case matrix(levels: [String], columns: [String], values: [[Double]])
}

extension Contrast {
  /// In files, options and messages.
  package var word: String {
    switch self {
    case .treatment: "treatment"
    case .sum: "sum"
    case .helmert: "helmert"
    case .polynomial: "poly"
    case .deviation: "deviation"
    case .successiveDifferences: "sdif"
    case .matrix: "given"
    }
  }

  /// The contrast R calls `name`: treatment, sum, helmert, poly or sdif, with or without "contr."; or
  /// deviation.
  package init(named name: String) throws(ContrastError) {
    let prefix = "contr."
    let word = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    switch word {
    case "treatment": self = .treatment
    case "sum": self = .sum
    case "helmert": self = .helmert
    case "poly", "polynomial": self = .polynomial
    case "deviation": self = .deviation
    case "sdif": self = .successiveDifferences
    default: throw .unknownName(name)
    }
  }

  /// What R appends to the variable's name for each column: the levels but the first (treatment, deviation), 1, 2, …
  /// (sum, helmert), .L, .Q, .C, ^4, … (polynomial), b-a, c-b, … (successive differences), the given names (matrix).
  package func columnNames(levels: [String]) -> [String] {
    switch self {
    case .treatment, .deviation: Array(levels.dropFirst())
    case .sum, .helmert: (1..<max(levels.count, 1)).map(String.init)
    case .polynomial:
      Array(([".L", ".Q", ".C"] + (4..<max(levels.count, 4)).map { "^\($0)" }).prefix(max(levels.count - 1, 0)))
    case .successiveDifferences: zip(levels.dropFirst(), levels).map { "\($0)-\($1)" }
    case .matrix(_, let names, _): names
    }
  }

  /// The contrast matrix of a factor: one row per level, one column per name of `columnNames`.
  ///
  /// - Throws: `ContrastError` for fewer than two levels, for polynomials of more than 95, for a
  ///   level without a row and for a ragged matrix.
  package func columns(
    levels: [String]
  ) throws(ContrastError) -> (names: [String], values: [[Double]]) {
    let count = levels.count
    guard count >= 2 else { throw .tooFewLevels(count) }
    return (columnNames(levels: levels), try values(levels, count))
  }

  private func values(_ levels: [String], _ count: Int) throws(ContrastError) -> [[Double]] {
    switch self {
    case .treatment: return rows(count) { $0 == $1 + 1 ? 1 : 0 }
    case .sum: return rows(count) { $0 == $1 ? 1 : $0 == count - 1 ? -1 : 0 }
    case .helmert: return rows(count) { $0 <= $1 ? -1 : $0 == $1 + 1 ? Double($0) : 0 }
    case .polynomial:
      guard count <= OrthogonalPolynomials.maximumLevels else { throw .tooManyLevels(count) }
      let columns = OrthogonalPolynomials.equallySpaced(count)
      return rows(count) { columns[$1][$0] }
    case .deviation:
      let mean = 1 / Double(count)
      return rows(count) { ($0 == $1 + 1 ? 1 : 0) - mean }
    case .successiveDifferences:
      return rows(count) { Double($0 <= $1 ? $1 + 1 - count : $1 + 1) / Double(count) }
    case .matrix(let rowNames, let names, let values):
      return try matched(rowNames, names, values, to: levels)
    }
  }

  /// A `count` × (`count` − 1) matrix, by rows.
  private func rows(_ count: Int, _ value: (Int, Int) -> Double) -> [[Double]] {
    (0..<count).map { row in (0..<(count - 1)).map { value(row, $0) } }
  }

  private func matched(
    _ rowNames: [String], _ names: [String], _ values: [[Double]], to levels: [String]
  ) throws(ContrastError) -> [[Double]] {
    guard values.count == rowNames.count else {
      throw .wrongShape(rows: rowNames.count, found: values.count)
    }
    var rowOfLevel: [Label: Int] = [:]
    for (row, level) in rowNames.enumerated() {
      guard rowOfLevel.updateValue(row, forKey: Label(level)) == nil else {
        throw .repeatedLevel(level)
      }
      guard values[row].count == names.count else {
        throw .raggedRow(level: level, expected: names.count, found: values[row].count)
      }
    }
    var result: [[Double]] = []
    for level in levels {
      guard let row = rowOfLevel[Label(level)] else { throw .missingLevel(level) }
      result.append(values[row])
    }
    return result
  }
}
