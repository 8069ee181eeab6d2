// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension LinearMixedModel {
  /// The covariance with some parameters known.
  ///
  /// A correlation becomes a constant, and so does a standard deviation where σ is known. Where σ is not,
  /// it follows from the one standard deviation that is known (`KnownDeviation`).
  ///
  /// - Throws: `FitError.numerical` for a name that none has, or that cannot be held.
  func holding(_ parameters: [HeldParameter]) throws(FitError) -> RelativeCovariance {
    var places: [HeldPlace] = []
    for parameter in parameters { places.append(try place(parameter)) }
    let deviations = places.filter { $0.kind.isDeviation }
    if knownVariance == nil, deviations.count > 1 {
      throw .numerical(
        "\(deviations.map(\.name).joined(separator: " and ")) are held while σ is estimated: that can be done with one standard deviation. Hold σ as well, by \(Setting.knownSigma).")
    }
    let isFree = knownVariance == nil
    var blocks = covariance.blocks
    for t in blocks.indices {
      let own = places.filter { $0.term == t && !(isFree && $0.kind.isDeviation) }
      guard !own.isEmpty else { continue }
      let block = blocks[t]
      blocks[t] = RelativeCovariance.Block(
        group: block.group, offset: block.offset, size: block.size, R: block.R,
        structure: try held(own, block))
    }
    var held = RelativeCovariance(
      blocks: blocks, groupSizes: covariance.groupSizes, residual: covariance.residual)
    if isFree, let deviation = deviations.first, case .deviation(let column) = deviation.kind {
      held.knownDeviation = KnownDeviation(
        block: deviation.term, column: column, value: deviation.value)
    }
    return held
  }

  /// A parameter that is held, among the terms.
  private struct HeldPlace {
    enum Kind {
      case deviation(Int)
      /// The later column first.
      case correlation(Int, Int)
      /// Of a structure, by its name in θ.
      case own(StructureParameter)

      var isDeviation: Bool {
        if case .deviation = self { true } else { false }
      }
    }
    let name: String
    let value: Double
    let term: Int
    let kind: Kind
  }

  private func place(_ parameter: HeldParameter) throws(FitError) -> HeldPlace {
    for (t, term) in terms.enumerated() {
      for (name, kind) in names(term, covariance.blocks[t]) where name.hasBytes(of: parameter.name) {
        let place = HeldPlace(name: name, value: parameter.value, term: t, kind: kind)
        try check(place)
        return place
      }
    }
    if parameter.name == "sigma" {
      throw .numerical("sigma is held by \(Setting.knownSigma).")
    }
    let known = terms.indices.flatMap { t in names(terms[t], covariance.blocks[t]).map(\.name) }
    let shown = known.prefix(8).joined(separator: ", ") + (known.count > 8 ? ", …" : "")
    throw .numerical(
      "no covariance parameter is called \(parameter.name). There are \(shown).")
  }

  private func names(
    _ term: ReportedTerm, _ block: RelativeCovariance.Block
  ) -> [(name: String, kind: HeldPlace.Kind)] {
    let columns = term.columns
    var names: [(name: String, kind: HeldPlace.Kind)] = []
    for j in columns.indices {
      names.append((ModelParameter.deviationName(columns[j], of: term.name), .deviation(j)))
      for i in columns.indices.dropFirst(j + 1) {
        names.append(
          (ModelParameter.correlationName(columns[i], columns[j], of: term.name), .correlation(i, j)))
      }
    }
    for parameter in block.structure?.parameters ?? [] where parameter.isReported {
      names.append(("\(parameter.name(columns))|\(term.name)", .own(parameter)))
    }
    return names
  }

  private func check(_ place: HeldPlace) throws(FitError) {
    let (name, value) = (place.name, place.value)
    switch place.kind {
    case .deviation:
      guard value > 0, value.isFinite else {
        throw .numerical(
          "\(name) cannot be \(value): a standard deviation that is known is a positive number. Where it is zero leave the effect out.")
      }
    case .correlation:
      guard abs(value) < 1 else {
        throw .numerical("\(name) cannot be \(value): a correlation lies between -1 and 1.")
      }
    case .own(let parameter):
      if let problem = parameter.problem(value) {
        throw .numerical("\(name) cannot be \(value): \(problem).")
      }
    }
  }

  /// The structure of a term with known parameters.
  private func held(
    _ places: [HeldPlace], _ block: RelativeCovariance.Block
  ) throws(FitError) -> HeldStructure {
    let base: any CovarianceStructure
    if let structure = block.structure {
      base = structure
    } else {
      base = try unstructured(places, block)
    }
    var held: [Int: Double] = [:]
    for place in places {
      let index =
        switch place.kind {
        case .deviation(let column): base.index(ofDeviation: column)
        case .correlation(let row, let column): base.index(ofCorrelation: row, column)
        case .own(let own):
          base.parameters.firstIndex { own == $0 && $0.isItself && !$0.isDeviation }
        }
      guard let index else {
        let others = holdable(base, terms[place.term]).joined(separator: ", ")
        throw .numerical(
          "\(place.name) is no parameter of its own of its term's covariance matrix, and cannot be held. Hold \(others.isEmpty ? "" : "one of \(others), or ")all of θ by \(Setting.knownTheta).")
      }
      guard held[index] == nil else {
        throw .numerical("\(place.name) is held twice.")
      }
      let parameter = base.parameters[index]
      let unit = parameter.column.map { block.size(ofColumn: $0) }
      held[index] = unit.map { $0 * place.value / knownVariance!.squareRoot() } ?? place.value
      if let problem = parameter.problem(held[index]!) {
        throw .numerical("\(place.name) cannot be \(place.value): \(problem).")
      }
    }
    return HeldStructure(base, block, held: held)
  }

  /// Any covariance matrix, with the column first that all known correlations have.
  private func unstructured(
    _ places: [HeldPlace], _ block: RelativeCovariance.Block
  ) throws(FitError) -> UnstructuredCorrelations {
    var shared = Set(0..<block.size)
    for place in places {
      if case .correlation(let i, let j) = place.kind { shared.formIntersection([i, j]) }
    }
    guard let first = shared.min() else {
      throw .numerical(
        "\(places.map(\.name).joined(separator: ", ")) have no column in common: correlations of a term are held where they have one. Hold those of one column, or all by \(Setting.knownTheta).")
    }
    return UnstructuredCorrelations(size: block.size, first: first)
  }

  private func holdable(_ base: any CovarianceStructure, _ term: ReportedTerm) -> [String] {
    base.parameters.compactMap { parameter in
      switch parameter {
      case .commonDeviation: ModelParameter.deviationName(term.columns[0], of: term.name)
      case .deviation(let column): ModelParameter.deviationName(term.columns[column], of: term.name)
      case .pairCorrelation(let i, let j, false):
        ModelParameter.correlationName(term.columns[i], term.columns[j], of: term.name)
      case .loading, .specificDeviation, .pairCorrelation: nil
      case .correlation, .autocorrelation, .rate, .range, .ofLevels:
        parameter.isItself ? "\(parameter.name(term.columns))|\(term.name)" : nil
      }
    }
  }
}

extension RelativeCovariance {
  /// Whether a term has parameters that are known.
  func hasKnown(_ block: Int) -> Bool {
    blocks[block].structure is HeldStructure || knownDeviation?.block == block
  }
}
