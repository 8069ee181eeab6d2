// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods

/// Rows of a small design whose responses a fit can simulate one by one: what the bootstrap by
/// cross-products must agree with.
///
/// Factor g of 18 levels, six of them with a single row each (so that Z is rank-deficient with a
/// slope), h of 5 levels crossed with it, covariate x, weights w.
struct SimulatedRowsTable {
  struct Row {
    let g, h: Int
    let x, w: Double
  }
  let rows: [Row] = (0..<78).map { i -> Row in
    let g: Int = i < 72 ? i % 12 : i - 60
    let h: Int = (i * i + i / 5) % 5
    let x: Int = (i * 37) % 29
    return Row(g: g, h: h, x: Double(x) / 10 - 1, w: Double(1 + i % 4) / 2)
  }

  func source(_ y: [Double]) -> ColumnTable {
    try! ColumnTable(
      [
        "y": .numbers(y), "x": .numbers(rows.map(\.x)), "w": .numbers(rows.map(\.w)),
        "g": .numbers(rows.map { Double($0.g) }), "h": .numbers(rows.map { Double($0.h) }),
      ], name: "simulated.csv")
  }

  /// A response to begin with.
  var first: ColumnTable {
    source(
      rows.indices.map { i -> Double in
        let row = rows[i]
        let level = Double((row.g * 7) % 11 - 5)
        let slope = Double((row.g * 5) % 9 - 4)
        let other = Double(row.h * row.h % 7)
        let noise = Double((i * i * 53 + i * 19) % 31 - 15)
        var y = 3 + 2 * row.x + 0.9 * level
        y += 0.7 * other + 0.3 * row.x * slope
        return y + 0.4 * noise
      })
  }

  /// y* = Xβ + Zb* + ε* from the fit of y ~ x (or y ~ 1) with terms in 1 and x on g, and 1 on h.
  func response(_ fit: Fit, weighted: Bool, _ stream: inout RandomStream) -> [Double] {
    let β = fit.fixedEffects.map { $0.estimate! }
    var y = rows.map { row in β[0] + (β.count > 1 ? β[1] * row.x : 0) }
    for term in fit.varianceComponents {
      let m = term.columns.count
      let C = DenseMatrix(rows: m, columns: m, storage: term.covariances.flatMap(\.self))
      let L = DenseCholesky.pivoted(C, relativeTolerance: 1e-14).factor
      var u = [Double](repeating: 0, count: 18 * L.columns)
      stream.fillNormal(&u)
      for (i, row) in rows.enumerated() {
        let level = term.group == "g" ? row.g : row.h
        let b = L * Array(u[level * L.columns..<(level + 1) * L.columns])
        for (k, column) in term.columns.enumerated() {
          y[i] += b[k] * (column == "x" ? row.x : 1)
        }
      }
    }
    var ε = [Double](repeating: 0, count: rows.count)
    stream.fillNormal(&ε)
    for i in rows.indices {
      y[i] += fit.sigma * ε[i] / (weighted ? rows[i].w.squareRoot() : 1)
    }
    return y
  }
}

/// Two-sample Kolmogorov–Smirnov: the largest distance of the distribution functions, in units of its
/// 1 ‰ critical value.
func kolmogorovSmirnov(_ a: [Double], _ b: [Double]) -> Double {
  let (a, b) = (a.sorted(), b.sorted())
  let (m, n) = (Double(a.count), Double(b.count))
  var (i, j, largest) = (0, 0, 0.0)
  while i < a.count, j < b.count {
    let value = min(a[i], b[j])
    while i < a.count, a[i] <= value { i += 1 }
    while j < b.count, b[j] <= value { j += 1 }
    largest = max(largest, abs(Double(i) / m - Double(j) / n))
  }
  return largest / (1.949 * ((m + n) / (m * n)).squareRoot())
}
