// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Bᵢᵢ of every row and form, and Σ Bᵢᵢσᵢ².
struct RowBiases {
  /// Form after form.
  private(set) var rows: [[Double]]
  private(set) var totals: [Double]
  /// Standard errors of the totals over random vectors; nil where there are none.
  private(set) var errors: [Double]?
  /// Random vectors.
  private(set) var count = 0

  /// Exactly: with q = Md for every combination d of levels, (CᵀC)⁻¹c is (q − Gδ, δ), δ = Φ(x − Gᵀd).
  ///
  /// - Throws: `CholmodError`.
  init(
    _ equations: LeaveOutEquations, _ forms: QuadraticForms, _ kinds: LevelKinds, _ variances: [Double]
  ) throws {
    let p = equations.width
    var own = EffectForm.allCases.map { _ in [Double](repeating: 0, count: kinds.count) }
    // qᵀAG, p numbers for every combination.
    var cross = EffectForm.allCases.map { _ in [Double](repeating: 0, count: kinds.count * p) }
    let AG = EffectForm.allCases.map { forms.product($0, equations.G) }
    for first in stride(from: 0, to: kinds.count, by: 32) {
      let batch = min(32, kinds.count - first)
      var d = DenseMatrix(rows: equations.levelCount, columns: batch)
      for c in 0..<batch { for level in kinds.levels[first + c] { d[level, c] += 1 } }
      let q = try equations.levelAnswers(d)
      for c in 0..<batch {
        q.storage.withUnsafeBufferPointer { all in
          let column = UnsafeBufferPointer(
            rebasing: all[c * q.rows..<(c + 1) * q.rows])
          for form in EffectForm.allCases {
            own[form.rawValue][first + c] = forms.value(form, column, column)
            for j in 0..<p {
              cross[form.rawValue][(first + c) * p + j] = (0..<q.rows).reduce(0.0) {
                $0 + column[$1] * AG[form.rawValue][$1, j]
              }
            }
          }
        }
      }
    }
    let GAG = AG.map { equations.G.multipliedByTransposeOnLeft($0) }
    rows = EffectForm.allCases.map { form in
      let k = form.rawValue
      return kinds.ofRow.enumerated().map { row, kind in
        guard p > 0 else { return own[k][kind] }
        let δ = equations.Φ * equations.rest(row)
        return own[k][kind] + dot(δ, GAG[k] * δ)
          - 2 * (0..<p).reduce(0.0) { $0 + δ[$1] * cross[k][kind * p + $1] }
      }
    }
    totals = rows.map { dot($0, variances) }
    errors = nil
  }

  /// By random vectors z over the rows: with A = RRᵀ, Bᵢᵢ is the mean of the squares of (C(CᵀC)⁻¹Rz)ᵢ, and for the
  /// covariance that of the products of both factors'.
  ///
  /// - Parameters:
  ///   - fewest: So many vectors at least, and `most`, in eights.
  ///   - isEnough: Whether no more are needed.
  /// - Throws: `CholmodError`.
  init(
    _ equations: LeaveOutEquations, _ forms: QuadraticForms, _ variances: [Double], seed: UInt64,
    from fewest: Int, to most: Int, isEnough: (RowBiases) throws -> Bool
  ) throws {
    let n = equations.rows.count
    var sums = EffectForm.allCases.map { _ in [Double](repeating: 0, count: n) }
    var each: [[Double]] = [[], [], []]
    (rows, totals, errors) = (sums, [0, 0, 0], [0, 0, 0])
    var next = fewest
    while count < most {
      let z = (0..<8).map { k in RandomStream.signs(n, seed: seed, block: UInt64(count + k)) }
      let none = DenseMatrix(rows: equations.width, columns: 8)
      let (u, v) = (
        try equations.solve(forms.roots(.first, z), none), try equations.solve(forms.roots(.second, z), none)
      )
      for c in 0..<8 {
        let (a, b) = (equations.fitted(u, c), equations.fitted(v, c))
        var own = [0.0, 0.0, 0.0]
        for row in 0..<n {
          let products = (a[row] * a[row], b[row] * b[row], a[row] * b[row])
          sums[0][row] += products.0
          sums[1][row] += products.1
          sums[2][row] += products.2
          own[0] += products.0 * variances[row]
          own[1] += products.1 * variances[row]
          own[2] += products.2 * variances[row]
        }
        for k in 0..<3 { each[k].append(own[k]) }
      }
      count += 8
      guard count >= next || count >= most else { continue }
      let m = Double(count)
      rows = sums.map { $0.map { $0 / m } }
      totals = each.map { $0.reduce(0, +) / m }
      errors = zip(each, totals).map { values, mean in
        (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (m - 1) / m).squareRoot()
      }
      if try isEnough(self) { break }
      next = 2 * count
    }
  }
}
