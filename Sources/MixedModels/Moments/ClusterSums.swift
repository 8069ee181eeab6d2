// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// [X y]ᵀV⁻¹[X y] of every cluster in working coordinates, V in units of σ²: all that a cluster-robust
/// covariance needs of a cluster, however many rows it has.
///
/// With [X y]ᵀW[X y] of the cluster and C = ZᵀW[X y] of its levels it is
/// [X y]ᵀW[X y] − CᵀΛM⁻¹ΛᵀC, M = ΛᵀZᵀWZΛ + I.
struct ClusterSums: Sendable {
  let clusters: ClusterLevels
  /// p + 1.
  let size: Int
  /// Cluster after cluster, size × size, by columns; y with itself is not meant.
  private var values: [Double]
  /// Whether clusters contain whole levels of absorbed factors.
  let haveWholeLevels: Bool

  /// - Parameter values: Cluster after cluster, (p + 1) × (p + 1), by columns.
  init(_ clusters: ClusterLevels, size: Int, values: [Double], haveWholeLevels: Bool = true) {
    (self.clusters, self.size, self.values) = (clusters, size, values)
    self.haveWholeLevels = haveWholeLevels
  }

  /// - Throws: `InferenceError`, `FitError`, `CholmodError`.
  init(
    _ model: LinearMixedModel, _ products: CrossProducts, _ options: FitOptions, φ: [Double]
  ) throws {
    clusters = try ClusterLevels(model, products, options)
    haveWholeLevels = true
    guard model.hasIndependentLevels else {
      throw InferenceError.refused(
        "levels that are related are not independent from one cluster to another. Take \(Setting.coefficientCovariance(["model"]))."
      )
    }
    size = model.fixedEffectCount + 1
    try requireMemory(
      16 * Double(clusters.count) * Double(size * size),
      for: "the sums of \(clusters.count) clusters of \(clusters.name)",
      remedy: "Use fewer clusters, or fewer fixed-effects columns.")
    if let group = clusters.group {
      values = try Self.products(model, products, levelsOf: group, clusters.name)
    } else {
      values = Self.products(model, products, clusters)
    }
    var factors = model.covariance.emptyFactors
    model.covariance.factors(φ, into: &factors)
    switch model.groups.count {
    case 0: break
    case 1: absorbLevels(model.groups[0], factors[0])
    default: try absorbGroups(model, factors, options)
    }
  }

  /// XᵀV⁻¹X of a cluster, p × p.
  func information(_ cluster: Int) -> DenseMatrix {
    let (p, base) = (size - 1, cluster * size * size)
    var G = DenseMatrix(rows: p, columns: p)
    for j in 0..<p {
      for i in 0..<p {
        G[i, j] = (values[base + j * size + i] + values[base + i * size + j]) / 2
      }
    }
    return G
  }

  /// XᵀV⁻¹y of a cluster.
  func response(_ cluster: Int) -> [Double] {
    let last = (cluster * size + size - 1) * size
    return Array(values[last..<last + size - 1])
  }

  // MARK: Without random effects

  /// [X y]ᵀW[X y] as it was summed.
  private static func products(
    _ model: LinearMixedModel, _ products: CrossProducts, _ clusters: ClusterLevels
  ) -> [Double] {
    let map = model.fixed.tailMap(of: products.basis)
    let (raw, size) = (map.rows, map.columns)
    let summed = products.clusters!
    var values = [Double](repeating: 0, count: clusters.count * size * size)
    var block = DenseMatrix(rows: raw, columns: raw)
    for page in 0..<summed.pageCount {
      summed.forEachLevel(ofPage: page) { code, sums in
        for i in 0..<raw { for j in 0..<raw { block[i, j] = sums[i * summed.zCapacity + j] } }
        let mapped = map.multipliedByTransposeOnLeft(block * map)
        let base = clusters.rank[code] * size * size
        for k in mapped.storage.indices { values[base + k] += mapped.storage[k] }
      }
    }
    return values
  }

  /// The same of a grouping factor's levels, where X's columns are among those of Z: X = ZS.
  ///
  /// - Throws: `InferenceError` where they are not.
  private static func products(
    _ model: LinearMixedModel, _ products: CrossProducts, levelsOf g: Int, _ name: String
  ) throws(InferenceError) -> [Double] {
    guard let S = model.fixed.combinations(ofGroup: g, model.groups[g], products) else {
      throw .refused(
        "the cross-products were summed without clusters of \(name), and hold no products of the fixed effects' columns for each of its levels. Sum the rows with \(Setting.clusters(name)) when they are read."
      )
    }
    let (group, size) = (model.groups[g], model.fixedEffectCount + 1)
    let ℓ = group.size
    var values = [Double](repeating: 0, count: group.levelCount * size * size)
    for level in 0..<group.levelCount {
      let ZX = DenseMatrix(
        rows: ℓ, columns: size,
        storage: Array(group.zx[level * ℓ * size..<(level + 1) * ℓ * size]))
      let product = S.multipliedByTransposeOnLeft(ZX)  // XᵀW[X y]
      for j in 0..<size {
        for i in 0..<size - 1 { values[(level * size + j) * size + i] = product[i, j] }
      }
    }
    return values
  }

