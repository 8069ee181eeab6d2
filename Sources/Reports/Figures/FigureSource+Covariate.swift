// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

extension FigureSource {
  /// Index of the atom for a horizontal axis: the named one, or the first of the term's group, or
  /// of the fixed part; nil for a model without numeric covariates.
  ///
  /// - Throws: `FigureError.unknownCovariate`.
  func covariate(_ name: String?, term: Int) throws(FigureError) -> Int? {
    try requireNoAbsorbedFactors()
    let basis = fitted.products.basis
    let random = Self.atoms(basis.groups[model.terms[term].group].blocks)
    let candidates = (random + Self.atoms(basis.fixed)).reduce(into: [Int]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    guard let name else { return candidates.first }
    let known = candidates.map { basis.atoms[$0].expression.deparsed }
    guard let place = known.firstIndex(of: name) else {
      throw .unknownCovariate(name, meant: closestName(to: name, among: known), known: known)
    }
    return candidates[place]
  }

  /// How the fitted values of a level depend on an atom.
  enum Dependence {
    /// On nothing else, so that a curve through them can be drawn.
    case alone
    /// In a straight line, and on other variables.
    case linear
    case other
  }

  func dependence(on atom: Int) -> Dependence {
    let basis = fitted.products.basis
    let blocks = basis.fixed + basis.groups.flatMap(\.blocks)
    let usesOthers = blocks.contains { block in
      block.cellSet != nil || Self.atoms([block]).contains { $0 != atom }
    }
    if !usesOthers, basis.groups.count == 1, basis.offsets.isEmpty { return .alone }
    return basis.atoms[atom].degree == 1 ? .linear : .other
  }

  private static func atoms(_ blocks: [ColumnBlock]) -> [Int] {
    blocks.flatMap { block in block.monomials.flatMap { $0.powers.map(\.atom) } }
  }
}
