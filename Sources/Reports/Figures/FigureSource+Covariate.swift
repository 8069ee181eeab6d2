// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods

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

  /// The term whose levels a figure of rows shows, and the atom of its horizontal axis: of terms with a
  /// slope first, one within whose levels the covariate varies.
  ///
  /// - Throws: `FigureError`.
  func termAndCovariate(
    _ group: String?, _ covariate: String?
  ) throws(FigureError) -> (term: Int, atom: Int?) {
    let t = try term(group) { $0.columns.count > 1 }
    let atom = try self.covariate(covariate, term: t)
    guard group == nil, let atom, !varies(atom, withinLevelsOf: t) else { return (t, atom) }
    let terms = model.terms.indices.sorted {
      (model.terms[$0].columns.count > 1 ? 0 : 1, $0)
        < (model.terms[$1].columns.count > 1 ? 0 : 1, $1)
    }
    for other in terms {
      if let atom = try self.covariate(covariate, term: other), varies(atom, withinLevelsOf: other) {
        return (other, atom)
      }
    }
    return (t, atom)
  }

  /// Whether a covariate of the fixed part has more than one value at a level; true where the
  /// cross-products do not tell.
  ///
  /// With the sums s_j of w and t_j of wx over the rows of level j, Σ wx² exceeds Σ t_j²/s_j if it varies.
  private func varies(_ atom: Int, withinLevelsOf t: Int) -> Bool {
    let name = fitted.products.basis.atoms[atom].expression.deparsed
    guard model.terms[t].columns.first == "(Intercept)", name != "",
      let column = fit.fixedEffects.firstIndex(where: { $0.name.hasBytes(of: name) }),
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
