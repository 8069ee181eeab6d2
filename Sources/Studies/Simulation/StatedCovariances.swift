// SPDX-License-Identifier: GPL-2.0-or-later

import MixedModels
import ModelFrames
import NumericalMethods

/// A random-effects term of a formula with what was stated about its covariance.
struct StatedTerm {
  let group: String
  /// Another name by which the user may call the group: the inner factor of `a/b`.
  let alias: String?
  let columns: [String]
  let isDiagonal: Bool
  var deviations: [Double]
  var correlations: DenseMatrix

  init(group: String, alias: String?, columns: [String], isDiagonal: Bool) {
    (self.group, self.alias, self.columns) = (group, alias, columns)
    self.isDiagonal = isDiagonal
    deviations = columns.map { _ in 1 }
    correlations = .identity(columns.count)
  }

  /// DCD.
  var covariance: DenseMatrix {
    var Σ = correlations
    for j in columns.indices {
      for i in columns.indices { Σ[i, j] *= deviations[i] * deviations[j] }
    }
    return Σ
  }

  /// L, lower triangular with LLᵀ = DCD, for singular matrices too.
  ///
  /// - Throws: `SimulationError` if the correlations cannot be.
  func factor() throws(SimulationError) -> DenseMatrix {
    let (values, V) = symmetricEigenvectors(correlations)
    guard let least = values.first, least > -1e-10 else {
      throw .stated(
        .correlations,
        ": the correlations of \(group) cannot be: their matrix is not positive semidefinite (smallest eigenvalue \((1e4 * (values.first ?? 0)).rounded() / 1e4))."
      )
    }
    var root = V * DenseMatrix(diagonal: values.map { max($0, 0).squareRoot() })
    for j in 0..<root.columns { for i in 0..<root.rows { root[i, j] *= deviations[i] } }
    return root.lowerTriangularFactor
  }
}

/// The covariances of all terms.
struct StatedCovariances {
  private(set) var terms: [StatedTerm]

  init(_ terms: [StatedTerm]) { self.terms = terms }

  /// `g=2,0.5` or `g:x=0.5`.
  mutating func setDeviations(_ text: String) throws(SimulationError) {
    let (group, rest) = try split(text, .simulation(.deviations))
    var names: [(name: String, index: Int)] = []
    var places: [(term: Int, column: Int)] = []
    for t in members(of: group) {
      for (column, name) in terms[t].columns.enumerated() {
        names.append((name, places.count))
        places.append((t, column))
      }
    }
    let values = try StatedValues(
      setting: .simulation(.deviations), kind: "columns of \(group)", range: .standardDeviation,
      names: names
    )
    .values(rest)
    for (index, value) in values {
      guard value >= 0 else {
        throw .stated(
          .deviations, " '\(text)': a standard deviation cannot be negative (\(value)).")
      }
      terms[places[index].term].deviations[places[index].column] = value
    }
  }

  /// `g=0.3` or `g:(Intercept).x=0.3`.
  mutating func setCorrelations(_ text: String) throws(SimulationError) {
    let (group, rest) = try split(text, .simulation(.correlations))
    var names: [(name: String, index: Int)] = []
    var places: [(term: Int, row: Int, column: Int)] = []
    for t in members(of: group) where !terms[t].isDiagonal {
      let columns = terms[t].columns
      for j in columns.indices {
        for i in columns.indices.dropFirst(j + 1) {
          names.append(("\(columns[j]).\(columns[i])", places.count))
          names.append(("\(columns[i]).\(columns[j])", places.count))
          places.append((t, i, j))
        }
      }
    }
    guard !places.isEmpty else {
      throw .stated(.correlations, " '\(text)': the formula gives \(group) no correlated columns.")
    }
    let values = try StatedValues(
      setting: .simulation(.correlations), kind: "correlations of \(group)", range: .coefficient,
      names: names
    )
    .values(rest)
    for (index, value) in values {
      guard abs(value) <= 1 else {
        throw .stated(
          .correlations, " '\(text)': a correlation lies between -1 and 1, and \(value) does not.")
      }
      let (t, i, j) = places[index]
      (terms[t].correlations[i, j], terms[t].correlations[j, i]) = (value, value)
    }
  }

  private func members(of group: String) -> [Int] {
    terms.indices.filter { terms[$0].group == group }
  }

  /// The group that the text begins with, and what follows it.
  private func split(
    _ text: String, _ setting: Setting
  ) throws(SimulationError) -> (group: String, rest: String) {
    let groups = terms.map { ($0.group, $0.group) }
    let aliases = terms.compactMap { term in term.alias.map { ($0, term.group) } }
    // The longest first: `a:b` before `a`.
    for (name, group) in (groups + aliases).sorted(by: { $0.0.count > $1.0.count }) {
      for start in [name, "`\(name)`"] where text.hasPrefix(start) {
        let rest = String(text.dropFirst(start.count)).withoutOuterBlanks
        if rest.first == "=" || rest.first == ":" {
          return (group, String(rest.dropFirst()).withoutOuterBlanks)
        }
      }
    }
    var seen: Set<String> = []
    let known = terms.map(\.group).filter { seen.insert($0).inserted }
    throw .stated(
      "\(setting) takes GROUP=NUMBERS or GROUP:COLUMN=NUMBER, not '\(text)'. The formula's groups are \(known.joined(separator: ", "))."
    )
  }
}
