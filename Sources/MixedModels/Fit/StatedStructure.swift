// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames
package import NumericalMethods

/// A covariance structure with its parameters, on the scale of the response: what is true of a term that
/// data are drawn from.
package struct StatedStructure: Sendable, Equatable {
  private let structure: any CovarianceStructure
  private let columns: [String]
  /// As θ has them, standard deviations and loadings in units of the response.
  private var parameters: [Double]

  /// Standard deviations of 1, and no correlations.
  init(_ structure: any CovarianceStructure, columns: [String]) {
    (self.structure, self.columns) = (structure, columns)
    parameters = structure.theta(structure.values(structure.start[...]))
  }

  init(_ structure: any CovarianceStructure, columns: [String], parameters: [Double]) {
    (self.structure, self.columns, self.parameters) = (structure, columns, parameters)
  }

  package static func == (a: StatedStructure, b: StatedStructure) -> Bool {
    a.columns == b.columns && a.parameters == b.parameters
      && a.structure.parameters == b.structure.parameters
  }

  /// Whether all columns have one standard deviation.
  package var isHomogeneous: Bool { structure.parameters.first == .commonDeviation }

  /// Places of the standard deviations by the names that they may be stated by.
  package var deviationNames: [(name: String, place: Int)] {
    names { parameter in
      switch parameter {
      case .commonDeviation: [parameter.name(columns)] + columns
      case .deviation: [parameter.name(columns)]
      default: []
      }
    }
  }

  /// The same of correlations, rates and ranges.
  package var correlationNames: [(name: String, place: Int)] {
    names { $0.isDeviation ? [] : [$0.name(columns)] }
  }

  private func names(_ own: (StructureParameter) -> [String]) -> [(name: String, place: Int)] {
    structure.parameters.enumerated().flatMap { k, parameter in own(parameter).map { ($0, k) } }
  }

  /// Why a value is none of a parameter's; nil where it is set.
  package mutating func set(_ place: Int, _ value: Double) -> String? {
    let parameter = structure.parameters[place]
    if let problem = parameter.problem(value) { return problem }
    parameters[place] = value
    return nil
  }

  /// With the standard deviation of a column, or of all where they have one, times a factor; correlations
  /// stay.
  package func scaled(column: Int, by factor: Double) -> StatedStructure {
    var scaled = self
    for (k, parameter) in structure.parameters.enumerated() where parameter.isDeviation {
      if parameter == .commonDeviation || parameter.column == column { scaled.parameters[k] *= factor }
    }
    return scaled
  }

  /// λ, lower triangular, on the scale of the response.
  ///
  /// - Throws: `StructureProblem` where no covariance matrix has the parameters.
  package func factor() throws(StructureProblem) -> DenseMatrix {
    structure.factor(try structure.values(theta: parameters))
  }

  /// λλᵀ
  ///
  /// - Throws: as `factor`.
  package func covariance() throws(StructureProblem) -> DenseMatrix {
    let λ = try factor()
    return λ * λ.transposed
  }

  /// θ where the residuals have the standard deviation σ.
  package func theta(sigma: Double) -> [Double] {
    zip(structure.parameters, parameters).map { $0.isDeviation ? $1 / sigma : $1 }
  }
}

extension Formula {
  /// The structure of a random term whose columns are known by name; nil where none is written.
  ///
  /// - Throws: `FormulaError` for a word that does not suit the columns.
  package func statedStructure(
    _ term: RandomTerm, columns: [String]
  ) throws(FormulaError) -> StatedStructure? {
    guard let word = term.structure else { return nil }
    let choice = try covarianceStructure(word)
    do throws(StructureProblem) {
      let structure = try choice.family.structure(
        StructuredColumns(
          names: columns, isHomogeneous: choice.isHomogeneous,
          levels: term.terms.indicatedLevels(columns), dimensions: choice.dimensions))
      guard !choice.family.hasDimensions else {
        throw StructureProblem(
          reason: "loadings cannot be stated",
          remedy: "Take a saved fit with this term, or a term without the word.")
      }
      return StatedStructure(structure, columns: columns)
    } catch {
      throw errorForUnsuitableStructure(word, reason: error.reason, remedy: error.remedy)
    }
  }
}

extension ModelTerms {
  /// The levels of the one factor of which all columns are the indicators; nil for other terms.
  fileprivate func indicatedLevels(_ columns: [String]) -> [String]? {
    guard !hasIntercept, terms.count == 1, variables.count == 1 else { return nil }
    let name = variables[0].name
    guard columns.allSatisfy({ $0.hasPrefix(name) && $0 != name }) else { return nil }
    return columns.map { String($0.dropFirst(name.count)) }
  }
}

extension FittedModel {
  /// The structure of every term as it was estimated; nil where any covariance matrix is meant.
  package var estimatedStructures: [StatedStructure?] {
    zip(model.terms, zip(model.covariance.blocks, model.covariance.blockRanges)).map { term, place in
      let (block, range) = place
      var next = range.lowerBound
      guard let structure = block.structure, let θ = block.structuredTheta(φ, &next) else {
        return nil
      }
      return StatedStructure(
        structure, columns: term.columns,
        parameters: zip(structure.parameters, θ).map { $0.isDeviation ? fit.sigma * $1 : $1 })
    }
  }
}
