// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames

/// Who descends from whom.
///
/// The additive relationship matrix A has 1 + F on its diagonal, F the coefficient of inbreeding. Its
/// inverse is written down from the parents alone (Henderson 1976, Biometrics 32, 69–83), with F by the
/// method of Meuwissen & Luo (1992, Genetics Selection Evolution 24, 305–313).
///
/// Unknown parents can belong to groups, of other birth years or countries, whose means differ (Westell, Quaas &
/// Van Vleck 1988, Journal of Dairy Science 71, 1310–1318): with Q the shares of the groups in the
/// individuals, breeding values are Qg + a. In A*⁻¹ of individuals and groups a group stands where an unknown
/// parent would (Quaas 1988, ibid. 71, 1338–1345). Groups are random here, with a variance that is given as a
/// multiple of the additive one; a large one leaves them as good as fixed.
public struct Pedigree: Sendable {
  /// Parents before their offspring; founders that are named as parents only are there, too.
  public let individuals: [String]
  /// Coefficients of inbreeding.
  public let inbreeding: [Double]
  /// Places of the parents; −1 where one is unknown.
  private let parents: [(sire: Int, dam: Int)]
  /// Within-family variances: A = TDTᵀ.
  private let variances: [Double]
  /// Names of the groups of unknown parents.
  public let groups: [String]
  /// Of the groups, as multiples of the additive variance.
  private let groupVariance: Double
  /// Places of the unknown parents' groups; −1 where a parent is known, or has none.
  private let parentGroups: [(sire: Int, dam: Int)]

  /// - Parameters:
  ///   - records: Individuals in any order; nil for a parent that is not known, or the name of its group.
  ///   - groups: Names that are those of groups of unknown parents, not of individuals.
  ///   - groupVariance: Of the groups, as a multiple of the additive variance.
  /// - Throws: `RelationshipError` for an individual that is there twice, or that is its own ancestor; for a
  ///   group that has parents, or no offspring.
  public init(
    _ records: [(individual: String, sire: String?, dam: String?)], groups: [String] = [],
    groupVariance: Double = 1
  ) throws(RelationshipError) {
    var index: [Label: Int] = [:]
    var names: [String] = []
    var groupPlaces: [Label: Int] = [:]
    for (k, group) in groups.enumerated() {
      guard groupPlaces.updateValue(k, forKey: Label(group)) == nil else { throw .groupTwice(group) }
    }
    guard groupVariance > 0, groupVariance.isFinite else { throw .groupVariance(groupVariance) }
    (self.groups, self.groupVariance) = (groups, groupVariance)
    for record in records {
      guard groupPlaces[Label(record.individual)] == nil else {
        throw .groupAmongIndividuals(record.individual)
      }
      if let first = index.updateValue(names.count, forKey: Label(record.individual)) {
        let isSame = records[first].sire == record.sire && records[first].dam == record.dam
        throw .individualTwice(record.individual, otherParents: !isSame)
      }
      names.append(record.individual)
    }
    func group(_ name: String?) -> Int { name.flatMap { groupPlaces[Label($0)] } ?? -1 }
    func place(_ name: String?) -> Int {
      guard let name, group(name) < 0 else { return -1 }
      if let known = index[Label(name)] { return known }
      index[Label(name)] = names.count
      names.append(name)
      return names.count - 1
    }
    var given = records.map { (sire: place($0.sire), dam: place($0.dam)) }
    given += repeatElement((sire: -1, dam: -1), count: names.count - given.count)
    let givenGroups =
      records.map { (sire: group($0.sire), dam: group($0.dam)) }
      + repeatElement((sire: -1, dam: -1), count: names.count - records.count)
    let used = groups.isEmpty ? [] : Set(givenGroups.flatMap { [$0.sire, $0.dam] })
    if let unused = groups.indices.first(where: { !used.contains($0) }) {
      throw .groupWithoutOffspring(groups[unused])
    }
    let order = try Self.ancestorsFirst(given, names)
    var rank = [Int](repeating: 0, count: names.count)
    for (k, individual) in order.enumerated() { rank[individual] = k }
    func ranked(_ place: Int) -> Int { place < 0 ? -1 : rank[place] }
    individuals = order.map { names[$0] }
    parents = order.map { (ranked(given[$0].sire), ranked(given[$0].dam)) }
    parentGroups = order.map { givenGroups[$0] }
    let coefficients = Inbreeding(parents)
    (inbreeding, variances) = (coefficients.values, coefficients.variances)
  }

