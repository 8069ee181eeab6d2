// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LinearMixedModel {
  /// The model with its fixed levels as further groups, for equations that know of none.
  var joined: LinearMixedModel { joined(redundant: 2) }

  /// The same with redundant levels held at zero: they have no part in the inverse of the equations' matrix.
  var joinedHoldingRedundant: LinearMixedModel {
    joined(redundant: FixedLevelsFactor.holdingSquare)
  }

  private func joined(redundant: Double) -> LinearMixedModel {
    guard let fixedLevels else { return self }
    var model = LinearMixedModel(
      observations: observations, sumOfLogWeights: sumOfLogWeights,
      groups: groups + fixedLevels.groups(width: tail.columns, redundant: redundant),
      fixedLevels: nil,
      pairs: pairs + fixedLevels.currentPairs, tail: tail,
      covariance: RelativeCovariance(
        blocks: covariance.blocks,
        groupSizes: covariance.groupSizes + fixedLevels.factors.map { _ in 1 }),
      fixed: fixed, terms: terms, knownVariance: knownVariance)
    guard let parts else { return model }
    // The first coefficient is 1 whatever φ, so that what does not change with it belongs there.
    let all = parts.all.enumerated().map { k, part in
      let own = part.fixedLevels!
      return ModelPart(
        groups: part.groups + (k == 0 ? fixedLevels.groups(of: own, redundant: redundant) : own.groups),
        pairs: part.pairs + own.pairs, tail: part.tail)
    }
    model.parts = ModelParts(all: all, sumOfLogWeights: parts.sumOfLogWeights)
    model.covariance.residual = covariance.residual
    return model
  }

  /// The model as if its y and X were those of a model without absorbed factors: what log |M| of ML is of.
  var withoutFixedLevels: LinearMixedModel {
    var model = LinearMixedModel(
      observations: observations, sumOfLogWeights: sumOfLogWeights, groups: groups,
      fixedLevels: nil, pairs: pairs, tail: tail, covariance: covariance, fixed: fixed,
      terms: terms, knownVariance: knownVariance)
    model.parts = parts
    return model
  }

  /// The name of a group's factor; absorbed ones are numbered behind the others.
  func factorName(_ group: Int) -> String {
    if let term = terms.first(where: { $0.group == group }) { return term.groupName }
    let place = group - groups.count
    guard let factors = fixedLevels?.factors, factors.indices.contains(place) else { return "" }
    return factors[place].name
  }

  /// p and the columns of absorbed factors.
  var fixedRank: Int { fixedEffectCount + (fixedLevels?.rank ?? 0) }

  /// Of the kept columns those whose coefficients are what they are without sparse columns: all but the ones
  /// that share in a column which a factor explains.
  var ownColumns: [Int] {
    fixed.kept.indices.filter { k in
      guard let reported = fixedLevels?.reported else { return true }
      return reported.given.indices.allSatisfy { reported.shares[k, $0] == 0 }
    }
  }
}
