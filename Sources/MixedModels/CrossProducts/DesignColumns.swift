// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// The columns of a model matrix as R would make them, written as combinations of raw columns.
struct DesignColumns {
  /// R's coefficient names.
  var names: [String] = []
  /// For every column its (raw column, coefficient) pairs; none for an interaction cell that does
  /// not occur.
  var combinations: [[(raw: Int, value: Double)]] = []
  /// Columns whose sum is 1 in every row: the intercept, or those of a factor's levels; empty if none are known.
  var constant: Range<Int> = 0..<0

  /// rawCount × columns.
  func matrix(rawCount: Int) -> DenseMatrix {
    var matrix = DenseMatrix(rows: rawCount, columns: names.count)
    for (j, combination) in combinations.enumerated() {
      for (raw, value) in combination { matrix[raw, j] += value }
    }
    return matrix
  }
}

/// Turns bound terms into columns, once levels and moments are known.
struct DesignBuilder {
  let products: CrossProducts
  let options: FitOptions

  func levels(of variable: FactorVariable) throws -> FactorLevels {
    let set = products.basis.cellSets.firstIndex(of: .factor(variable.source))!
    guard case .factor(let dictionary) = products.cellSets[set] else { preconditionFailure() }
    return try FactorLevels(
      variable, dictionary: dictionary, given: variable.column.flatMap { options.levels[$0] })
  }

  /// - Throws: `FitError` for contrasts or levels that do not fit the data.
  func columns(
    _ bound: BoundTerms, blocks: [ColumnBlock], directory: ColumnDirectory
  ) throws -> DesignColumns {
    var design = DesignColumns()
    if let constant = constantColumn(bound, blocks: blocks, directory: directory) {
      design.names.append("(Intercept)")
      design.combinations.append([(constant, 1)])
      design.constant = 0..<1
    }
    for term in bound.terms {
      let added = try columns(of: term, block: blocks[term.block], directory: directory)
      if design.constant.isEmpty, term.numbers.isEmpty, term.factors.allSatisfy({ $0.coding == .indicators }) {
        design.constant = design.names.count..<design.names.count + added.names.count
      }
      design.names += added.names
      design.combinations += added.combinations
    }
    return design
  }

  /// The raw column that is 1 in every row, if the terms have an intercept.
  func constantColumn(
    _ bound: BoundTerms, blocks: [ColumnBlock], directory: ColumnDirectory
  ) -> Int? {
    guard bound.hasIntercept, let block = blocks.firstIndex(where: { $0.cellSet == nil }) else {
      return nil
    }
    return blocks[block].monomials.firstIndex(of: .one).map {
      Int(directory.starts[block][0]) + $0
    }
  }

  /// A variable's columns: what R appends to its name, and values by level or as a polynomial.
  enum VariableColumns {
    case factor(source: Int, levels: FactorLevels, names: [String], values: [[Double]])
    case number(atom: Int, names: [String], polynomials: [[Double]])

    var names: [String] {
      switch self {
      case .factor(_, _, let names, _), .number(_, let names, _): names
      }
    }
  }

  private func columns(
    of term: BoundTerm, block: ColumnBlock, directory: ColumnDirectory
  ) throws -> DesignColumns {
    let variables = try variableColumns(term)
    let monomialIndex = Dictionary(
      uniqueKeysWithValues: block.monomials.enumerated().map { ($1, $0) })
    let starts = directory.starts[term.block]
    let cells = starts.indices.filter { starts[$0] >= 0 }
    let codes = cells.map { cell in block.cellSet.map { factorCodes($0, Int32(cell)) } ?? [:] }
    var design = DesignColumns()
    let counts = variables.map(\.names.count)
    guard !counts.contains(0) else { return design }
    for column in 0..<counts.reduce(1, *) {
      var rest = column
      let choice = counts.map { count in  // the first variable's columns vary fastest
        defer { rest /= count }
        return rest % count
      }
      design.names.append(zip(variables, choice).map { $0.names[$1] }.joined(separator: ":"))
      let polynomial = product(
        zip(variables, choice).compactMap { variable, k in
          if case .number(let atom, _, let polynomials) = variable {
            (atom, polynomials[k])
          } else {
            nil
          }
        })
      var combination: [(raw: Int, value: Double)] = []
      for (cell, codes) in zip(cells, codes) {
        var weight = 1.0
        for (variable, k) in zip(variables, choice) {
          if case .factor(let source, let levels, _, let values) = variable {
            weight *= values[levels.rank[Int(codes[source]!)]][k]
          }
        }
        guard weight != 0 else { continue }
        for (monomial, coefficient) in polynomial where coefficient != 0 {
          combination.append((Int(starts[cell]) + monomialIndex[monomial]!, weight * coefficient))
        }
      }
      design.combinations.append(combination)
    }
    return design
  }

