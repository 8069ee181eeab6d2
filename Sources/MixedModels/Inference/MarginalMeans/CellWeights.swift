// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// How cells count that a marginal mean averages over.
public enum MeansWeights: String, Sendable, CaseIterable {
  /// All alike.
  case equal
  /// By their rows (sums of prior weights), of the factors averaged over.
  case proportional
}

extension FittedModel {
  /// Sums of weights by the cells of some factors of the fixed part: the labels, in the order of
  /// `columns`, with “\u{1F}” between them.
  ///
  /// XᵀWX has them for factors that one term or two terms contain.
  ///
  /// - Throws: `InferenceError` for more; `FitError`.
  func cellWeights(_ columns: [String], _ builder: DesignBuilder) throws -> [Label: Double] {
    let (basis, directory) = (products.basis, products.fixed.directory)
    let sources = columns.map { basis.factors.firstIndex(of: .column($0)) }
    let wanted = Set(sources.compactMap(\.self))
    guard !wanted.isEmpty, sources.allSatisfy({ $0 != nil }) else { throw Self.noWeights(columns) }
    let blocks = basis.fixed.indices.filter { basis.fixed[$0].monomials.contains(.one) }
    let pair = blocks.lazy.flatMap { a in blocks.lazy.map { (a, $0) } }.first { a, b in
      basis.factorSources(ofBlock: a).union(basis.factorSources(ofBlock: b)).isSuperset(of: wanted)
    }
    guard let (a, b) = pair else { throw Self.noWeights(columns) }
    let labels = try columns.map { name in
      let source = basis.factors.firstIndex(of: .column(name))!
      let variable = fixedTerms.terms.flatMap(\.factors).map(\.variable)
        .first { $0.source == source }!
      return try builder.levels(of: variable)
    }
    let all = products.fixed.matrix
    func cells(_ block: Int) -> [(column: Int, codes: [Int: Int32])] {
      let one = basis.fixed[block].monomials.firstIndex(of: .one)!
      return directory.starts[block].indices.compactMap { cell in
        let start = directory.starts[block][cell]
        guard start >= 0 else { return nil }
        let set = basis.fixed[block].cellSet
        return (Int(start) + one, set.map { builder.factorCodes($0, Int32(cell)) } ?? [:])
      }
    }
    var weights: [Label: Double] = [:]
    let second = cells(b)
    for first in cells(a) {
      for other in second where a != b || other.column == first.column {
        let weight = all[first.column, other.column]
        guard weight > 0 else { continue }
        let key = zip(sources, labels).map { source, levels in
          levels.labels[levels.rank[Int((first.codes[source!] ?? other.codes[source!])!)]]
        }.joined(separator: "\u{1F}")
        weights[Label(key), default: 0] += weight
      }
    }
    return weights
  }

  private static func noWeights(_ columns: [String]) -> InferenceError {
    .refused(
      "\(Setting.cellWeights("proportional")) needs the rows in every cell of \(columns.joined(separator: ", ")), which the cross-products have for factors of one or two terms only. Use \(Setting.cellWeights("equal")), or fix factors by \(Setting.gridValues())."
    )
  }
}

extension RawBasis {
  /// The factors whose cells a block of X has.
  fileprivate func factorSources(ofBlock block: Int) -> Set<Int> {
    func sources(_ set: Int) -> Set<Int> {
      switch cellSets[set] {
      case .factor(let source): [source]
      case .product(let a, let b): sources(a).union(sources(b))
      }
    }
    return fixed[block].cellSet.map(sources) ?? []
  }
}
