// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// The columns of the table that the fixed part is made of, and means by groups, with the values at which it is looked at:
/// all levels of a factor, the mean of a number, or what the user asked for.
struct ReferenceGrid {
  struct Value: Equatable {
    let text: String
    /// nil for text.
    let number: Double?
  }
  struct Variable {
    let name: String
    let isFactor: Bool
    let values: [Value]
    /// Whether the values are the user's.
    let isGiven: Bool
    /// Among the factors that are set apart, and of every value its level there; nil for others.
    var apart: (factor: Int, levels: [Int])?
  }
  /// In the order of the formula.
  let variables: [Variable]
  let builder: DesignBuilder

  /// More points are not looked at one by one.
  static let largest = 1_000_000

  /// - Parameter apart: Of the factors that are set apart those whose levels are looked at.
  /// - Throws: `InferenceError` where a value cannot be known; `FitError`.
  init(_ fitted: FittedModel, at given: [String: [String]], apart: [Int] = []) throws {
    builder = DesignBuilder(products: fitted.products, options: fitted.options)
    let columns = GridColumns(fitted.fixedTerms, fitted.products.basis)
    let named = apart.map { fitted.columnApart($0) }
    if let unknown = given.keys.sorted().first(where: { !columns.names.contains($0) && !named.contains($0) }) {
      throw InferenceError.unknownGridVariable(unknown, columns.names, "\(Setting.gridValues(of: unknown))")
    }
    let own: [Variable] = try columns.names.map { [builder] name in
      let kind = fitted.products.specification.columnKinds[name]
      var values: [Value]
      let isFactor = columns.factors[name] != nil || kind == .logical || kind == .categorical
      if let factor = columns.factors[name] {
        values = try builder.levels(of: factor).labels.map { Value(label: $0) }
      } else if kind == .logical {
        values = ["FALSE", "TRUE"].map { Value(label: $0) }
      } else {
        values = []
      }
      if let texts = given[name] {
        values = try texts.map { text in
          try Self.value(text, of: name, kind, isFactor: isFactor, known: values)
        }
      } else if values.isEmpty {
        values = [try Self.mean(of: name, kind, fitted)]
      }
      return Variable(
        name: name, isFactor: isFactor, values: values, isGiven: given[name] != nil)
    }
    let others: [Variable] = try zip(named, apart).map { name, k in
      let known = fitted.model.fixedLevels!.factors[k].levels.map { Value(label: $0) }
      let values = try given[name]?.map { text in
        try Self.value(text, of: name, .categorical, isFactor: true, known: known)
      }
      let levels = values?.map { value in known.firstIndex { $0.text.hasBytes(of: value.text) }! }
      return Variable(
        name: name, isFactor: true, values: values ?? known, isGiven: values != nil,
        apart: (k, levels ?? Array(known.indices)))
    }
    variables = own + others
    let size = variables.reduce(1.0) { $0 * Double($1.values.count) }
    guard size <= Double(Self.largest) else {
      throw InferenceError.refused(
        "the reference grid has \(size) points, and \(Self.largest) is the limit. Fix some factors by \(Setting.gridValues(of: "FACTOR", "LEVEL"))."
      )
    }
  }

  /// One of the user's values.
  private static func value(
    _ text: String, of name: String, _ kind: ColumnKind?, isFactor: Bool, known: [Value]
  ) throws -> Value {
    if let value = known.first(where: { $0.text.hasBytes(of: text) }) { return value }
    if isFactor {
      guard known.isEmpty else {
        throw InferenceError.refused(
          "\(Setting.gridValues(of: name)): there is no level “\(text)”. Levels are \(known.prefix(12).map(\.text).joined(separator: ", "))."
        )
      }
      return Value(label: text)
    }
    guard let number = kind?.number(of: text) ?? Double(text), number.isFinite else {
      throw InferenceError.refused("\(Setting.gridValues(of: name)): “\(text)” is no number.")
    }
    return Value(text: text, number: number)
  }

  /// The mean over all rows used, unweighted.
  private static func mean(
    of name: String, _ kind: ColumnKind?, _ fitted: FittedModel
  ) throws -> Value {
    let products = fitted.products
    if kind != .categorical, kind != .logical {
      if let sum = products.columnSums.values[name] {
        let mean = sum / Double(products.observations)
        // Deviations from means of groups add up to zero but for rounding.
        let scale = products.basis.atoms.first { $0.expression.gridVariables == [name] }?.scale ?? 0
        return Value(number: abs(mean) < 1e-13 * scale ? 0 : mean)
      }
      if let mean = fitted.meanFromProducts(of: name) { return Value(number: mean) }
    }
    throw InferenceError.refused(
      kind == .categorical
        ? "the formula compares the text of “\(name)”, whose values are not kept. Name those to average over: \(Setting.gridValues(of: name, "VALUE,…"))"
        : "the mean of “\(name)” is not in this model file, which an earlier version wrote. Give a value: \(Setting.gridValues(of: name, "NUMBER")), or make the file anew."
    )
  }
}

extension ReferenceGrid.Value {
  fileprivate init(label: String) {
    let truth: [String: Double] = ["FALSE": 0, "TRUE": 1]
    self.init(text: label, number: truth[label] ?? Double(label))
  }

  fileprivate init(number: Double) {
    let text = "\(number)"
    self.init(text: text.hasSuffix(".0") ? String(text.dropLast(2)) : text, number: number)
  }
}

extension FittedModel {
  /// Of a column that X has as it is, without prior weights.
  fileprivate func meanFromProducts(of name: String) -> Double? {
    let basis = products.basis
    guard basis.weights == nil,
      let k = basis.fixed[0].monomials.firstIndex(where: {
        $0.powers.count == 1 && $0.powers[0].degree == 1
          && basis.atoms[$0.powers[0].atom].expression == .column(name)
          && basis.atoms[$0.powers[0].atom].spline == nil
      })
    else { return nil }
    let atom = basis.atoms[basis.fixed[0].monomials[k].powers[0].atom]
    let all = products.fixed.matrix  // y is column 0, the constant column 1
    return atom.shift + atom.scale * all[1, k + 1] / all[1, 1]
  }
}

/// The columns of the table that some terms use.
private struct GridColumns {
  /// In the order of the terms.
  private(set) var names: [String] = []
  /// Those that are factors, as they are first named.
  private(set) var factors: [String: FactorVariable] = [:]

  init(_ bound: BoundTerms, _ basis: RawBasis) {
    for term in bound.terms {
      var termFactors = term.factors.map(\.variable).makeIterator()
      var numbers = term.numbers.makeIterator()
      for isFactor in term.isFactor {
        if isFactor {
          let factor = termFactors.next()!
          switch basis.factors[factor.source] {
          case .column(let name):
            add([name])
            if factors[name] == nil { factors[name] = factor }
          case .logical(let expression): add(expression.gridVariables)
          }
        } else {
          add(basis.atoms[numbers.next()!.atom].expression.gridVariables)
        }
      }
    }
  }

  private mutating func add(_ columns: [String]) {
    names += columns.filter { !names.contains($0) }
  }
}

extension InferenceError {
  static func unknownGridVariable(
    _ name: String, _ known: [String], _ place: String
  ) -> InferenceError {
    let near = closestName(to: name, among: known).map { " Did you mean “\($0)”?" } ?? ""
    let list = known.isEmpty ? "it has none" : "there are \(known.joined(separator: ", "))"
    return .refused(
      "\(place): “\(name)” is no variable of the fixed part; \(list).\(near)")
  }
}
