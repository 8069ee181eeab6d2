// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// What a table of F tests tests of every term; SAS's types, as lmerTest has them.
public enum TypeOfHypothesis: Int, Sendable, CaseIterable {
  /// Terms in their order, each adjusted for those before it.
  case sequential = 1
  /// Each term adjusted for all others that do not contain it.
  case marginality = 2
  /// Each term's effects averaged over cells with equal weights, whatever the contrasts.
  case marginalMeans = 3

  package var roman: String { ["I", "II", "III"][rawValue - 1] }
}

extension FittedModel {
  /// The rows of every term's hypothesis Lβ = 0 in working coordinates, in the terms' order.
  ///
  /// All types compare subspaces of X's column space, so contrasts, the order of columns and which
  /// of several aliased ones were dropped do not count: a term is tested by what its columns add to
  /// those of some others, and has no rows where they add nothing. Of two terms with one space, as x
  /// and 2x, types 2 and 3 test the first, whose coefficients are the ones that are estimated.
  ///
  /// A term is contained in another with the same numeric variables and more factors (`a` in `a:b`,
  /// `x` in `x:a`; lmerTest overlooks factors that a nested term codes by indicators, as `a` in
  /// `a + a:b`, and takes poly(x, 2) for a factor). With prior weights, types 1 and 2 adjust in
  /// their metric, as the fit does; lmerTest adjusts without weights.
  /// - Throws: `FitError`.
  func termHypotheses(_ type: TypeOfHypothesis) throws -> [DenseMatrix] {
    let columns = try FixedSubspaces(self)
    let terms = fixedTerms.terms
    switch type {
    case .sequential:
      return terms.indices.map { t in columns.added(by: t, to: Set(0..<t)).transposed }
    case .marginality:
      return terms.indices.map { t in
        columns.added(by: t, to: notContaining(t).subtracting(columns.repeats(of: t))).transposed
      }
    case .marginalMeans:
      let indicators = try fixedColumns(.indicators)
      return terms.indices.map { t in
        columns.averaged(t, over: containing(t), indicators).transposed
      }
    }
  }

  /// What dropping a term's columns takes from X's column space, as rows.
  ///
  /// - Throws: `FitError`.
  func deletionHypotheses(of wanted: [Int]) throws -> [DenseMatrix] {
    let columns = try FixedSubspaces(self)
    return wanted.map { t in
      columns.added(by: t, to: Set(fixedTerms.terms.indices).subtracting([t])).transposed
    }
  }

  /// The terms that contain one.
  private func containing(_ t: Int) -> Set<Int> {
    let terms = fixedTerms.terms
    return Set(terms.indices.filter { terms[t].isContained(in: terms[$0]) })
  }

  private func notContaining(_ t: Int) -> Set<Int> {
    Set(fixedTerms.terms.indices).subtracting(containing(t)).subtracting([t])
  }
}

/// The spaces that terms of the fixed part span, in the working coordinates of X, where its columns
/// are orthonormal.
struct FixedSubspaces {
  /// p × columns, dropped ones too.
  private let coordinates: DenseMatrix
  private let terms: [Int?]
  private let isKept: [Bool]
  /// Of every column, a norm of which what others leave of it is no more than rounding if it is 1e-7
  /// of it: of a kept column, its distance from all other kept ones.
  private let scales: [Double]
  /// The constant; nil if the model has an intercept, or the constant is not in its space.
  private let constant: [Double]?
  /// For each term whether its columns with all levels' indicators sum to the constant.
  private let spansConstant: [Bool]
  /// A column is zero but for rounding where it is no larger than this beside what it is made of.
  private static let zero = 1e-10

  /// - Throws: `FitError`.
  init(_ fitted: FittedModel) throws {
    let columns = try fitted.fixedColumns(.fitted)
    let kept = fitted.model.fixed.kept
    var coordinates = columns.coordinates
    for (j, column) in kept.enumerated() {
      for i in 0..<coordinates.rows { coordinates[i, column] = fitted.model.fixed.R[i, j] }
    }
    let hasIntercept = fitted.fixedTerms.hasIntercept
    var scales = (0..<columns.terms.count).map { j in
      euclideanNorm(Array(coordinates.column(j).dropFirst(hasIntercept ? 1 : 0)))
    }
    for (column, distance) in zip(kept, fitted.model.fixed.R.distancesOfColumns) {
      scales[column] = distance
    }
    for j in Set(scales.indices).subtracting(kept) {
      // What absorbed factors leave of a column that was dropped is rounding of the whole.
      if let norms = columns.wholeNorms { scales[j] = norms[j] }
      if scales[j] <= Self.zero * columns.sizes[j] { scales[j] = columns.sizes[j] }
    }
    (self.coordinates, self.scales, terms) = (coordinates, scales, columns.terms)
    isKept = columns.terms.indices.map { Set(kept).contains($0) }
    spansConstant = fitted.fixedTerms.terms.map(\.numbers.isEmpty)
    constant =
      hasIntercept || fitted.model.fixedLevels != nil ? nil : try fitted.constantCoordinates()
  }

