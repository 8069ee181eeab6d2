// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

// Strata, correlated residuals and clusters of rows.

extension ModelBinder {
  mutating func bind(
    _ term: ResidualTerm, _ word: SerialWord
  ) throws -> (bound: BoundSerial, steps: RawSerial) {
    let subject = try factorVariable(Variable(column: term.subject))
    let cellSet = interaction(of: [subject.source])
    let time = Expression.column(term.visit)
    columns.add(time)
    return (
      BoundSerial(term: term, word: word, subject: subject, cellSet: cellSet),
      RawSerial(cellSet: cellSet, time: time, isContinuous: word == .car1)
    )
  }

  mutating func bind(_ term: ResidualTerm) throws -> BoundResidual {
    let visit = try factorVariable(Variable(column: term.visit))
    let subject = try factorVariable(Variable(column: term.subject))
    let arm = try term.arm.map { try factorVariable(Variable(column: $0)) }
    return BoundResidual(
      term: term, visit: visit, subject: subject, arm: arm,
      visitCells: interaction(of: [visit.source]), subjectCells: interaction(of: [subject.source]),
      armCells: arm.map { interaction(of: [$0.source]) })
  }

  mutating func bindStrata(_ strata: StrataFormula) throws -> BoundStrata {
    let grouping = try strata.factors.map { try factorVariable($0) }
    return BoundStrata(
      name: strata.name, cellSet: interaction(of: grouping.map(\.source)), grouping: grouping)
  }

  /// A column as clusters of rows.
  mutating func clusters(_ column: String, _ groups: [RawGroup]) -> RawClusters {
    let source = FactorSource.column(column)
    columns.add(source)
    let index = factors.firstIndex(of: source) ?? factors.count
    if index == factors.count { factors.append(source) }
    let cellSet = intern(.factor(index))
    return RawClusters(
      cellSet: cellSet,
      nestings: groups.map { $0.cellSet == cellSet ? nil : intern(.product(cellSet, $0.cellSet)) })
  }

  /// - Throws: `FitError.serial` for what cannot be summed in steps.
  static func checkSerial(
    _ term: ResidualTerm, _ formula: Formula, _ kinds: [String: ColumnKind], _ options: ModelOptions
  ) throws(FitError) {
    if let factor = formula.absorbedFactors.first {
      throw .serial(
        term.text,
        "cannot be told beside absorbed factors. Write “\(factor.name)” as a fixed effect or as a random term, or leave one of both out"
      )
    }
    if options.clusters != nil {
      throw .serial(
        term.text, "cannot stand beside sums by clusters. Leave \(Setting.clusters()) out")
    }
    if let arm = term.arm {
      throw .serial(
        term.text,
        "has one correlation for all subjects: leave “\(arm)/” out, or fit the arms one by one")
    }
    if kinds[term.visit] == .categorical || kinds[term.visit] == .logical {
      throw .serial(
        term.text,
        "needs times, and \(term.visit) is no column of numbers, or is read as labels. Use one that counts the steps or the days"
      )
    }
  }
}
