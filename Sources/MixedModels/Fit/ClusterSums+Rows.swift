// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension ClusterSums {
  /// Of least squares beside absorbed factors, from the rows, which are read again: X̃ᵀWX̃ of every cluster and
  /// X̃ᵀWe, where X̃ is what the factors' levels D leave of X, and e are residuals.
  ///
  /// With whole levels in every cluster it is as if X̃ and ỹ were all that there is: the residual of D is made within
  /// clusters, so that I − H_gg and the correction of CR2 have no more of D in them than X̃ (Pustejovsky & Tipton 2018,
  /// JBES 36, 672–683, theorem 2). With others the sums are still those of CR0 and CR1.
  ///
  /// - Throws: `InferenceError` where the rows cannot be read again; `DataError`, `FitError`.
  init(rowsOf fitted: FittedModel, _ kind: CoefficientCovariance) throws {
    let (model, products) = (fitted.model, fitted.products)
    let clusters = try ClusterLevels(model, products, fitted.options)
    try fitted.requireRows(kind)
    let pass = try fitted.residualPass()
    let rows = WorkingColumnsOfRows(products, model)
    let p = model.fixedEffectCount
    let size = p + 1
    try requireMemory(
      16 * Double(clusters.count) * Double(size * size),
      for: "the sums of \(clusters.count) clusters of \(clusters.name)",
      remedy: "Use fewer clusters, or fewer fixed-effects columns.")
    let cellSet = products.basis.clusters!.cellSet
    let (groups, levels) = (products.basis.groups, model.fixedLevels!)
    let factors = levels.factors.enumerated().map { (cellSet: groups[$0].cellSet, rank: $1.rank) }
    var clusterOfLevel = levels.factors.map { [Int](repeating: -1, count: $0.levels.count) }
    var values = [Double](repeating: 0, count: clusters.count * size * size)
    var (squares, count, areWhole) = (0.0, 0, true)
    let s = model.fixed.responseScale
    try pass.forEach(with: { block, codes in
      (x: rows(block, codes), clusters: codes[cellSet], levels: factors.map { codes[$0.cellSet] })
    }) { part, own in
      for (i, e) in part.residuals.enumerated() {
        let (w, g) = (part.weights[i], clusters.rank[Int(own.clusters[i])])
        squares += w * e * e
        count += 1
        for (k, factor) in factors.enumerated() {
          let level = factor.rank[Int(own.levels[k][i])]
          if clusterOfLevel[k][level] < 0 { clusterOfLevel[k][level] = g }
          if clusterOfLevel[k][level] != g { areWhole = false }
        }
        let base = g * size * size
        for j in 0..<size {
          let value = w * (j < p ? own.x[i * p + j] : e / s)
          for a in 0..<p { values[base + j * size + a] += own.x[i * p + a] * value }
        }
      }
    }
    try fitted.requireSameRows(kind.rawValue, count: count, squares: squares)
    self.init(clusters, size: size, values: values, haveWholeLevels: areWhole)
  }
}
