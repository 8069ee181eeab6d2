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
    if hasNoValues || other.hasNoValues {
      return try mergeWithoutValues(other, names, chosen)
    }
    try check(other, names, chosen)
    let more = try joiningMeans(other, names)
    notes += more.notes
    emptyColumns = emptyColumns.filter(more.emptyColumns.contains)
    specification.options.missingTexts.formUnion(more.specification.options.missingTexts)
    joinKinds(more.specification.columnKinds)
    try checkSubjects(more, names)
    try add(basis == more.basis ? more : more.rebased(to: basis))
    try checkSteps()
  }

  /// Steps from row to row, and products of visits, are those of one part: a subject must be in one.
  ///
  /// - Throws: `FitError.serial`
  private func checkSubjects(
    _ other: CrossProducts, _ names: (String, String)
  ) throws(FitError) {
    guard let (term, subject, cells) = specification.correlatedSubjects,
      let (_, _, theirCells) = other.specification.correlatedSubjects,
      case .factor(let mine) = cellSets[cells], case .factor(let theirs) = other.cellSets[theirCells],
      let code = (0..<Int32(theirs.count)).first(where: { code in
        theirs.withBytes(of: code) { mine.find($0) } != nil
      })
    else { return }
    throw .serial(
      term.text,
      "sums \(specification.serial == nil ? "the products of a subject's visits" : "the steps from one row of a subject to the next"), and rows of \(subject.name) “\(theirs.label(code))” are in \(names.0) and in \(names.1). Put all rows of a subject into one part"
    )
  }

  /// Adds two of which at least one has no values, whose columns may be anything.
  private mutating func mergeWithoutValues(
    _ other: CrossProducts, _ names: (String, String), _ chosen: Set<String>
  ) throws(FitError) {
    let mine = withKinds(of: other)
    let theirs = other.withKinds(of: mine)
    try mine.check(theirs, names, chosen)
    var sum = hasNoValues ? theirs : mine
    sum.notes = notes + other.notes
    sum.emptyColumns = emptyColumns.filter(other.emptyColumns.contains)
    let missing = specification.options.missingTexts
      .union(other.specification.options.missingTexts)
    sum.specification.options.missingTexts = missing
    sum.omittedObservations = omittedObservations + other.omittedObservations
    sum.data = sourceNames(with: other)
    self = sum
  }

  /// An empty part of a table, or one of omitted rows alone.
  private var hasNoValues: Bool {
    observations == 0 && moments.allSatisfy { $0.products.allSatisfy { $0 == 0 } }
      && basis.groupMeans.allSatisfy { $0.value.means.isEmpty }
  }

  /// Without values, the same with the columns taken for what they are in `other`.
  private func withKinds(of other: CrossProducts) -> CrossProducts {
    var own = specification
    // Without rows there was no telling which factors have many levels.
    own.options.setApart = other.specification.options.setApart
    guard hasNoValues,
      let bound = try? own.rebound(to: other.specification.columnKinds)
    else { return self }
    var result = CrossProducts(bound)
    (result.omittedObservations, result.data) = (omittedObservations, data)
    return result
  }

  /// Takes over the other rows' means by groups, and gives them all of those here.
  ///
  /// - Throws: `FitError` for a level that both have rows of: each has the mean of its own alone.
  private mutating func joiningMeans(
    _ other: CrossProducts, _ names: (String, String)
  ) throws(FitError) -> CrossProducts {
    guard !basis.groupMeans.isEmpty || !other.basis.groupMeans.isEmpty else { return other }
    for (source, theirs) in other.basis.groupMeans.sorted(by: { $0.key.name < $1.key.name }) {
      if let level = specification.basis.groupMeans[source]?.firstCommonLevel(with: theirs) {
        throw .differentModels(
          "both have rows of \(source.group) = \(level), and \(source.name) is the mean of each one's own rows in \(names.0) and in \(names.1) (split the rows so that all of one \(source.group) are together, or add the means to the table as a column)"
        )
      }
      specification.basis.groupMeans[source, default: LevelMeans()].add(theirs)
    }
    var other = other
    other.specification.basis.groupMeans = basis.groupMeans
    return other
  }

  private func check(
    _ other: CrossProducts, _ names: (String, String), _ chosen: Set<String>
  ) throws(FitError) {
    if let difference = difference(from: other, names, chosen: chosen) {
      throw .differentModels(difference)
    }
  }

  /// Why the two cannot be added up; nil if they can.
  private func difference(
    from other: CrossProducts, _ names: (String, String), chosen: Set<String>
  ) -> String? {
    let (a, b) = (specification, other.specification)
    for (name, knots) in a.options.splines.sorted(by: { $0.key < $1.key }) {
      guard let theirs = b.options.splines[name], theirs != knots else { continue }
      return
        "the knots of \(name) are those of its values in \(names.0), and other ones in \(names.1) (write them into the formula, knots = c(…) and Boundary.knots = c(…))"
    }
    if let kinds = a.columnDifference(from: b, names) { return kinds }
    if Set(a.options.setApart) != Set(b.options.setApart) {
      func words(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
      return
        "the factors with sparse columns are \(words(a.options.setApart)) in \(names.0) and \(words(b.options.setApart)) in \(names.1) (make both with \(Setting.sparseFixed("none")), or with the same names)"
    }
    let haveVisits = a.residual != nil || b.residual != nil
    if !basis.isCompatible(with: other.basis) || haveVisits && !a.hasSums(of: b.options.residual) {
      return a.basisDifference(from: b, names)
    }
    return a.options.difference(
      from: b.options, names, columns: Set(a.columnKinds.keys).subtracting(chosen))
  }
}