  /// By generations, and in the order given within them.
  private static func ancestorsFirst(
    _ parents: [(sire: Int, dam: Int)], _ names: [String]
  ) throws(RelationshipError) -> [Int] {
    // Children of k: entries starts[k]..<starts[k + 1].
    var starts = [Int](repeating: 0, count: parents.count + 1)
    var missing = [Int](repeating: 0, count: parents.count)
    for (k, pair) in parents.enumerated() {
      for parent in [pair.sire, pair.dam] where parent >= 0 {
        starts[parent + 1] += 1
        missing[k] += 1
      }
    }
    for k in parents.indices { starts[k + 1] += starts[k] }
    var place = starts
    var children = [Int32](repeating: 0, count: starts[parents.count])
    for (k, pair) in parents.enumerated() {
      for parent in [pair.sire, pair.dam] where parent >= 0 {
        children[place[parent]] = Int32(k)
        place[parent] += 1
      }
    }
    var order = parents.indices.filter { missing[$0] == 0 }
    var next = 0
    while next < order.count {
      for e in starts[order[next]]..<starts[order[next] + 1] {
        let child = Int(children[e])
        missing[child] -= 1
        if missing[child] == 0 { order.append(child) }
      }
      next += 1
    }
    if let loop = missing.firstIndex(where: { $0 > 0 }) {
      throw .ownAncestor(names[Self.onCycle(from: loop, parents, missing)])
    }
    return order
  }

  /// From an individual whose ancestors have no beginning, back to one of the circle.
  private static func onCycle(
    from start: Int, _ parents: [(sire: Int, dam: Int)], _ missing: [Int]
  ) -> Int {
    var (here, seen) = (start, Set<Int>())
    while seen.insert(here).inserted {
      let pair = parents[here]
      here = pair.sire >= 0 && missing[pair.sire] > 0 ? pair.sire : pair.dam
    }
    return here
  }

  /// A⁻¹ = Σ w_iw_iᵀ/d_i with w_i = e_i − ½e_sire − ½e_dam; log |A| = Σ log d_i. A group has d = γ, and
  /// no parents.
  public var relationship: LevelRelationship {
    let n = parents.count
    var diagonal = [Double](repeating: 0, count: n)
    diagonal += repeatElement(1 / groupVariance, count: groups.count)
    var edges: [SparsePrecision.Edge] = []
    edges.reserveCapacity(3 * n)
    func add(_ i: Int, _ j: Int, _ value: Double) {
      if i == j { diagonal[i] += value } else {
        edges.append(SparsePrecision.Edge(row: Int32(max(i, j)), column: Int32(min(i, j)), value: value))
      }
    }
    var known: [Int] = []
    for (i, pair) in parents.enumerated() {
      let group = parentGroups[i]
      known.removeAll(keepingCapacity: true)
      if pair.sire >= 0 { known.append(pair.sire) }
      if pair.dam >= 0 { known.append(pair.dam) }
      if group.sire >= 0 { known.append(n + group.sire) }
      if group.dam >= 0 { known.append(n + group.dam) }
      diagonal[i] += 1 / variances[i]
      for parent in known { add(i, parent, -0.5 / variances[i]) }
      for a in known { diagonal[a] += 0.25 / variances[i] }
      if known.count == 2 { add(known[0], known[1], (known[0] == known[1] ? 0.5 : 0.25) / variances[i]) }
    }
    let logDeterminant =
      -variances.reduce(0) { $0 + log($1) } - Double(groups.count) * log(groupVariance)
    return LevelRelationship(
      individuals + groups,
      SparsePrecision(
        diagonal: diagonal, edges: SparsePrecision.summed(edges, levels: diagonal.count),
        logDeterminant: logDeterminant, variances: groups.isEmpty ? inbreeding.map { 1 + $0 } : nil))
  }
}
