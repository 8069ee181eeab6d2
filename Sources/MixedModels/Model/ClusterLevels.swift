// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The clusters of rows, and which of them each level of every grouping factor lies in: with whole levels
/// in every cluster V is block-diagonal by clusters.
struct ClusterLevels: Sendable {
  /// The clusters' column.
  let name: String
  /// In R's order.
  let labels: [String]
  /// Code of a cluster in the cross-products, or level of the group that the clusters are → cluster.
  let rank: [Int]
  /// For every group of the model level → cluster.
  let ofLevel: [[Int32]]
  /// The group whose levels are the clusters, where the cross-products have no sums of their own for them.
  let group: Int?

  var count: Int { labels.count }

  /// By the clusters that the cross-products were summed for, or by a grouping factor of the model.
  ///
  /// - Throws: `InferenceError` where there are none, or where a level straddles several.
  init(_ model: LinearMixedModel, _ products: CrossProducts, _ options: FitOptions) throws {
    guard let name = options.clusters else { throw InferenceError.withoutClusters }
    if !model.groups.isEmpty {
      try model.requireNoAbsorbedFactors("cluster-robust covariances of models with random effects are")
    }
    if let residual = products.specification.serial.map(\.term) {
      throw InferenceError.needsIndependentResiduals(
        "cluster-robust covariances are computed", residual)
    }
    guard products.basis.strata == nil else {
      throw InferenceError.refused(
        "cluster-robust covariances are computed where all rows have one residual variance. Leave the strata out, or take \(Setting.coefficientCovariance(["model"]))."
      )
    }
    self =
      try products.specification.options.clusters == name
      ? Self.summed(model, products, options, name) : Self.ofGroup(model, products, name)
    guard count > 1 else {
      throw InferenceError.refused(
        "\(name) has one cluster only: nothing shows how clusters differ. Take \(Setting.coefficientCovariance(["model"]))."
      )
    }
  }

  /// Clusters of a model without random effects.
  init(_ name: String, labels: [String]) {
    self.init(name: name, labels: labels, rank: Array(labels.indices), ofLevel: [], group: nil)
  }

  private init(
    name: String, labels: [String], rank: [Int], ofLevel: [[Int32]], group: Int?
  ) {
    (self.name, self.labels, self.rank) = (name, labels, rank)
    (self.ofLevel, self.group) = (ofLevel, group)
  }

  /// By the clusters that the cross-products were summed for.
  private static func summed(
    _ model: LinearMixedModel, _ products: CrossProducts, _ options: FitOptions, _ name: String
  ) throws -> ClusterLevels {
    let summed = products.basis.clusters!
    let variable = FactorVariable(
      name: name, column: name, source: products.basis.source(ofCellSet: summed.cellSet),
      reference: nil, isLogical: false)
    let levels = try DesignBuilder(products: products, options: options).levels(of: variable)
    let ofLevel = try model.groups.enumerated().map { g, group in
      let factor = model.terms.first { $0.group == g }?.groupName ?? ""
      var clusters = LevelClusters(factor, group, name, levels.labels)
      switch (summed.nestings[g], summed.nestings[g].map { products.cellSets[$0] }) {
      case (nil, _):
        for (code, level) in group.rank.enumerated() { try clusters.put(level, in: levels.rank[code]) }
      case (_?, .product(let pairs)?):
        let (left, right) = (pairs.left, pairs.right)
        for pair in 0..<pairs.count {
          try clusters.put(group.rank[Int(right[pair])], in: levels.rank[Int(left[pair])])
        }
      default: preconditionFailure("clusters and levels that do not meet")
      }
      return clusters.ofLevel
    }
    return ClusterLevels(
      name: name, labels: levels.labels, rank: levels.rank, ofLevel: ofLevel, group: nil)
  }

  /// By a grouping factor alone: levels of others are in the clusters that they occur with.
  private static func ofGroup(
    _ model: LinearMixedModel, _ products: CrossProducts, _ name: String
  ) throws -> ClusterLevels {
    guard let own = model.terms.first(where: { Label($0.groupName) == Label(name) })?.group else {
      let made = products.specification.options.clusters.map { "for clusters of \($0)" } ?? "without clusters"
      throw InferenceError.refused(
        "the cross-products were summed \(made), so that clusters of \(name) cannot be had from them. Sum the rows with \(Setting.clusters(name)) when they are read."
      )
    }
    let labels = model.groups[own].levels
    let ofLevel = try model.groups.enumerated().map { g, group in
      if g == own { return (0..<Int32(group.levelCount)).map(\.self) }
      let factor = model.terms.first { $0.group == g }?.groupName ?? ""
      var clusters = LevelClusters(factor, group, name, labels)
      for pair in model.pairs where [pair.rowGroup, pair.columnGroup].sorted() == [min(g, own), max(g, own)] {
        let isRow = pair.rowGroup == g
        for (row, column) in zip(pair.rowLevels, pair.columnLevels) {
          try clusters.put(Int(isRow ? row : column), in: Int(isRow ? column : row))
        }
      }
      return clusters.ofLevel
    }
    return ClusterLevels(
      name: name, labels: labels, rank: Array(labels.indices), ofLevel: ofLevel, group: own)
  }
}

/// Finds the cluster of every level of one group.
private struct LevelClusters {
  private let factor: String
  private let levels: [String]
  private let name: String
  private let labels: [String]
  private(set) var ofLevel: [Int32]

  init(_ factor: String, _ group: RandomEffectsGroup, _ name: String, _ labels: [String]) {
    (self.factor, levels, self.name, self.labels) = (factor, group.levels, name, labels)
    ofLevel = Array(repeating: -1, count: group.levelCount)
  }

  /// - Throws: `InferenceError` where the level is in another cluster, too.
  mutating func put(_ level: Int, in cluster: Int) throws(InferenceError) {
    let other = Int(ofLevel[level])
    guard other < 0 || other == cluster else {
      throw .refused(
        "the level “\(levels[level])” of \(factor) has rows in the clusters “\(labels[other])” and “\(labels[cluster])” of \(name): cluster-robust covariances need whole levels of every grouping factor in each cluster. Cluster by \(factor), if no other factor crosses it, or by something coarser."
      )
    }
    ofLevel[level] = Int32(cluster)
  }
}

extension RawBasis {
  /// The factor that a cell set of one factor is made of.
  fileprivate func source(ofCellSet index: Int) -> Int {
    guard case .factor(let source) = cellSets[index] else {
      preconditionFailure("the cells are of several factors")
    }
    return source
  }
}