extension ModelSpecification {
  /// Where the residuals of a subject are correlated, and the place of the subjects' cell set.
  fileprivate var correlatedSubjects: (term: ResidualTerm, subject: FactorVariable, cells: Int)? {
    serial.map { ($0.term, $0.subject, $0.cellSet) } ?? residual.map { ($0.term, $0.subject, $0.subjectCells) }
  }

  /// Whether the sums here are those that a structure of the residuals takes: of visits any structure takes
  /// the same.
  package func hasSums(of term: ResidualTerm?) -> Bool {
    guard let term, let own = options.residual, residual != nil else { return term?.text == options.residual?.text }
    return own.visit == term.visit && own.grouping == term.grouping
  }

  /// A column that is one thing here and another there, where that makes another model.
  fileprivate func columnDifference(
    from other: ModelSpecification, _ names: (String, String)
  ) -> String? {
    let differ = columnKinds.keys.sorted().filter { name in
      guard let mine = columnKinds[name], let theirs = other.columnKinds[name] else { return false }
      return mine.isNumber != theirs.isNumber
    }
    if let name = columnKinds.keys.sorted().first(where: { name in
      guard let mine = columnKinds[name], let theirs = other.columnKinds[name] else { return false }
      return mine.unit != theirs.unit && mine.isNumber && theirs.isNumber
        && mine != .empty && theirs != .empty
    }) {
      return
        "column \(name) holds \(columnKinds[name]!.unit ?? "numbers") in \(names.0) and \(other.columnKinds[name]!.unit ?? "numbers") in \(names.1) (write its values alike in both)"
    }
    guard !basis.isCompatible(with: other.basis), let name = differ.first else { return nil }
    let (mine, theirs) = (columnKinds[name]!, other.columnKinds[name]!)
    let remedy =
      mine == .logical || theirs == .logical
      ? "write its values alike in both" : "\(Setting.categoricalColumn(name)) makes it categorical everywhere"
    return
      "column \(name) is \(mine.word) in \(names.0) and \(theirs.word) in \(names.1) (\(remedy))"
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
    if strata?.name != other.strata?.name {
      func words(_ strata: BoundStrata?) -> String { strata?.name ?? "none" }
      return
        "the strata of the residual variance are \(words(strata)) in \(names.0) and \(words(other.strata)) in \(names.1)"
    }
    if options.residual?.text != other.options.residual?.text {
      func words(_ options: ModelOptions) -> String { options.residual?.text ?? "independent" }
      return
        "the residuals are \(words(options)) in \(names.0) and \(words(other.options)) in \(names.1)"
    }
    if options.clusters != other.options.clusters {
      return
        "the clusters are \(column(options.clusters)) in \(names.0) and \(column(other.options.clusters)) in \(names.1)"
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
      if levels[name]?.map(Label.init) != other.levels[name]?.map(Label.init) {
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
  fileprivate var isNumber: Bool { self == .numeric || self == .empty || isInstant }
}
