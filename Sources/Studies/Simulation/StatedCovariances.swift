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
  /// nil where any covariance matrix is meant, or none.
  private(set) var structure: StatedStructure?
  private var deviations: [Double]
  private var correlations: DenseMatrix

  init(
    group: String, alias: String?, columns: [String], isDiagonal: Bool, structure: StatedStructure?
  ) {
    (self.group, self.alias, self.columns) = (group, alias, columns)
    (self.isDiagonal, self.structure) = (isDiagonal, structure)
    deviations = columns.map { _ in 1 }
    correlations = .identity(columns.count)
  }

  /// Places of the standard deviations by the names that they may be stated by.
  var deviationNames: [(name: String, place: Int)] {
    structure?.deviationNames ?? columns.enumerated().map { ($1, $0) }
  }

  /// The same of correlations, those of the lower triangle by columns.
  var correlationNames: [(name: String, place: Int)] {
    if let structure { return structure.correlationNames }
    guard !isDiagonal else { return [] }
    return columns.indices.flatMap { j in
      columns.indices.dropFirst(j + 1).flatMap { i in
        let place = j * columns.count + i
        return [("\(columns[j]).\(columns[i])", place), ("\(columns[i]).\(columns[j])", place)]
      }
    }
  }

  /// Why a value cannot be; nil where it is set.
  mutating func setDeviation(_ place: Int, _ value: Double) -> String? {
    guard value >= 0 else { return "a standard deviation cannot be negative (\(value))" }
    if structure != nil { return structure?.set(place, value) }
    deviations[place] = value
    return nil
  }

  /// Why a value cannot be; nil where it is set.
  mutating func setCorrelation(_ place: Int, _ value: Double) -> String? {
    if structure != nil {
      return structure?.set(place, value).map { "\($0), not \(value)" }
    }
    guard abs(value) <= 1 else {
      return "a correlation lies between -1 and 1, and \(value) does not"
    }
    let (j, i) = place.quotientAndRemainder(dividingBy: columns.count)
    (correlations[i, j], correlations[j, i]) = (value, value)
    return nil
  }

  /// Standard deviations, and DCD where there is no structure.
  private var stated: DenseMatrix {
    var Σ = correlations
    for j in columns.indices {
      for i in columns.indices { Σ[i, j] *= deviations[i] * deviations[j] }
    }
    return Σ
  }

  /// Of the effects.
  ///
  /// - Throws: `SimulationError` where no covariance matrix has the parameters of a structure.
  func covariance() throws(SimulationError) -> DenseMatrix {
    guard let structure else { return stated }
    do throws(StructureProblem) { return try structure.covariance() } catch { throw problem(error) }
  }

  private func problem(_ problem: StructureProblem) -> SimulationError {
    .stated(.correlations, ": \(group): \(problem.reason). \(problem.remedy)")
  }

  /// L, lower triangular with LLᵀ = DCD, for singular matrices too.
  ///
  /// - Throws: `SimulationError` if the correlations cannot be.
  func factor() throws(SimulationError) -> DenseMatrix {
    if let structure {
      do throws(StructureProblem) { return try structure.factor() } catch { throw problem(error) }
    }
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
    let (names, places) = named(group, \.deviationNames)
    let values = try StatedValues(
      setting: .simulation(.deviations), kind: "columns of \(group)", range: .standardDeviation,
      names: names
    )
    .values(rest)
    for (index, value) in values {
      let (term, place) = places[index]
      if let problem = terms[term].setDeviation(place, value) {
        throw .stated(.deviations, " '\(text)': \(problem).")
      }
    }
  }

  /// `g=0.3` or `g:(Intercept).x=0.3`.
  mutating func setCorrelations(_ text: String) throws(SimulationError) {
    let (group, rest) = try split(text, .simulation(.correlations))
    let (names, places) = named(group, \.correlationNames)
    guard !places.isEmpty else {
      throw .stated(.correlations, " '\(text)': the formula gives \(group) no correlated columns.")
    }
    let values = try StatedValues(
      setting: .simulation(.correlations), kind: "correlations of \(group)", range: .coefficient,
      names: names
    )
    .values(rest)
    for (index, value) in values {
      let (term, place) = places[index]
      if let problem = terms[term].setCorrelation(place, value) {
        throw .stated(.correlations, " '\(text)': \(problem).")
      }
    }
  }

  /// The names of a group's terms with the index of what they name, and its term and place.
  private func named(
    _ group: String, _ own: (StatedTerm) -> [(name: String, place: Int)]
  ) -> (names: [(name: String, index: Int)], places: [(term: Int, place: Int)]) {
    var names: [(name: String, index: Int)] = []
    var places: [(term: Int, place: Int)] = []
    for t in members(of: group) {
      for (name, place) in own(terms[t]) {
        if places.last.map({ $0 != (t, place) }) ?? true { places.append((t, place)) }
        names.append((name, places.count - 1))
      }
    }
    return (names, places)
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
