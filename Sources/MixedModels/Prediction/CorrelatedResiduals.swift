// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

/// What has to be known of rows for residuals that are correlated within subjects: places in the raw basis.
struct ResidualColumns: Sendable {
  /// Of subjects, visits and arms.
  let cellSets: [Int]
  let time: Expression?

  /// - Returns: nil where residuals are independent.
  init?(_ products: CrossProducts) {
    let specification = products.specification
    if let serial = specification.serial {
      (cellSets, time) = ([serial.cellSet], products.basis.serial!.time)
    } else if let residual = specification.residual {
      cellSets = [residual.subjectCells, residual.visitCells] + [residual.armCells].compactMap(\.self)
      time = nil
    } else {
      return nil
    }
  }
}

/// Rows without their residuals, in their order.
struct RowsToCome: Sendable {
  /// Of every response, NaN where a row has none.
  let means: [[Double]]
  /// Independent standard normal numbers, of every response.
  let normals: [[Double]]
  let rows: NewRows
  let source: any TableRows
}

/// Residuals that are correlated within subjects, each given those that its subject has so far: drawn for new
/// responses, or taken from those of rows.
///
/// Rows come in any order by visits, and in the order of time within subjects where residuals are
/// correlated in time; what is kept are residuals of every subject.
struct CorrelatedResiduals {
  private let kind: Kind
  private let subject: Int
  private var numbers: [Label: Int] = [:]
  private var subjects: [Subject] = []
  private var conditionals: [[Int]: Conditional] = [:]

  private enum Kind {
    /// σ; the latest residual of a subject says all of the earlier ones.
    case serial(SerialCorrelation, [Double], sigma: Double)
    /// Factors of the visits and arms, and of every arm the covariance matrix.
    case visits(visit: Int, arm: Int?, visits: [Label: Int], arms: [Label: Int], [DenseMatrix])
  }

  private struct Subject {
    var arm = 0
    var visits: [Int] = []
    /// Of the latest row.
    var time = -Double.infinity
    /// Of every response the residuals so far, for weights of 1; the latest alone where that says all.
    var residuals: [[Double]]
  }

  /// A residual given others: their coefficients, and its standard deviation.
  private struct Conditional {
    let coefficients: [Double]
    let deviation: Double
  }

  /// - Returns: nil where residuals are independent.
  init?(_ fitted: FittedModel) {
    let specification = fitted.products.specification
    if let serial = specification.serial,
      let (correlation, own) = fitted.model.covariance.serial(fitted.φ)
    {
      subject = serial.subject.source
      kind = .serial(correlation, Array(own), sigma: fitted.fit.sigma)
    } else if let residual = specification.residual, let covariance = fitted.fit.residual,
      let model = fitted.repeatedModel
    {
      func places(_ labels: [String]) -> [Label: Int] {
        Dictionary(zip(labels.map { Label($0) }, 0...), uniquingKeysWith: { first, _ in first })
      }
      subject = residual.subject.source
      kind = .visits(
        visit: residual.visit.source, arm: residual.arm?.source, visits: places(model.visits),
        arms: places(model.arms),
        covariance.components.map { component in
          let m = component.columns.count
          return DenseMatrix(
            rows: m, columns: m, storage: component.covariances.flatMap(\.self))
        })
    } else {
      return nil
    }
  }

  /// The rows with their residuals.
  ///
  /// - Throws: `DataError` for rows whose times are not in order, for a visit that a subject has twice or
  ///   that the fit has not seen.
  mutating func responses(_ coming: RowsToCome) throws -> [[Double]] {
    var values = coming.means
    let subjects = subjects(of: coming.rows, series: values.count)
    for row in coming.rows.isComplete.indices where coming.rows.isComplete[row] {
      do {
        let s = subjects[row]
        let law = try add(coming.rows, row, to: s)
        let root = coming.rows.weights[row].squareRoot()
        for k in values.indices {
          let residual = mean(law, s, k) + law.deviation * coming.normals[k][row]
          keep(residual, s, k)
          values[k][row] += residual / root
        }
      } catch let error as RowError {
        throw error.located(in: coming.source)
      }
    }
    return values
  }

  /// What every residual is beyond its mean given those of its subject in the rows before, in units of its
  /// standard deviation given them: L⁻¹r for the covariance matrix LLᵀ of a subject's, so that they are
  /// independent with variance 1, nlme's and mmrm's normalized residuals.
  ///
  /// NaN where a residual is.
  ///
  /// - Throws: `RowError` for rows whose times are not in order, or a visit that a subject has twice.
  mutating func normalized(_ residuals: [Double], _ rows: NewRows) throws -> [Double] {
    let subjects = subjects(of: rows, series: 1)
    return try residuals.indices.map { row in
      let residual = residuals[row] * rows.weights[row].squareRoot()
      guard rows.isComplete[row], !residual.isNaN else { return .nan }
      let s = subjects[row]
      let law = try add(rows, row, to: s)
      defer { keep(residual, s, 0) }
      return (residual - mean(law, s, 0)) / law.deviation
    }
  }