  // MARK: What random effects absorb

  /// One grouping factor: level by level.
  private mutating func absorbLevels(_ group: RandomEffectsGroup, _ λ: [Double]) {
    let (ℓ, size) = (group.size, size)
    var kernel = LevelKernel(ℓ, p: size - 1, [], λ)
    var reduced = [Double](repeating: 0, count: ℓ * size)
    for level in 0..<group.levelCount {
      kernel.load(group, level: level)
      var panel = Array(group.zx[level * ℓ * size..<(level + 1) * ℓ * size])
      kernel.absorb(&panel, columns: size, reduced: &reduced)
      let base = Int(clusters.ofLevel[0][level]) * size * size
      for j in 0..<size {
        for i in 0..<size {
          var sum = 0.0
          for k in 0..<ℓ { sum += reduced[i * ℓ + k] * reduced[j * ℓ + k] }
          values[base + j * size + i] -= sum
        }
      }
    }
  }

  /// Several: M⁻¹ΛᵀC is what equations give whose response is a column of [X y].
  ///
  /// - Throws: `FitError`, `CholmodError`.
  private mutating func absorbGroups(
    _ model: LinearMixedModel, _ factors: [[Double]], _ options: FitOptions
  ) throws {
    for column in 0..<size {
      var choice = DenseMatrix(rows: size, columns: 1)
      choice[column, 0] = 1
      let single = model.replacingTail(by: choice)
      let plan = try EquationsPlan.exact(single, insteadOf: options.solver)
      let equations = try plan.choice.equations(single, threads: 1)
      try equations.update(factors)
      let u = try equations.solution().u
      var next = 0
      for (g, group) in model.groups.enumerated() {
        subtract(group, factors[g], u[next..<next + group.levelCount * group.size], g, column)
        next += group.levelCount * group.size
      }
    }
  }

  /// Takes [X y]ᵀWZΛu of one group off a column.
  private mutating func subtract(
    _ group: RandomEffectsGroup, _ λ: [Double], _ u: ArraySlice<Double>, _ g: Int, _ column: Int
  ) {
    let (ℓ, size) = (group.size, size)
    var b = [Double](repeating: 0, count: ℓ)
    for level in 0..<group.levelCount {
      let first = u.startIndex + level * ℓ
      for i in 0..<ℓ { b[i] = (0...i).reduce(0) { $0 + λ[$1 * ℓ + i] * u[first + $1] } }
      let target = (Int(clusters.ofLevel[g][level]) * size + column) * size
      for i in 0..<size {
        let row = (level * size + i) * ℓ
        for k in 0..<ℓ { values[target + i] -= group.zx[row + k] * b[k] }
      }
    }
  }
}

extension FixedCoordinates {
  /// From raw [y X] to working [X y].
  fileprivate func tailMap(of basis: RawBasis) -> DenseMatrix {
    let p = B.columns
    var map = DenseMatrix(rows: 1 + B.rows, columns: p + 1)
    map[0, p] = 1
    let fitted = B * leastSquares
    for k in 0..<B.rows {
      for j in 0..<p { map[1 + k, j] = B[k, j] }
      let predictor = k < basis.predictor.count ? basis.predictor[k] : 0
      map[1 + k, p] = (predictor - rawPredictor[k]) / responseScale - fitted[k]
    }
    return map
  }

  /// S, ℓ × p, where X = ZS in all rows for the columns Z of a group; nil where X's columns are not among
  /// them.
  fileprivate func combinations(
    ofGroup g: Int, _ group: RandomEffectsGroup, _ products: CrossProducts
  ) -> DenseMatrix? {
    struct Column: Hashable {
      let cellSet: Int?
      let cell: Int32
      let monomial: Monomial
    }
    func columns(_ directory: ColumnDirectory, _ blocks: [ColumnBlock]) -> [(Int, Column)] {
      directory.runs.flatMap { run in
        let block = blocks[run.block]
        return block.monomials.enumerated().map {
          (run.start + $0, Column(cellSet: block.cellSet, cell: run.cell, monomial: $1))
        }
      }
    }
    let own = Dictionary(
      uniqueKeysWithValues: columns(products.groups[g].directory, products.basis.groups[g].blocks)
        .map { ($1, $0) })
    var X = DenseMatrix(rows: group.B.rows, columns: B.columns)
    for (raw, column) in columns(products.fixed.directory, products.basis.fixed) {
      for j in 0..<B.columns where B[raw - 1, j] != 0 {
        guard let place = own[column] else { return nil }
        X[place, j] = B[raw - 1, j]
      }
    }
    let qr = ColumnOrderedQR(group.B, tolerance: 1e-10)
    guard qr.rank == group.B.columns else { return nil }
    var S = qr.q.multipliedByTransposeOnLeft(X)
    DenseCholesky.solveUpper(qr.r, &S)
    let rest = X - group.B * S
    let isWithin = (0..<X.columns).allSatisfy {
      euclideanNorm(rest.column($0)) <= 1e-11 * euclideanNorm(X.column($0))
    }
    return isWithin ? S : nil
  }
}
