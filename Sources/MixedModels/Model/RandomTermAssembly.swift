// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// One random-effects term's columns in working coordinates.
struct RandomTermAssembly {
  let bound: BoundRandomTerm
  /// Raw × ℓ.
  let B: DenseMatrix
  /// What lme4 would list as a term each: the whole term, or every column of a diagonal one.
  let pieces: [(columns: [String], R: DenseMatrix)]
  /// Of the columns; none where they are used as they are.
  let lostDigits: [(name: String, factor: Double)]
  /// nil where any covariance matrix is meant.
  let structure: (any CovarianceStructure)?
  /// Of a term whose levels are correlated along axes.
  let grid: LevelGrid?

  init(_ bound: BoundRandomTerm, _ builder: DesignBuilder) throws {
    self.bound = bound
    let raw = builder.products.basis.groups[bound.group]
    let products = builder.products.groups[bound.group]
    let design = try builder.columns(
      bound.terms, blocks: raw.blocks, directory: products.directory)
    let C = design.matrix(rawCount: products.directory.count)
    let gram = products.pooledGram
    let size = design.names.count
    // Working columns have mean square 1 over all rows, each divided by the standard deviation that
    // its weight gives to its residual, in units of σ. φ = 1 then means that a term's variance is
    // that of the residuals, row by row: whatever the unit of the weights, and of the response.
    let unit = Double(builder.products.observations).squareRoot()

    if let word = bound.structure, !word.axes.isEmpty {
      let grid = try LevelGrid(bound, word.axes, cellSet: raw.cellSet, builder: builder)
      (structure, self.grid) = (grid.axes, grid)
    } else if let word = bound.structure {
      grid = nil
      structure = try builder.structure(bound, word, names: design.names)
    } else {
      grid = nil
      structure = try builder.neighbourCorrelations(bound, cellSet: raw.cellSet, columns: size)
    }
    if !bound.isDiagonal, structure == nil {
      let constant = builder.constantColumn(
        bound.terms, blocks: raw.blocks, directory: products.directory)
      let basis = WorkingBasis(gram: gram, columns: C, constant: constant)
      if basis.kept.count == size {
        B = unit * basis.B
        pieces = [(design.names, (1 / unit) * basis.R)]
        lostDigits = zip(design.names, basis.loss).map { name, factor in
          ("\(name) in (… | \(bound.groupName))", factor)
        }
        return
      }
    }
    // A diagonal covariance is not free to turn, and dependent columns have no basis of their own
    // number.
    var norms = (0..<size).map { j in
      let largest = (0..<C.rows).reduce(0) { max($0, abs(C[$1, j])) }
      guard largest > 0 else { return 1.0 }
      let column = C.column(j).map { $0 / largest }
      let square = dot(column, gram * column)
      return square > 0 ? square.squareRoot() / unit * largest : 1
    }
    if structure?.parameters[0] == .commonDeviation {  // columns keep their sizes beside each other
      norms = norms.map { _ in norms.reduce(0, +) / Double(size) }
    }
    var scaled = C
    for j in 0..<size { for i in 0..<C.rows { scaled[i, j] /= norms[j] } }
    B = scaled
    lostDigits = []
    pieces =
      bound.isDiagonal
      ? (0..<size).map { ([design.names[$0]], DenseMatrix(diagonal: [norms[$0]])) }
      : [(design.names, DenseMatrix(diagonal: norms))]
  }
}

extension RandomTermAssembly {
  /// What is said of the covariance matrix; nil where any is meant.
  var structureWord: String? {
    bound.structure?.word ?? (structure is NeighbourCorrelations ? "car" : nil)
  }
}

extension DesignBuilder {
  /// Of the levels of a term whose neighbours are given; nil for others.
  ///
  /// - Throws: `FitError.axes` for a term that has more than one effect for each level; `RelationshipError`,
  ///   `CholmodError`.
  fileprivate func neighbourCorrelations(
    _ bound: BoundRandomTerm, cellSet: Int, columns: Int
  ) throws -> (any CovarianceStructure)? {
    guard let relationship = options.relationships[bound.groupName], relationship.isNeighbourhood else {
      return nil
    }
    let text = "car(\(bound.groupName))"
    let others = products.specification.randomTerms.filter { $0.group == bound.group }
    guard columns == 1, others.count == 1 else {
      throw FitError.axes(
        text, "is for one effect of every level: levels with neighbours have one term, (1 | \(bound.groupName))")
    }
    let levels = try GroupLevels(bound.grouping, cellSet: cellSet, builder: self).labels
    let (positions, _) = try relationship.positions(after: levels, factor: bound.groupName)
    return try NeighbourCorrelations(text, relationship.precision.permuted(to: positions))
  }

  /// - Throws: `FormulaError` for a word that does not suit the columns.
  fileprivate func structure(
    _ bound: BoundRandomTerm, _ word: RandomTerm.StructureWord, names: [String]
  ) throws -> any CovarianceStructure {
    let formula = products.specification.formula
    let choice = try formula.covarianceStructure(word)
    let columns = StructuredColumns(
      names: names, isHomogeneous: choice.isHomogeneous, levels: try indicatedLevels(bound.terms),
      dimensions: choice.dimensions)
    do throws(StructureProblem) { return try choice.family.structure(columns) } catch {
      throw formula.errorForUnsuitableStructure(word, reason: error.reason, remedy: error.remedy)
    }
  }

  /// The levels of the factor of which all columns are the indicators; nil for other terms.
  private func indicatedLevels(_ terms: BoundTerms) throws -> [String]? {
    guard !terms.hasIntercept, terms.terms.count == 1, terms.terms[0].numbers.isEmpty,
      terms.terms[0].factors.count == 1, case .indicators = terms.terms[0].factors[0].coding
    else { return nil }
    return try levels(of: terms.terms[0].factors[0].variable).labels
  }
}

extension RandomTermAssembly {
  /// Covariance parameters.
  var parameterCount: Double {
    if let structure { return Double(structure.parameters.count) }
    return pieces.reduce(0) { $0 + Double($1.columns.count * ($1.columns.count + 1) / 2) }
  }
}

extension GroupProducts {
  /// Σⱼ ZⱼᵀWZⱼ, raw × raw.
  var pooledGram: DenseMatrix {
    let count = directory.count
    var sums = [Double](repeating: 0, count: count * count)
    let width = zCapacity + xCapacity
    for page in 0..<pageCount {
      forEachLevel(ofPage: page) { _, block in
        for i in 0..<count {
          for j in 0..<count { sums[i * count + j] += block[i * width + j] }
        }
      }
    }
    var gram = DenseMatrix(rows: count, columns: count)
    for i in 0..<count { for j in 0..<count { gram[i, j] = sums[i * count + j] } }
    return gram
  }
}

extension DenseMatrix {
  /// Side by side; all have the same number of rows.
  static func joined(_ parts: [DenseMatrix]) -> DenseMatrix {
    DenseMatrix(
      rows: parts[0].rows, columns: parts.reduce(0) { $0 + $1.columns },
      storage: parts.flatMap(\.storage))
  }
}
