// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FittedModel {
  /// XᵀV⁻¹X and XᵀV⁻¹e of every subject, e = y − Xβ̂, for covariances of β that are robust against a wrong
  /// Σ: mmrm's empirical ones.
  ///
  /// Sums by pattern do not have them, so that the rows are read a second time; where those of a subject do
  /// not follow each other they are read once more, and all kept in memory.
  ///
  /// - Throws: `InferenceError` where the rows cannot be read again, or are others; `DataError`, `FitError`.
  func subjectSums(_ repeated: RepeatedFit) throws -> ClusterSums {
    let kind = options.coefficientCovariance ?? .cr2
    try requireRows(kind)
    return try subjectSums(repeated, of: nil, for: kind.rawValue).sums
  }

  /// The same, with the rows of every subject.
  ///
  /// - Parameters:
  ///   - repeated: The fit.
  ///   - data: The rows; nil: where the fit found them.
  ///   - what: What takes them.
  /// - Throws: `InferenceError` where they are others than those of the fit; `DataError`, `FitError`.
  func subjectSums(
    _ repeated: RepeatedFit, of data: [any TableSource]?, for what: String
  ) throws -> (sums: ClusterSums, rows: [Int]) {
    do { return try subjectSums(repeated, data, what, keepsAll: false) } catch is SubjectScores.Scattered {
      return try subjectSums(repeated, data, what, keepsAll: true)
    }
  }

  private func subjectSums(
    _ repeated: RepeatedFit, _ data: [any TableSource]?, _ what: String, keepsAll: Bool
  ) throws -> (sums: ClusterSums, rows: [Int]) {
    let residual = products.specification.residual!
    let builder = DesignBuilder(products: products, options: options)
    let subjects = try builder.levels(of: residual.subject)
    let (visits, arms) = (try builder.levels(of: residual.visit), try residual.arm.map { try builder.levels(of: $0) })
    var scores = try SubjectScores(
      repeated, subjects: subjects.labels.count, p: model.fixedEffectCount, keepsAll: keepsAll)
    let columns = WorkingColumnsOfRows(products, model)
    let part: @Sendable (RowBlock, [[Int32]]) -> SubjectScores.Rows = { block, codes in
      SubjectScores.Rows(
        subjects: codes[residual.subjectCells].map { subjects.rank[Int($0)] },
        visits: codes[residual.visitCells].map { visits.rank[Int($0)] },
        arms: residual.armCells.map { codes[$0].map { arms!.rank[Int($0)] } },
        x: columns(block, codes))
    }
    try residualPass(of: data).forEach(with: part) { rows, own in try scores.add(own, rows) }
    guard let values = scores.finished() else {
      throw InferenceError.otherRows(what)
    }
    let sums = ClusterSums(
      ClusterLevels(residual.subject.name, labels: subjects.labels), size: model.fixedEffectCount + 1,
      values: values)
    return (sums, scores.rowsOfSubjects)
  }
}

/// Gathers the rows of subjects, and what the likelihood takes of each.
private struct SubjectScores {
  /// Rows of a chunk, all levels in R's order.
  struct Rows: Sendable {
    let subjects: [Int]
    let visits: [Int]
    let arms: [Int]?
    /// Working columns, rows × p by rows.
    let x: [Double]
  }

  /// Rows of a subject follow those of others.
  struct Scattered: Error {}

  private struct Subject {
    var arm = 0
    var visits: [Int] = []
    /// Times the root of the weight.
    var x: [Double] = []
    var e: [Double] = []

    mutating func append(_ visit: Int, _ x: ArraySlice<Double>, _ e: Double, root: Double) {
      visits.append(visit)
      for value in x { self.x.append(root * value) }
      self.e.append(root * e)
    }
  }

  private let p: Int
  private let scale: Double
  private let observations: Int
  /// Σ_m⁻¹ in units of the scaled response.
  private let inverses: [VisitPattern.Key: DenseMatrix]
  private let keepsAll: Bool
  private var values: [Double]
  private var held: [Int: Subject] = [:]
  private var current = -1
  private var isComplete: [Bool]
  private(set) var rowsOfSubjects: [Int]
  private var (rows, squares, areKnown) = (0, 0.0, true)

  /// - Throws: `MemoryShortage`.
  init(_ fit: RepeatedFit, subjects: Int, p: Int, keepsAll: Bool) throws {
    let model = fit.model
    (self.p, scale, observations, self.keepsAll) = (p, model.responseScale, model.observations, keepsAll)
    let numbers = Double(subjects) * Double((p + 1) * (p + 1))
    let kept = keepsAll ? Double(model.observations * (p + 2)) : 0
    try requireMemory(
      16 * numbers + 8 * kept, for: "the sums of \(subjects) subjects",
      remedy: keepsAll
        ? "Sort the rows by subject, or use fewer fixed-effects columns." : "Use fewer fixed-effects columns.")
    inverses = Dictionary(
      zip(model.patterns, fit.optimum.solution.inverses).map { ($0.key, $1) },
      uniquingKeysWith: { first, _ in first })
    values = Array(repeating: 0, count: subjects * (p + 1) * (p + 1))
    isComplete = Array(repeating: false, count: subjects)
    rowsOfSubjects = Array(repeating: 0, count: subjects)
  }

  /// - Throws: `Scattered`.
  mutating func add(_ own: Rows, _ part: ResidualPass.Rows) throws {
    for (i, subject) in own.subjects.enumerated() {
      if !keepsAll, subject != current {
        guard !isComplete[subject] else { throw Scattered() }
        if current >= 0 { complete(current) }
        current = subject
      }
      let root = part.weights[i].squareRoot()
      held[subject, default: Subject(arm: own.arms?[i] ?? 0)].append(
        own.visits[i], own.x[i * p..<(i + 1) * p], part.residuals[i] / scale, root: root)
    }
  }

  /// The sums of all subjects; nil where the rows are not those of the fit.
  mutating func finished() -> [Double]? {
    for subject in held.keys.sorted() { complete(subject) }
    // The scale of Σ is free: at the optimum eᵀV⁻¹e is n − p, or n.
    let expected = [Double(observations), Double(observations - p)]
    let isOptimum = expected.contains { abs(squares - $0) <= 1e-5 * $0 }
    return areKnown && rows == observations && isOptimum ? values : nil
  }

  private mutating func complete(_ subject: Int) {
    guard let own = held.removeValue(forKey: subject) else { return }
    isComplete[subject] = true
    let m = own.visits.count
    let order = (0..<m).sorted { own.visits[$0] < own.visits[$1] }
    guard let S = inverses[VisitPattern.Key(arm: own.arm, visits: order.map { own.visits[$0] })] else {
      areKnown = false
      return
    }
    rows += m
    rowsOfSubjects[subject] = m
    var table = DenseMatrix(rows: m, columns: p + 1)  // [X e]
    for (row, place) in order.enumerated() {
      for k in 0..<p { table[row, k] = own.x[place * p + k] }
      table[row, p] = own.e[place]
    }
    let product = table.multipliedByTransposeOnLeft(S * table)
    squares += product[p, p]
    let base = subject * (p + 1) * (p + 1)
    for k in product.storage.indices { values[base + k] += product.storage[k] }
  }
}