  /// Later terms, all of whose columns were dropped, that span the same as a term: second names of it.
  func repeats(of term: Int) -> Set<Int> {
    let kept = Set(terms.indices.filter { isKept[$0] }.compactMap { terms[$0] })
    return Set(
      spansConstant.indices.filter { other in
        other > term && !kept.contains(other) && added(by: other, to: [term]).columns == 0
          && added(by: term, to: [other]).columns == 0
      })
  }

  /// Orthonormal columns, p × df: what the columns of a term add to the intercept's and those of
  /// other terms.
  func added(by term: Int, to others: Set<Int>) -> DenseMatrix {
    split(term, others).added
  }

  /// The functions of the term's effects that are averages over those of the terms that contain it
  /// (SAS/STAT, “The Four Types of Estimable Functions”), p × df.
  ///
  /// With indicators for all levels, X_indicators = X C: an estimable function vᵀβ has the
  /// coefficients Cᵀv there. Those of the term have none outside it and what contains it, and are
  /// orthogonal, in these coefficients, to the functions of what contains it alone.
  func averaged(
    _ term: Int, over containing: Set<Int>, _ indicators: FixedColumns
  ) -> DenseMatrix {
    let others = Set(spansConstant.indices).subtracting(containing).subtracting([term])
      .subtracting(repeats(of: term))
    let (added, above) = split(term, others)
    guard !containing.isEmpty, added.columns > 0, above.columns > 0 else { return added }
    let C = indicators.coordinates.submatrix(
      rows: Array(0..<added.rows),
      columns: indicators.columns { $0.map(containing.contains) ?? false })
    let qr = ColumnOrderedQR(C.multipliedByTransposeOnLeft(above), tolerance: 1e-10)
    var shares = qr.q.multipliedByTransposeOnLeft(C.multipliedByTransposeOnLeft(added))
    DenseCholesky.solveUpper(qr.r, &shares)
    let kept = above.submatrix(rows: Array(0..<above.rows), columns: qr.kept)
    return added - kept * shares
  }

  /// What a term adds to others, and what both leave of the whole space.
  private func split(_ term: Int, _ others: Set<Int>) -> (added: DenseMatrix, rest: DenseMatrix) {
    let p = coordinates.rows
    let base = terms.indices.filter { terms[$0].map(others.contains) ?? true }
    let own = terms.indices.filter { terms[$0] == term }
    // Kept columns first: they are independent, however close.
    let wanted = base.filter { isKept[$0] } + base.filter { !isKept[$0] }
    var storage: [Double] = []
    var references: [Double] = []
    if let constant, others.contains(where: { spansConstant[$0] }) {
      storage += constant
      references.append(euclideanNorm(constant))
    }
    for j in wanted { storage += coordinates.column(j) }
    references += wanted.map { scales[$0] }
    let before = references.count
    for j in own { storage += coordinates.column(j) }
    references += own.map { scales[$0] }
    let after = references.count
    storage += DenseMatrix.identity(p).storage
    references += [Double](repeating: 1, count: p)
    let qr = ColumnOrderedQR(
      DenseMatrix(rows: p, columns: references.count, storage: storage), tolerance: 1e-7,
      referenceNorms: references)
    func part(_ range: Range<Int>) -> DenseMatrix {
      qr.q.submatrix(
        rows: Array(0..<p), columns: qr.kept.indices.filter { range.contains(qr.kept[$0]) })
    }
    return (part(before..<after), part(after..<references.count))
  }
}

extension FittedModel {
  /// The constant in working coordinates, from a term of factors alone, whose indicators sum to it;
  /// nil without one.
  fileprivate func constantCoordinates() throws -> [Double]? {
    guard let t = fixedTerms.terms.firstIndex(where: \.numbers.isEmpty) else { return nil }
    let indicators = try fixedColumns(.indicators)
    let own = indicators.columns { $0 == t }
    return (0..<indicators.coordinates.rows).map { i in
      own.reduce(0) { $0 + indicators.coordinates[i, $1] }
    }
  }
}

extension DenseMatrix {
  /// Of the columns of an upper triangular, regular matrix: how far each is from the space of the
  /// others, 1 over the norm of its row of the inverse.
  fileprivate var distancesOfColumns: [Double] {
    var inverse = DenseMatrix.identity(columns)
    DenseCholesky.solveUpper(self, &inverse)
    return (0..<columns).map { i in 1 / euclideanNorm((0..<columns).map { inverse[i, $0] }) }
  }
}
