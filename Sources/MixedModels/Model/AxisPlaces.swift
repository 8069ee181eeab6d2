// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames

/// Where the levels of a factor stand along an axis.
struct AxisPlaces {
  let labels: [String]
  /// Of every level.
  let position: [Double]
  let parameter: StructureParameter
  /// Whether places between those of levels belong to the axis.
  private let isCounted: Bool
  private let labelAt: [Double: String]

  /// Of a factor whose levels are independent.
  init(_ labels: [String]) {
    self.labels = labels
    position = labels.indices.map(Double.init)
    (parameter, isCounted, labelAt) = (.correlation(above: -1), false, [:])
  }

  /// Along `ar1` levels that are numbers count rows or columns, from one to the next; others stand as they
  /// are ordered. Along `ou` they are numbers.
  ///
  /// - Throws: `FitError.axes`
  init(_ labels: [String], word: String, name: String, term: String) throws(FitError) {
    let numbers = labels.map { Double($0).flatMap { $0.isFinite ? $0 : nil } }
    self.labels = labels
    isCounted = word == "ar1"
    if let k = numbers.firstIndex(where: { $0 == nil }) {
      guard isCounted, numbers.allSatisfy({ $0 == nil }) else {
        throw .axes(
          term,
          "takes the levels of \(name) for \(isCounted ? "rows, columns or times" : "places or times"), and “\(labels[k])” is no number"
            + (isCounted ? " though others are" : "") + ". Give \(name) numbers\(isCounted ? ", or names alone, which then stand in their order" : "")"
        )
      }
      position = labels.indices.map(Double.init)
    } else {
      position = numbers.map { $0! }
      if isCounted, let odd = position.first(where: { $0 != $0.rounded() || abs($0) > 1e9 }) {
        throw .axes(
          term,
          "counts the levels of \(name), and \(odd) is no whole number. Number them 1, 2, 3, … or write ou(\(name)), for which they may lie at any distances"
        )
      }
    }
    let gaps = zip(position.sorted().dropFirst(), position.sorted()).map { $0 - $1 }.sorted()
    guard gaps.allSatisfy({ $0 > 0 }) else {
      throw .axes(
        term, "has two levels of \(name) at one place, in different writing, as 1 and 01. Write them alike")
    }
    guard !gaps.isEmpty else {
      throw .axes(term, "has one level of \(name) only, so that nothing is correlated along it. Leave it out")
    }
    parameter = isCounted ? .correlation(above: -1) : .rate(gap: gaps[gaps.count / 2])
    labelAt = Dictionary(uniqueKeysWithValues: zip(position, labels))
  }

  /// Those of an axis on which some levels lie, ascending.
  func positions(_ levels: [Int]) -> [Double] {
    let own = Set(levels.map { position[$0] }).sorted()
    guard isCounted, let first = own.first, let last = own.last else { return own }
    return Array(stride(from: first, through: last, by: 1))
  }

  /// How many those are, without making them.
  func length(_ levels: [Int]) -> Double {
    let own = levels.map { position[$0] }
    guard isCounted, let first = own.min(), let last = own.max() else { return Double(Set(own).count) }
    return last - first + 1
  }

  func label(_ position: Double) -> String { labelAt[position] ?? "\(Int(position))" }
}
