// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension CrossProducts {
  /// Adds the rows of `other`; `names` are what an error calls the two.
  ///
  /// Columns that are `chosen` get new levels or contrasts, so that those the parts came with do
  /// not matter.
  ///
  /// - Throws: `FitError.differentModels`.
  mutating func merge(
    _ other: CrossProducts, names: (String, String), chosen: Set<String> = []
  ) throws(FitError) {
    if other.hasNoValues { return addCounts(of: other) }
    if hasNoValues, observations == 0 {
      var sum = other
      sum.addCounts(of: self)
      sum.data = data + other.data
      self = sum
      return
    }
    if let difference = difference(from: other, names, chosen: chosen) {
      throw .differentModels(difference)
    }
    specification.options.missingTexts.formUnion(other.specification.options.missingTexts)
    for (name, kind) in other.specification.columnKinds
    where specification.columnKinds[name] == .empty { specification.columnKinds[name] = kind }
    add(basis == other.basis ? other : other.rebased(to: basis))
  }

  /// An empty part of a table: whatever its columns were taken for, it adds nothing.
  private var hasNoValues: Bool {
    observations == 0 && moments.allSatisfy { $0.products.allSatisfy { $0 == 0 } }
  }

  private mutating func addCounts(of other: CrossProducts) {
    omittedObservations += other.omittedObservations
    data += other.data
  }

  /// Why the two cannot be added up; nil if they can.
  private func difference(
    from other: CrossProducts, _ names: (String, String), chosen: Set<String>
  ) -> String? {
    let (a, b) = (specification, other.specification)
    if let kinds = a.columnDifference(from: b, names) { return kinds }
    if !basis.isCompatible(with: other.basis) {
      return a.basisDifference(from: b, names)
    }
    return a.options.difference(
      from: b.options, names, columns: Set(a.columnKinds.keys).subtracting(chosen))
  }
}

extension ModelSpecification {
  /// A column that is one thing here and another there, where that makes another model.
  fileprivate func columnDifference(
    from other: ModelSpecification, _ names: (String, String)
  ) -> String? {
    let differ = columnKinds.keys.sorted().filter { name in
      guard let mine = columnKinds[name], let theirs = other.columnKinds[name] else { return false }
      return mine.isNumber != theirs.isNumber || (mine == .logical) != (theirs == .logical)
    }
    let isSame = basis.isCompatible(with: other.basis)
    for name in differ
    where !isSame || logicalFactors.contains(name) != other.logicalFactors.contains(name) {
      let (mine, theirs) = (columnKinds[name]!, other.columnKinds[name]!)
      return
        "column \(name) is \(mine.word) in \(names.0) and \(theirs.word) in \(names.1) (--factor \(name) makes it categorical everywhere)"
    }
    return nil
  }

  /// Columns of TRUE and FALSE that are factors here.
  private var logicalFactors: Set<String> {
    let all = [fixed] + randomTerms.map(\.terms)
    let factors =
      all.flatMap { $0.terms.flatMap { $0.factors.map(\.variable) } }
      + randomTerms.flatMap(\.grouping)
    return Set(factors.filter(\.isLogical).compactMap(\.column))
  }

  fileprivate func basisDifference(
    from other: ModelSpecification, _ names: (String, String)
  ) -> String {
    func column(_ name: String?) -> String { name.map { "column \($0)" } ?? "none" }
    if options.weights != other.options.weights {
      return
        "the weights are \(column(options.weights)) in \(names.0) and \(column(other.options.weights)) in \(names.1)"
    }
    if options.offset != other.options.offset {
      return
        "the offset is \(column(options.offset)) in \(names.0) and \(column(other.options.offset)) in \(names.1)"
    }
    return
      "\(names.0) is of “\(formula.text)” and \(names.1) of “\(other.formula.text)”"
  }
}

extension ModelOptions {
  fileprivate func difference(
    from other: ModelOptions, _ names: (String, String), columns: Set<String>
  ) -> String? {
    for name in columns.sorted() {
      if levels[name] != other.levels[name] {
        func words(_ order: [String]?) -> String {
          order.map { $0.joined(separator: ",") } ?? "as sorted"
        }
        return
          "the levels of \(name) are \(words(levels[name])) in \(names.0) and \(words(other.levels[name])) in \(names.1)"
      }
      let (mine, theirs) = (contrasts[name] ?? .treatment, other.contrasts[name] ?? .treatment)
      if mine != theirs {
        return
          "\(name) has \(mine.word) contrasts in \(names.0) and \(theirs.word == mine.word ? "another matrix" : theirs.word + " contrasts") in \(names.1)"
      }
    }
    return nil
  }
}

extension ColumnKind {
  /// Values are used as numbers; a column without values says nothing else.
  fileprivate var isNumber: Bool { self == .numeric || self == .empty }
}

extension Contrast {
  fileprivate var word: String {
    if case .string(let word) = json { word } else { "given" }
  }
}
