// SPDX-License-Identifier: GPL-2.0-or-later

/// How a model lies in a larger one.
struct Nesting {
  /// The first part of the smaller model that is not in the larger one; nil if nested.
  let lacking: String?
  /// Whether the column spaces of the fixed parts are the same.
  let hasSameFixedPart: Bool
  /// The reference distribution under a hypothesis on the boundary; nil if there is no simple one,
  /// or the hypothesis is inside.
  let mixture: BoundaryMixture?
  /// Why the mixture is nil.
  let note: String?
  /// The one variance that the larger model has in addition: its group and working column.
  let newVariance: (group: Int, column: Int)?
}

extension FittedModel {
  /// Compares column spaces of fixed parts, and families of covariance matrices of random parts,
  /// term by term: spellings, contrasts and orders do not count.
  ///
  /// - Throws: `FitError`.
  func nesting(of smaller: FittedModel) throws -> Nesting {
    let standard = standardization
    let fixed = try fixedSpaces(standard)
    let smallerFixed = try smaller.fixedSpaces(standard)
    let random = try randomTermFamilies(standard)
    let smallerRandom = try smaller.randomTermFamilies(standard)
    let missing = smallerFixed.first { !fixed.contain($0) }
    let absorbed = Set(formula.absorbedFactors.map { Set($0.variables) })
    let missingFactor = smaller.formula.absorbedFactors.first {
      !absorbed.contains(Set($0.variables))
    }
    let missingRandom = smallerRandom.first { term in !random.contains { $0.contains(term) } }
    let isSame =
      missing == nil && absorbed.count == smaller.formula.absorbedFactors.count
      && fixed.allSatisfy { smallerFixed.contain($0) }
    var lacking =
      missingFactor.map { "the absorbed factor \($0.name)" }
      ?? missing.map { "the term \($0.label)" }
    if lacking == nil { lacking = missingRandom.map { "the random-effects term \($0.label)" } }
    let covarying = Set(options.covaryingFactors)
    if lacking == nil, !smaller.options.covaryingFactors.isEmpty,
      covarying != Set(smaller.options.covaryingFactors)
    {
      lacking = "the covariance of \(smaller.options.covaryingFactors.joined(separator: " and "))"
    }
    if lacking == nil, !hasStrata(of: smaller) {
      lacking = "the strata of the residual variance, \(smaller.strata?.name ?? ""),"
    }
    if lacking == nil, let theirs = smaller.serial, !hasSerial(theirs) {
      lacking = "the correlation of residuals, \(theirs.term.text),"
    }
    if lacking == nil { lacking = lackingResidual(of: smaller) }
    let covariances = smaller.options.covaryingFactors.isEmpty ? model.covaryingTerms.first : nil
    let change = CovarianceChange(
      from: smallerRandom, to: random,
      covariances: covariances.map { $0.first * (model.covariance.blocks[$0.term].size - $0.first) } ?? 0)
    let (mixture, note) = change.boundary(
      // Variances that may be equal are no boundary: they count as coefficients do.
      fixed: model.fixedRank - smaller.model.fixedRank + strataCount - smaller.strataCount)
    return Nesting(
      lacking: lacking, hasSameFixedPart: isSame, mixture: mixture, note: note,
      newVariance: change.isOneVariance ? (change.new[0].group, change.new[0].column) : nil)
  }
}

extension FittedModel {
  /// What of a smaller model's covariances between residuals is not among those of this one, in words.
  fileprivate func lackingResidual(of smaller: FittedModel) -> String? {
    switch (repeated?.model, smaller.repeated?.model) {
    case (nil, nil): nil
    case (let larger?, let smaller?):
      larger.contains(smaller) ? nil : "the structure \(smaller.term.text)"
    case (_, let smaller?): "the structure \(smaller.term.text)"
    case (_?, nil): "a part without covariances between residuals"
    }
  }

  /// Of the fixed part; the levels of absorbed factors add up to the constant.
  fileprivate func fixedSpaces(_ standard: Standardization) throws -> [TermSpace] {
    try spaces(fixedTerms, standard) + (formula.absorbedFactors.isEmpty ? [] : [.one])
  }

  fileprivate var strata: BoundStrata? { products.specification.strata }
  /// Parameters of residual strata, or of their correlation.
  fileprivate var strataCount: Int { model.covariance.residual?.names.count ?? 0 }

  fileprivate var serial: SerialCorrelation? { model.covariance.residual?.serial }

  /// Whether every correlation of a smaller model's residuals is one of those here: `car1` has the positive
  /// ones of `ar1`.
  fileprivate func hasSerial(_ theirs: SerialCorrelation) -> Bool {
    guard let serial else { return false }
    return serial.term.subject == theirs.term.subject && serial.term.visit == theirs.term.visit
      && (serial.word == theirs.word || serial.word == .ar1)
  }

  /// Whether rows of one stratum here are of one stratum of `smaller`.
  fileprivate func hasStrata(of smaller: FittedModel) -> Bool {
    guard let theirs = smaller.strata else { return true }
    let sources = Set(strata?.grouping.map { products.basis.factors[$0.source] } ?? [])
    return theirs.grouping.allSatisfy {
      sources.contains(smaller.products.basis.factors[$0.source])
    }
  }
}

/// What distinguishes the random parts of two nested models.
private struct CovarianceChange {
  let smaller: [RandomTermFamily]
  let larger: [RandomTermFamily]
  /// Of the larger model, without equal in the smaller.
  private(set) var new: [RandomTermFamily] = []
  /// Of the smaller model, without equal in the larger.
  private(set) var old: [RandomTermFamily]
  /// Between two factors of the larger model.
  let covariances: Int

  init(from smaller: [RandomTermFamily], to larger: [RandomTermFamily], covariances: Int) {
    (self.smaller, self.larger, old, self.covariances) = (smaller, larger, smaller, covariances)
    for term in larger {
      if let match = old.firstIndex(where: { term.isEqual($0) }) {
        old.remove(at: match)
      } else {
        new.append(term)
      }
    }
  }

  var isOneVariance: Bool { new.count == 1 && new[0].columns == 1 && old.isEmpty }

  /// One new variance, alone or with its covariances to the effects of a term that is in both
  /// models, has a mixture of two χ².
  func boundary(fixed: Int) -> (BoundaryMixture?, String?) {
    let onlyCovariances = "only covariances are tested, which are not on the boundary: χ² is right"
    if new.isEmpty { return (nil, covariances > 0 ? onlyCovariances : nil) }
    if isOneVariance { return (BoundaryMixture(oneMoreEffectIn: 1 + covariances, fixed: fixed), nil) }
    if covariances == 0, new.count == 1, old.count == 1, new[0].grouping == old[0].grouping,
      new[0].columns == old[0].columns + 1
    {
      return (BoundaryMixture(oneMoreEffectIn: new[0].columns, fixed: fixed), nil)
    }
    let groups = Set(new.map(\.grouping)).union(old.map(\.grouping))
    if new.reduce(0, { $0 + $1.columns }) == old.reduce(0, { $0 + $1.columns }), groups.count == 1 {
      return (nil, onlyCovariances)
    }
    return (
      nil,
      "\(new.map(\.label).joined(separator: ", ")): several variances at once, or a change of structure, have a mixture whose weights depend on the data; where variances are added the naive p-value is an upper bound. Compare models that differ by one random effect"
    )
  }
}
