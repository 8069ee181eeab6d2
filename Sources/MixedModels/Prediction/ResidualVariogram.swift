// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames
import NumericalMethods

/// Half the mean square of the differences between residuals of one subject, by the time between them: what
/// it is in the rows of a fit, and what the model says.
///
/// Residuals y − Xβ̂ − Zb̂, weighted as the rows are. The model's is that of ε; conditional modes take a little
/// of the rows' as well.
package struct ResidualVariogram: Sendable {
  package struct Point: Sendable {
    /// Mean time between the rows of the pairs.
    package let lag: Double
    package let pairs: Int
    /// ½ mean (r_i − r_j)²
    package let semivariance: Double
    /// ½ mean Var(ε_i − ε_j)
    package let model: Double
  }
  /// By ascending lags.
  package let points: [Point]
  /// Columns of the table.
  package let time: String
  package let subject: String
  /// Rows that were looked at: the first of those of the fit.
  package let rows: Int

  /// Rows to look at, at most.
  fileprivate static let mostRows = 2_000_000
  /// Classes of lags, of the usual step each.
  private static let mostLags = 60
  /// Rows after a row that it is paired with, at most.
  private static let mostPartners = 200
}

extension FittedModel {
  /// One pass over the rows of the fit.
  ///
  /// - Returns: nil where residuals are independent, or visits are no times.
  /// - Throws: `DataError`, `FitError`, `InferenceError`.
  package func residualVariogram(_ data: [any TableSource]) throws -> ResidualVariogram? {
    let specification = products.specification
    if let serial = specification.serial,
      let (correlation, own) = model.covariance.serial(φ)
    {
      let φ = Array(own)
      let rows = try ResidualVariogram.Rows(self, data) { block, codes in
        (codes[serial.cellSet], block.times, [])
      }
      let variance = fit.sigma * fit.sigma
      return ResidualVariogram(rows, width: correlation.unit, serial.term) { i, j in
        variance * (1 - correlation.correlation(over: abs(rows.times[i] - rows.times[j]), φ[...]))
      }
    }
    guard let residual = specification.residual, let repeatedModel, let Σ = fit.residual?.components
    else { return nil }
    let labels = repeatedModel.visits.map { Double($0) ?? .nan }
    let times =
      labels.allSatisfy(\.isFinite) ? labels : repeatedModel.visits.indices.map(Double.init)
    let builder = DesignBuilder(products: products, options: options)
    let visits = try builder.levels(of: residual.visit).rank
    let arms = try residual.arm.map { try builder.levels(of: $0).rank }
    let rows = try ResidualVariogram.Rows(self, data) { _, codes in
      let places = codes[residual.visitCells].map { visits[Int($0)] }
      let matrices = residual.armCells.map { cells in codes[cells].map { arms![Int($0)] } }
      return (
        codes[residual.subjectCells], places.map { times[$0] },
        zip(places, matrices ?? places.map { _ in 0 }).map { ($0, $1) }
      )
    }
    let sorted = times.sorted()
    let width = zip(sorted.dropFirst(), sorted).map { $0 - $1 }.filter { $0 > 0 }.min() ?? 1
    return ResidualVariogram(rows, width: width, residual.term) { i, j in
      let ((v, arm), (w, _)) = (rows.places[i], rows.places[j])
      let C = Σ[Σ.count > 1 ? arm : 0].covariances
      return (C[v][v] + C[w][w]) / 2 - C[v][w]
    }
  }
}

extension ResidualVariogram {
  /// Residuals of rows, and where they stand.
  fileprivate struct Rows {
    private(set) var subjects: [Int32] = []
    private(set) var times: [Double] = []
    /// Visit and arm; empty where times say all.
    private(set) var places: [(Int, Int)] = []
    private(set) var residuals: [Double] = []

    init(
      _ fitted: FittedModel, _ data: [any TableSource],
      _ read: @Sendable (RowBlock, [[Int32]]) -> (
        subjects: [Int32], times: [Double], places: [(Int, Int)]
      )
    ) throws {
      try fitted.residualPass(of: data).forEach(with: read) { rows, own in
        let count = min(rows.residuals.count, ResidualVariogram.mostRows - residuals.count)
        guard count > 0 else { return }
        subjects += own.subjects[..<count]
        times += own.times[..<count]
        places += own.places.prefix(count)
        residuals += (0..<count).map { rows.residuals[$0] * rows.weights[$0].squareRoot() }
      }
    }
  }

  fileprivate init(
    _ rows: Rows, width: Double, _ term: ResidualTerm, _ semivariance: (Int, Int) -> Double
  ) {
    let order = rows.subjects.indices.sorted {
      (rows.subjects[$0], rows.times[$0], $0) < (rows.subjects[$1], rows.times[$1], $1)
    }
    var sums = [Int: (pairs: Int, lag: Double, square: Double, model: Double)]()
    for (k, i) in order.enumerated() {
      for j in order[(k + 1)...].prefix(Self.mostPartners) {
        let lag = rows.times[j] - rows.times[i]
        let place = (lag / width).rounded()
        guard rows.subjects[j] == rows.subjects[i], place <= Double(Self.mostLags) else { break }
        var sum = sums[Int(place)] ?? (0, 0, 0, 0)
        let difference = rows.residuals[i] - rows.residuals[j]
        sum.pairs += 1
        sum.lag += lag
        sum.square += difference * difference / 2
        sum.model += semivariance(i, j)
        sums[Int(place)] = sum
      }
    }
    points = sums.sorted { $0.key < $1.key }.map { _, sum in
      let n = Double(sum.pairs)
      return Point(
        lag: sum.lag / n, pairs: sum.pairs, semivariance: sum.square / n, model: sum.model / n)
    }
    (time, subject, self.rows) = (term.visit, term.subject, rows.residuals.count)
  }
}
