// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Which random effects a prediction contains: lme4's `re.form`.
public enum RandomPart: Sendable, Equatable {
  case all
  /// Population level.
  case none
  /// Some terms or columns of terms, such as `~ (1 | Subject)`.
  case terms(String)

  /// `all`, `none`, or a one-sided formula.
  public init?(_ text: String) {
    let bare = text.filter { $0 != " " }
    switch bare {
    case "all": self = .all
    case "none", "~0": self = .none
    default:
      guard bare.hasPrefix("~") else { return nil }
      self = .terms(text)
    }
  }
}

/// The columns of a model's random terms that a prediction contains.
struct RandomSelection {
  /// For every group and each of its columns.
  let columns: [[Bool]]

  /// - Throws: `FormulaError`; `InferenceError` if a term is none of the model's.
  init(_ part: RandomPart, _ model: LinearMixedModel, _ builder: DesignBuilder) throws {
    switch part {
    case .all: columns = model.groups.map { Array(repeating: true, count: $0.size) }
    case .none: columns = model.groups.map { Array(repeating: false, count: $0.size) }
    case .terms(let text):
      let specification = builder.products.specification
      columns = try Self.columns(
        text, try Self.bound(text, specification), specification, model, builder)
    }
  }

  /// The terms asked for, bound to the model's columns.
  private static func bound(
    _ text: String, _ specification: ModelSpecification
  ) throws -> [BoundRandomTerm] {
    let formula = try Formula(specification.formula.response.deparsed + " " + text)
    guard !formula.randomTerms.isEmpty, formula.fixed.terms.isEmpty, formula.offsets.isEmpty else {
      throw InferenceError.refused(
        "“\(text)” does not name random effects alone. Write such as '~ (1 | group)', or all or none."
      )
    }
    let kinds = specification.columnKinds
    for (column, _) in formula.columnReferences where kinds[column] == nil {
      throw formula.errorForUnknownColumn(
        column, available: kinds.keys.sorted(), in: "“\(specification.formula.text)”")
    }
    let options = specification.options
    let bound = try ModelBinder.bind(
      formula, kinds: kinds, options: options, within: specification.basis)
    guard bound.basis.groups == specification.basis.groups else {
      throw notThere(text, specification)
    }
    return bound.randomTerms
  }

  private static func columns(
    _ text: String, _ wanted: [BoundRandomTerm], _ specification: ModelSpecification,
    _ model: LinearMixedModel, _ builder: DesignBuilder
  ) throws -> [[Bool]] {
    var columns = model.groups.map { _ in [Bool]() }
    var missing = wanted.map { Set(pieces($0.terms)) }
    for term in specification.randomTerms {
      let asked = wanted.indices.filter { wanted[$0].group == term.group }
      for piece in pieces(term.terms) {
        let isWanted = asked.contains { pieces(wanted[$0].terms).contains(piece) }
        for k in asked { missing[k].remove(piece) }
        columns[term.group] += Array(
          repeating: isWanted, count: try piece.count(in: term, builder))
      }
    }
    guard missing.allSatisfy(\.isEmpty) else { throw notThere(text, specification) }
    // Effects of covarying factors are columns of one group.
    for g in columns.indices where model.groups[g].source != nil {
      columns[model.source(of: g)] += columns[g]
      columns[g] = Array(repeating: columns[g].contains(true), count: model.groups[g].size)
    }
    return columns
  }

  /// The intercept or one term of the left-hand side.
  private struct Piece: Hashable {
    /// nil for the intercept.
    let label: String?
    var codings: [FactorCoding] = []
    var index = 0

    static func == (a: Piece, b: Piece) -> Bool { a.label == b.label && a.codings == b.codings }

    func hash(into hasher: inout Hasher) {
      hasher.combine(label)
      hasher.combine(codings)
    }

    func count(in term: BoundRandomTerm, _ builder: DesignBuilder) throws -> Int {
      guard label != nil else { return 1 }
      let products = builder.products
      return try builder.columns(
        BoundTerms(hasIntercept: false, terms: [term.terms.terms[index]]),
        blocks: products.basis.groups[term.group].blocks,
        directory: products.groups[term.group].directory
      ).names.count
    }
  }

  private static func pieces(_ terms: BoundTerms) -> [Piece] {
    (terms.hasIntercept ? [Piece(label: nil)] : [])
      + terms.terms.enumerated().map { index, term in
        Piece(label: term.label, codings: term.factors.map(\.coding), index: index)
      }
  }

  private static func notThere(
    _ text: String, _ specification: ModelSpecification
  ) -> InferenceError {
    .refused(
      "“\(text)” has a random effect that “\(specification.formula.text)” has not, or codes a factor in another way. Take terms or columns of the model, written as there."
    )
  }
}

extension RelativeCovariance {
  /// For every group RSR⁻¹, ℓ × ℓ by columns, where S keeps the selected ones of the reported
  /// columns: what a selection makes of working effects b.
  func projections(_ selected: [[Bool]]) -> [[Double]] {
    var result = emptyFactors
    for block in blocks {
      let (ℓ, m, offset) = (groupSizes[block.group], block.size, block.offset)
      let kept = (0..<m).filter { selected[block.group][offset + $0] }
      var P = DenseMatrix(rows: m, columns: m)
      if kept.count == m {
        P = .identity(m)
      } else if !kept.isEmpty {
        let inverse = block.solveR(.identity(m))
        for k in kept {
          for j in 0..<m { for i in 0..<m { P[i, j] += block.R[i, k] * inverse[k, j] } }
        }
      }
      for j in 0..<m {
        for i in 0..<m { result[block.group][(offset + j) * ℓ + offset + i] = P[i, j] }
      }
    }
    return result
  }
}