  private func mean(_ law: Conditional, _ s: Int, _ k: Int) -> Double {
    zip(law.coefficients, subjects[s].residuals[k]).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private mutating func keep(_ residual: Double, _ s: Int, _ k: Int) {
    if case .serial = kind { subjects[s].residuals[k] = [] }
    subjects[s].residuals[k].append(residual)
  }

  /// Numbers of the rows' subjects, −1 where there is none.
  private mutating func subjects(of rows: NewRows, series: Int) -> [Int] {
    let (labels, codes) = rows.labels(subject)
    let numbers = (0..<Int32(labels.count)).map { number(labels.label($0), series) }
    return codes.map { $0 < 0 ? -1 : numbers[Int($0)] }
  }

  private mutating func number(_ label: String, _ responses: Int) -> Int {
    if let known = numbers[Label(label)] { return known }
    numbers[Label(label)] = subjects.count
    subjects.append(Subject(residuals: Array(repeating: [], count: responses)))
    return subjects.count - 1
  }

  /// Counts a row among those of its subject.
  ///
  /// - Returns: its residual's law given theirs.
  private mutating func add(_ rows: NewRows, _ row: Int, to s: Int) throws -> Conditional {
    switch kind {
    case .serial(let correlation, let φ, let sigma):
      let (time, earlier) = (rows.times[row], subjects[s].time)
      guard time > earlier else {
        throw RowError(
          row: row, column: correlation.term.visit,
          message: "a row of the same \(correlation.term.subject) with the time \(earlier) stands before this one, of \(time).",
          remedy: "Sort the rows by \(correlation.term.subject) and \(correlation.term.visit), each time once.")
      }
      subjects[s].time = time
      guard earlier.isFinite else { return Conditional(coefficients: [], deviation: sigma) }
      let w = correlation.correlation(over: time - earlier, φ[...])
      guard !w.isNaN else {
        throw RowError(
          row: row, column: correlation.term.visit,
          message: "times of a subject are whole steps of \(correlation.unit) apart, and this one is not.",
          remedy: "Take times as those of the fit, or fit car1() instead of ar1().")
      }
      return Conditional(coefficients: [w], deviation: sigma * (1 - w * w).squareRoot())
    case .visits(let visit, let arm, let visits, let arms, let matrices):
      let v = try place(of: visit, among: visits, rows, row)
      let a = try arm.map { try place(of: $0, among: arms, rows, row) } ?? 0
      let seen = subjects[s].visits
      guard !seen.contains(v) else {
        throw RowError(
          row: row, message: "an earlier row has the same subject and visit.",
          remedy: "A subject has one row for each visit: correct the labels, or take one out.")
      }
      guard seen.isEmpty || subjects[s].arm == a else {
        throw RowError(
          row: row, message: "an earlier row of the same subject is in another arm.",
          remedy: "Correct the labels of the arms.")
      }
      (subjects[s].arm, subjects[s].visits) = (a, seen + [v])
      return try conditional(v, given: seen, a, matrices[a])
    }
  }

  private func place(
    of factor: Int, among known: [Label: Int], _ rows: NewRows, _ row: Int
  ) throws -> Int {
    let (labels, codes) = rows.labels(factor)
    let label = labels.label(codes[row])
    guard let place = known[Label(label)] else {
      throw RowError(
        row: row, value: label, message: "the fit has not seen this visit or arm.",
        remedy: "Take such rows out, or fit the model to data that have them.")
    }
    return place
  }

  /// Σ_vP Σ_PP⁻¹ and the root of what it leaves of Σ_vv, for the earlier visits P.
  private mutating func conditional(
    _ v: Int, given seen: [Int], _ arm: Int, _ Σ: DenseMatrix
  ) throws -> Conditional {
    let key = [arm, v] + seen
    if let known = conditionals[key] { return known }
    var factor = Σ.submatrix(rows: seen, columns: seen)
    var c = Σ.submatrix(rows: seen, columns: [v])
    let covariances = c.storage
    if !seen.isEmpty {
      try DenseCholesky.factorize(&factor)
      DenseCholesky.solve(factor: factor, &c)
    }
    let rest = Σ[v, v] - dot(covariances, c.storage)
    let found = Conditional(coefficients: c.storage, deviation: max(rest, 0).squareRoot())
    conditionals[key] = found
    return found
  }
}