  func variableColumns(_ term: BoundTerm) throws -> [VariableColumns] {
    var factors = term.factors.makeIterator()
    var numbers = term.numbers.makeIterator()
    return try term.isFactor.map { isFactor in
      if isFactor {
        let (variable, coding) = factors.next()!
        return try factorColumns(variable, coding)
      }
      let number = numbers.next()!
      let columns = try number.columns(
        products.basis.atoms[number.atom], moments: products.moments[number.atom])
      return .number(
        atom: number.atom, names: columns.map { number.name + $0.suffix },
        polynomials: columns.map(\.polynomial))
    }
  }

  private func factorColumns(
    _ variable: FactorVariable, _ coding: FactorCoding
  ) throws -> VariableColumns {
    let levels = try levels(of: variable)
    let names: [String]
    let values: [[Double]]
    switch coding {
    case .indicators:
      (names, values) = (levels.labels, DenseMatrix.identity(levels.labels.count).rowArrays)
    case .contrasts:
      (names, values) = try contrasts(variable, levels)
    case .closure:
      let basis = try contrasts(variable, levels).values.withConstant
      let isWhole = basis.columns == basis.rows
      names = isWhole ? levels.labels : (0..<basis.columns).map { "\($0)" }
      values = (isWhole ? .identity(basis.rows) : basis).rowArrays
    }
    return .factor(
      source: variable.source, levels: levels, names: names.map { variable.name + $0 },
      values: values)
  }

  private func contrasts(
    _ variable: FactorVariable, _ levels: FactorLevels
  ) throws -> (names: [String], values: [[Double]]) {
    guard levels.labels.count > 1 else { throw FitError.oneLevelFactor(variable.name) }
    let contrast = variable.column.flatMap { options.contrasts[$0] } ?? .treatment
    return try contrast.columns(levels: levels.labels)
  }

  /// The product of polynomials of several atoms, as monomials with coefficients.
  private func product(_ polynomials: [(Int, [Double])]) -> [(Monomial, Double)] {
    var byAtom: [Int: [Double]] = [:]
    for (atom, polynomial) in polynomials {
      byAtom[atom] = byAtom[atom].map { Chebyshev.multiply($0, polynomial) } ?? polynomial
    }
    var result: [(Monomial, Double)] = [(.one, 1)]
    for (atom, polynomial) in byAtom.sorted(by: { $0.key < $1.key }) {
      result = result.flatMap { monomial, coefficient in
        polynomial.enumerated().map { degree, value in
          let power = degree == 0 ? [] : [Monomial.Power(atom: atom, degree: degree)]
          return (Monomial(powers: monomial.powers + power), coefficient * value)
        }
      }
    }
    return result
  }

  /// Factor source → the raw code of every cell.
  func factorCodes(_ set: Int) -> [Int: [Int32]] {
    switch (products.basis.cellSets[set], products.cellSets[set]) {
    case (.factor(let source), let cells): return [source: Array(0..<Int32(cells.count))]
    case (.product(let left, let right), .product(let pairs)):
      let (a, b) = (factorCodes(left), factorCodes(right))
      let (leftCells, rightCells) = (pairs.left, pairs.right)
      return a.mapValues { codes in (0..<pairs.count).map { codes[Int(leftCells[$0])] } }
        .merging(b.mapValues { codes in (0..<pairs.count).map { codes[Int(rightCells[$0])] } }) {
          first, _ in first
        }
    default: preconditionFailure("cell sets of different kinds")
    }
  }

  /// Factor source → raw code, for one cell.
  func factorCodes(_ set: Int, _ cell: Int32) -> [Int: Int32] {
    switch (products.basis.cellSets[set], products.cellSets[set]) {
    case (.factor(let source), _): return [source: cell]
    case (.product(let left, let right), .product(let pairs)):
      return factorCodes(left, pairs.left[Int(cell)])
        .merging(factorCodes(right, pairs.right[Int(cell)])) { first, _ in first }
    default: preconditionFailure("cell sets of different kinds")
    }
  }
}

extension DenseMatrix {
  fileprivate var rowArrays: [[Double]] {
    (0..<rows).map { i in (0..<columns).map { self[i, $0] } }
  }
}

extension [[Double]] {
  /// An orthonormal basis of the columns of this matrix, by rows, and the constant.
  fileprivate var withConstant: DenseMatrix {
    let ones = [Double](repeating: 1, count: count)
    let columns = (first ?? []).indices.flatMap { j in map { $0[j] } }
    let joined = DenseMatrix(
      rows: count, columns: 1 + (first?.count ?? 0), storage: ones + columns)
    return ColumnOrderedQR(joined, tolerance: 1e-10).q
  }
}
