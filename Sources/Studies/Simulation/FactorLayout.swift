// SPDX-License-Identifier: GPL-2.0-or-later

import ModelFrames

/// How rows get their levels: from the statements about rows to an assignment for every factor and
/// the number of rows.
struct FactorLayout {
  private let tree: FactorTree
  private(set) var rows = 0
  /// Assignments that refer to factors by name, in the tree's order.
  private(set) var assignments: [String: Assignment] = [:]

  enum Assignment {
    case own(SimulatedFactor.Assignment)
    case blocks(child: String)
    case within(parent: String)
  }

  private static let defaultRowsPerLevel = 30

  /// `free` are factors with labels, which get their levels otherwise.
  ///
  /// - Throws: `SimulationError` for statements that contradict each other.
  init(
    _ tree: FactorTree, free: Set<String>, _ settings: SimulationSettings
  ) throws(SimulationError) {
    self.tree = tree
    let shares = try Self.shares(settings.imbalance, tree)
    let innermost = tree.innermost.filter { !free.contains($0) }
    if let text = settings.rowsPer {
      guard settings.rows == nil else {
        throw .stated(
          .rows,
          " and \(Setting.simulation(.rowsPer)) exclude each other: the levels' rows make the table."
        )
      }
      try setRuns(text, shares)
    } else {
      let most = innermost.map { tree.counts[$0] ?? 1 }.max() ?? 1
      rows = settings.rows ?? most * Self.defaultRowsPerLevel
      if innermost.count == 1, let name = innermost.first {
        assignments[name] = .own(.shares(shares[name] ?? .equal))
      }
    }
    guard (1...SimulationDesign.maximumRows).contains(rows) else { throw .rows(rows) }
    for (name, assignment) in assignments {
      if case .own(.shares) = assignment, let levels = tree.counts[name], levels > rows {
        throw .stated("\(levels) levels of \(name) need as many rows, and there are \(rows).")
      }
    }
    setParents()
    for name in innermost where assignments[name] == nil { place(name, shares) }
    setParents()
    for name in tree.names where assignments[name] == nil && !free.contains(name) {
      place(name, shares)
    }
    for name in shares.keys {
      switch assignments[name] {
      case .own(.shares), .own(.random): continue
      default:
        throw .stated(
          .imbalance,
          ": the levels of \(name) follow from others. Give the imbalance to \(innermost.joined(separator: " or "))."
        )
      }
    }
  }

  /// `g=30`, `subject:item=1`.
  private mutating func setRuns(
    _ text: String, _ shares: [String: RowShares]
  ) throws(SimulationError) {
    let (key, value) = text.topLevelAssignment
    guard let key, let count = Int(value), count >= 1 else {
      throw .stated(.rowsPer, " takes FACTOR=N or FACTOR:FACTOR=N, N from 1, not '\(text)'.")
    }
    let factors = key.topLevelFields(":").map(\.unquotedName)
    try check(factors)
    var every = count
    for name in factors.reversed() {
      assignments[name] = .own(.strided(every: every))
      let (product, overflow) = every.multipliedReportingOverflow(by: tree.counts[name] ?? 1)
      guard !overflow, product <= SimulationDesign.maximumRows else { throw .rows(product) }
      every = product
    }
    rows = every
    if let share = factors.compactMap({ shares[$0] }).first, let name = factors.first {
      guard factors.count == 1 else {
        throw .stated(
          .imbalance,
          ": every combination of \(key) has \(count) rows by \(Setting.simulation(.rowsPer)).")
      }
      assignments[name] = .own(.shares(share))
    }
  }

  /// Only innermost factors, once each, can have their rows stated.
  private func check(_ factors: [String]) throws(SimulationError) {
    for (k, name) in factors.enumerated() {
      guard tree.names.contains(name) else {
        throw .stated(
          .rowsPer,
          ": the formula groups by no '\(name)'. It groups by \(tree.names.joined(separator: ", "))."
        )
      }
      if factors[..<k].contains(name) { throw .stated(.rowsPer, " names \(name) twice.") }
    }
    for name in factors {
      let outer = tree.ancestors(of: name)
      if let other = factors.first(where: { outer.contains($0) }) {
        throw .stated(
          .rowsPer, ": \(name) is nested in \(other), so give the rows of \(name) alone.")
      }
    }
    for name in factors where tree.parents.values.contains(name) {
      throw .stated(
        .rowsPer, ": other factors are nested in \(name). Give the rows of the innermost.")
    }
  }

  /// Levels of factors whose rows follow from a factor nested in them.
  private mutating func setParents() {
    for name in tree.names where assignments[name] != nil {
      var child = name
      while let parent = tree.parents[child], assignments[parent] == nil {
        assignments[parent] = .blocks(child: child)
        child = parent
      }
    }
  }

  private mutating func place(_ name: String, _ shares: [String: RowShares]) {
    if let parent = tree.parents[name], assignments[parent] != nil {
      assignments[name] = .within(parent: parent)
    } else {
      assignments[name] = .own(.random(shares[name] ?? .equal))
    }
  }

  private static func shares(
    _ statements: [String], _ tree: FactorTree
  ) throws(SimulationError) -> [String: RowShares] {
    var shares: [String: RowShares] = [:]
    for text in statements {
      let (name, value) = text.topLevelAssignment
      guard let name = name?.unquotedName, let share = try RowShares(value) else {
        throw .stated(
          .imbalance,
          " takes FACTOR=gamma(SHAPE), FACTOR=lognormal(SD) or FACTOR=zipf(EXPONENT), not '\(text)'."
        )
      }
      guard tree.names.contains(name) else {
        throw .stated(
          .imbalance,
          ": the formula groups by no '\(name)'. It groups by \(tree.names.joined(separator: ", "))."
        )
      }
      guard shares.updateValue(share, forKey: name) == nil else {
        throw .stated(.imbalance, " for '\(name)' is there twice.")
      }
    }
    return shares
  }
}
