// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods

extension FigureSource {
  /// Index of the atom of a named covariate.
  ///
  /// - Throws: `FigureError.unknownCovariate`.
  private func covariate(_ name: String, ofTerm term: Int) throws(FigureError) -> Int {
    let candidates = try covariates(ofTerm: term)
    let known = candidates.map { fitted.products.basis.atoms[$0].expression.deparsed }
    guard let place = known.firstIndex(of: name) else {
      throw .unknownCovariate(name, meant: closestName(to: name, among: known), known: known)
    }
    return candidates[place]
  }

  /// Atoms that a figure of a term's levels can have on its horizontal axis: those of its group first.
  ///
  /// - Throws: `FigureError` where there are absorbed factors.
  private func covariates(ofTerm term: Int) throws(FigureError) -> [Int] {
    try requireNoAbsorbedFactors()
    let basis = fitted.products.basis
    let random = Self.atoms(basis.groups[model.terms[term].group].blocks)
    return (random + Self.atoms(basis.fixed)).reduce(into: [Int]()) {
      if !$0.contains($1) { $0.append($1) }
    }
  }

  /// The term whose levels a figure of rows shows, and the atom of its horizontal axis: of terms with a
  /// slope first, one within whose levels the covariate varies; no atom where none does so within the
  /// levels of any.
  ///
  /// - Throws: `FigureError`.
  func termAndCovariate(
    _ group: String?, _ covariate: String?
  ) throws(FigureError) -> (term: Int, atom: Int?) {
    let t = try term(group) { $0.columns.count > 1 }
    if group != nil, let covariate { return (t, try self.covariate(covariate, ofTerm: t)) }
    let others = model.terms.indices.filter { group == nil && $0 != t }.sorted {
      (model.terms[$0].columns.count > 1 ? 0 : 1, $0)
        < (model.terms[$1].columns.count > 1 ? 0 : 1, $1)
    }
    for term in [t] + others {
      let atoms =
        if let covariate { [try self.covariate(covariate, ofTerm: term)] } else { try covariates(ofTerm: term) }
      for atom in atoms where varies(atom, withinLevelsOf: term) { return (term, atom) }
    }
    guard let covariate else { return (t, nil) }
    return (t, try self.covariate(covariate, ofTerm: t))
  }

  /// Whether a covariate of the fixed part has more than one value at a level; true where the
  /// cross-products do not tell.
  ///
  /// With the sums s_j of w and t_j of wx over the rows of level j, Σ wx² exceeds Σ t_j²/s_j if it varies.
  private func varies(_ atom: Int, withinLevelsOf t: Int) -> Bool {
    guard model.terms[t].columns.first == "(Intercept)", let column = fixedColumn(of: atom),
      let k = keptPlace(column)
    else { return true }
    let (block, p) = (model.covariance.blocks[t], model.fixedEffectCount)
    let group = model.groups[block.group]
    let ℓ = group.size
    let r = (0..<p).map { model.fixed.R[$0, k] }
    // Working columns are orthonormal, so this is Σ wx².
    var (total, between) = (r.reduce(0) { $0 + $1 * $1 }, 0.0)
    var (sum, weight) = (0.0, 0.0)
    for level in 0..<group.levelCount {
      let s = group.zz[(level * ℓ + block.offset) * ℓ + block.offset]
      guard s > 0 else { continue }
      let t = (0..<p).reduce(0.0) {
        $0 + r[$1] * group.zx[(level * (p + 1) + $1) * ℓ + block.offset]
      }
      between += t * t / s
      sum += t
      weight += s
    }
    // Less what the mean of all rows explains.
    let mean = weight > 0 ? sum * sum / weight : 0
    total -= mean
    between -= mean
    return total - between > 1e-6 * total
  }

  /// Of what the formula makes of an atom alone, as x, center(x) or poly(x, 2), the first column.
  private func fixedColumn(of atom: Int) -> Int? {
    let alone = fitted.products.specification.fixed.terms.first {
      $0.factors.isEmpty && $0.numbers.count == 1 && $0.numbers[0].atom == atom
    }
    guard let name = alone?.numbers[0].name else { return nil }
    return fit.fixedEffects.firstIndex { $0.name.hasBytes(of: name) || $0.name.hasBytes(of: "\(name)1") }
  }

  private func keptPlace(_ column: Int) -> Int? {
    guard fit.fixedEffects[column].estimate != nil else { return nil }
    return fit.fixedEffects[..<column].count { $0.estimate != nil }
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
    return basis.atoms[atom].degree == 1 && basis.atoms[atom].spline == nil ? .linear : .other
  }

  private static func atoms(_ blocks: [ColumnBlock]) -> [Int] {
    blocks.flatMap { block in block.monomials.flatMap { $0.powers.map(\.atom) } }
  }
}
