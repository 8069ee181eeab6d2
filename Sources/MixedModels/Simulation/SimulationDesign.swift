// SPDX-License-Identifier: GPL-2.0-or-later

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

  /// Names and numbers of levels of the grouping factors.
  public var levels: [(factor: String, count: Int)] { factors.map { ($0.name, $0.levels) } }

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
  }

  /// Keeps the bytes of any table, and the cells of any split of it, countable.
  private static let maximumRows = 1_000_000_000_000
  private static let maximumLevels = 100_000_000
}

/// Why a table cannot be simulated.
public enum SimulationError: Error, Sendable, Equatable {
  case unknownDesign(String, known: [String])
  case unknownFactor(String, known: [String])
  case rows(Int)
  case levels(String, Int)
}

extension SimulationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownDesign(let name, let known):
      "no workload is called '\(name)'. There are \(known.joined(separator: ", "))."
    case .unknownFactor(let name, let known):
      "the workload has no factor '\(name)'. It has \(known.joined(separator: ", "))."
    case .rows(let count): "a table has 1 to 10¹² rows, not \(count)."
    case .levels(let factor, let count): "\(factor) can have 1 to 10⁸ levels, not \(count)."
    }
  }
}
