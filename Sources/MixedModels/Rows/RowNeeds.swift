// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// What is to be known of rows: expressions, and atoms and factors by their places in a raw basis.
struct RowNeeds: Sendable {
  let basis: RawBasis
  let atoms: [Int]
  let factors: [Int]
  let offsets: [Expression]
  let response: Expression?
  /// Prior weights.
  let weights: Expression?
  /// When the rows of a subject are, where they are correlated.
  let time: Expression?
  let columns: ColumnLookup

  /// Means by groups that are needed, each once.
  var groupMeans: [GroupMean] {
    let comparisons = factors.compactMap {
      if case .logical(let expression) = basis.factors[$0] { expression } else { nil }
    }
    return (atoms.map { basis.atoms[$0].expression } + comparisons).flatMap(\.groupMeans)
      .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// All that a fit needs.
  init(_ basis: RawBasis, _ columns: ColumnLookup) {
    (self.basis, self.columns) = (basis, columns)
    (atoms, factors) = (Array(basis.atoms.indices), Array(basis.factors.indices))
    (offsets, response, weights) = (basis.offsets, basis.response, basis.weights)
    time = basis.serial?.time
  }

  /// Some of it, and the columns that it takes.
  init(
    _ basis: RawBasis, atoms: [Int], factors: [Int], offsets: [Expression], response: Expression?,
    weights: Expression?, time: Expression? = nil
  ) {
    (self.basis, self.atoms, self.factors) = (basis, atoms, factors)
    (self.offsets, self.response, self.weights, self.time) = (offsets, response, weights, time)
    var columns = ColumnLookup([])
    for atom in atoms { columns.add(basis.atoms[atom].expression) }
    for factor in factors { columns.add(basis.factors[factor]) }
    for expression in offsets + [response, weights, time].compactMap(\.self) { columns.add(expression) }
    self.columns = columns
  }
}

/// Where the columns that a model uses stand among the reader's requests.
package struct ColumnLookup: Sendable {
  package private(set) var requests: [ColumnRequest]
  private var places: [String: Int]

  package init(_ requests: [ColumnRequest]) {
    self.requests = requests
    places = Dictionary(
      requests.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func index(_ name: String) -> Int {
    guard let index = places[name] else {
      preconditionFailure("column \(name) was not requested")
    }
    return index
  }

  /// Asks for the columns of an expression, each once.
  mutating func add(_ expression: Expression) {
    let text = expression.textColumns
    for name in expression.columns {
      add(name, numbers: !text.contains(name), labels: text.contains(name))
    }
  }

  mutating func add(_ factor: FactorSource) {
    switch factor {
    case .column(let name): add(name, labels: true)
    case .logical(let expression): add(expression)
    }
  }

  mutating func add(_ name: String, numbers: Bool = false, labels: Bool = false) {
    let index = places[name] ?? requests.count
    if index == requests.count {
      places[name] = index
      requests.append(ColumnRequest(name: name, wantsNumbers: false, wantsLabels: false))
    }
    if numbers { requests[index].wantsNumbers = true }
    if labels { requests[index].wantsLabels = true }
  }
}
