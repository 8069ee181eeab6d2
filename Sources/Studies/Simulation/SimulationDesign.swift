// SPDX-License-Identifier: GPL-2.0-or-later

import ModelFrames
import NumericalMethods

/// A model and a design: what tables of any length are drawn from.
///
/// The table's columns are the response, the covariates and the factors, in this order.
public struct SimulationDesign: Sendable {
  public let name: String
  /// The model the rows come from, as `Formula` reads it.
  public let formula: String
  public package(set) var rows: Int
  package var response = "y"
  /// Decimals of the response in the table.
  package var responseDecimals = 5
  package var covariates: [SimulatedCovariate] = []
  package var factors: [SimulatedFactor]
  package var fixedEffects: [SimulatedEffect]
  package var randomTerms: [SimulatedRandomTerm]
  /// σ.
  package var residualSD = 1.0
  /// Index of the covariate that holds prior weights.
  package var weights: Int?
  /// What the design was made from; nil for a workload.
  public package(set) var truth: SimulationTruth?

  /// Names and numbers of levels of the grouping factors.
  public var levels: [(factor: String, count: Int)] {
    factors.filter(\.isWritten).map { ($0.name, $0.levels) }
  }

  /// Factors whose levels have labels in the table.
  var labelledFactors: [String] { factors.filter { $0.labels != nil }.map(\.name) }

  /// Factors whose levels follow from others, each after those it follows from.
  var derivedFactors: [Int] {
    var order: [Int] = []
    func visit(_ factor: Int) {
      guard !order.contains(factor) else { return }
      factors[factor].assignment.sources.forEach(visit)
      order.append(factor)
    }
    factors.indices.forEach(visit)
    return order
  }

  /// Changes the length of the table.
  /// - Throws: `SimulationError` unless it is positive.
  public mutating func setRows(_ count: Int) throws(SimulationError) {
    guard (1...Self.maximumRows).contains(count) else { throw .rows(count) }
    rows = count
  }

  /// Changes the number of levels of a grouping factor.
  /// - Throws: `SimulationError` if there is no such factor, or it cannot have as many levels.
  public mutating func setLevels(_ count: Int, of factor: String) throws(SimulationError) {
    guard let index = factors.firstIndex(where: { $0.name == factor }) else {
      throw .unknownFactor(factor, known: factors.map(\.name))
    }
    guard (1...Self.maximumLevels).contains(count) else { throw .levels(factor, count) }
    factors[index].levels = count
    try checkMemory()
  }

  /// Whether there is memory for what is drawn for every level.
  ///
  /// - Throws: `SimulationError`.
  func checkMemory() throws(SimulationError) {
    let places = factors.reduce(0.0) { $0 + 24 * Double($1.levels) }
    let effects = randomTerms.reduce(0.0) {
      $0 + 8 * Double(factors[$1.factor].levels * $1.columns.count)
    }
    do throws(MemoryShortage) {
      try requireMemory(
        places + effects, for: "the levels of the factors", remedy: "State fewer levels.")
    } catch { throw .stated(error.description) }
  }

  static let maximumRows = 1_000_000_000_000
  static let maximumLevels = 100_000_000
}

extension SimulatedFactor.Assignment {
  /// The factors that levels follow from.
  fileprivate var sources: [Int] {
    switch self {
    case .parent(let factor), .blocks(let factor), .within(let factor): [factor]
    case .constant(let factor, _), .employer(let factor, _, _): [factor]
    case .product(let factors): factors
    default: []
    }
  }
}
