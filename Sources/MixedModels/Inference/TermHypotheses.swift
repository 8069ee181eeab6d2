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

  var roman: String { ["I", "II", "III"][rawValue - 1] }
}

extension FittedModel {
  /// The rows of every term's hypothesis Lβ = 0 in working coordinates, in the terms' order; no
  /// rows where all of a term's columns were dropped.
  ///
  /// A term is contained in another with the same numeric variables and more factors (`a` in `a:b`,
  /// `x` in `x:a`; lmerTest overlooks factors that a nested term codes by indicators, as `a` in
  /// `a + a:b`, and takes poly(x, 2) for a factor). With prior weights, types 1 and 2 adjust in
  /// their metric, as the fit does; lmerTest adjusts without weights.
  /// - Throws: `FitError`.
  func termHypotheses(_ type: TypeOfHypothesis) throws -> [DenseMatrix] {
    switch type {
    case .sequential: try sequentialHypotheses()
    case .marginality: try marginalityHypotheses()
    case .marginalMeans: try marginalMeansHypotheses()
    }
  }

  /// For every term those that contain it.
  private var containing: [Set<Int>] {
    let terms = fixedTerms.terms
    return terms.map { term in Set(terms.indices.filter { term.isContained(in: terms[$0]) }) }
  }

  /// X is orthonormal in the order of its columns (R is triangular), so a term's sequential
  /// hypothesis is that its own working coefficients are zero.
  private func sequentialHypotheses() throws -> [DenseMatrix] {
    let terms = try fixedColumns(.fitted).terms
    let unit = DenseMatrix.identity(model.fixedEffectCount)
    return fixedTerms.terms.indices.map { t in
      unit.rows(model.fixed.kept.indices.filter { terms[model.fixed.kept[$0]] == t })
    }
  }

  /// The coefficients of X's columns after those of terms that do not contain the term were
  /// projected out: the term's rows in the triangular factor of the reordered columns.
  private func marginalityHypotheses() throws -> [DenseMatrix] {
    let all = try fixedColumns(.fitted).terms
    let terms = model.fixed.kept.map { all[$0] }
    let R = model.fixed.R
    return fixedTerms.terms.indices.map { t in
      let above = containing[t]
      guard !above.isEmpty else {
        return marginalHypothesis(terms.indices.filter { terms[$0] == t })
      }
      let others = terms.indices.filter { terms[$0] != t && !above.contains(terms[$0] ?? -1) }
      let own = terms.indices.filter { terms[$0] == t }
      let rest = terms.indices.filter { above.contains(terms[$0] ?? -1) }
      let qr = ColumnOrderedQR(
        R.submatrix(rows: Array(0..<R.rows), columns: others + own + rest), tolerance: 0)
      // Qᵀβ are the coefficients in the reordered basis, Q's columns those of X_working.
      let positions = (others.count..<others.count + own.count)
      return qr.q.transposed.rows(Array(positions))
    }
  }

  /// That the coefficients of some kept columns, as reported, are zero.
  func marginalHypothesis(_ kept: [Int]) -> DenseMatrix {
    var rows = DenseMatrix(rows: kept.count, columns: model.fixedEffectCount)
    for (i, k) in kept.enumerated() {
      var row = [Double](repeating: 0, count: model.fixedEffectCount)
      row[k] = 1
      row = model.fixed.workingRow(row)
      for j in row.indices { rows[i, j] = row[j] }
    }
    return rows
  }

  /// With indicators for all levels, X_indicators = X K for treatment contrasts: an estimable
  /// function cᵀβ has the coefficients Kᵀc there.
  ///
  /// A term's functions are made orthogonal, in those coefficients, to the functions of all terms
  /// that contain it (SAS/STAT, “The Four Types of Estimable Functions”).
  private func marginalMeansHypotheses() throws -> [DenseMatrix] {
    let treatment = try fixedColumns(.treatment)
    let qr = ColumnOrderedQR(treatment.coordinates, tolerance: 1e-7)
    let terms = qr.kept.map { treatment.terms[$0] }
    var K = qr.q.multipliedByTransposeOnLeft(try fixedColumns(.indicators).coordinates)
    DenseCholesky.solveUpper(qr.r, &K)
    let M = K.multipliedByTransposeOnRight(K)
    // c of every function of a term, as columns; cᵀβ = (Q R⁻ᵀ c)ᵀ β_working.
    return fixedTerms.terms.indices.map { t in
      let own = terms.indices.filter { terms[$0] == t }
      let above = terms.indices.filter { containing[t].contains(terms[$0] ?? -1) }
      var c = DenseMatrix(rows: terms.count, columns: own.count)
      for (j, k) in own.enumerated() { c[k, j] = 1 }
      var factor = M.submatrix(rows: above, columns: above)
      if !above.isEmpty, (try? DenseCholesky.factorize(&factor)) != nil {
        var projection = M.submatrix(rows: above, columns: own)
        DenseCholesky.solve(factor: factor, &projection)
        for j in own.indices { for (i, k) in above.enumerated() { c[k, j] = -projection[i, j] } }
      }
      DenseCholesky.solveUpperTransposed(qr.r, &c)
      return (qr.q * c).transposed
    }
  }
}

extension DenseMatrix {
  func rows(_ wanted: [Int]) -> DenseMatrix {
    submatrix(rows: wanted, columns: Array(0..<columns))
  }
}
