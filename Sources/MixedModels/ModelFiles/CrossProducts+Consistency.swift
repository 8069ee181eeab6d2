// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames

extension CrossProducts {
  /// Cell sets of comparisons, which are TRUE or FALSE.
  var comparisonCellSets: [Int] {
    basis.cellSets.indices.filter { c in
      guard case .factor(let f) = basis.cellSets[c], case .logical = basis.factors[f] else {
        return false
      }
      return true
    }
  }

  /// Holds sums that were read against each other: all are over the same rows.
  ///
  /// - Throws: `ModelFileError`, which names the member.
  func checkSums(file: String) throws {
    do throws(MalformedMember) {
      try checkCounts()
      try checkWeights()
      try checkMoments()
      for g in groups.indices { try checkTotal(ofGroup: g) }
      try checkTotalOfClusters()
      for pair in pairs.indices { try checkTotal(ofPair: pair) }
      if basis.strata != nil { try checkParts() }
      if basis.serial != nil { try checkSumsOfSteps() }
    } catch {
      throw ModelFileError(file, .inconsistent(error.words()))
    }
  }

  private func checkCounts() throws(MalformedMember) {
    let description = ModelDescription.member
    if specification.options.omitsMissing == false, omittedObservations > 0 {
      throw MalformedMember(
        name: "nobs_omitted in \(description)",
        "\(omittedObservations) rows were left out where none may be")
    }
    let rows = observations + omittedObservations
    for c in cellSets.indices where cellSets[c].count > rows {
      throw MalformedMember(
        name: "nobs in \(description)",
        "\(rows) rows cannot have the \(cellSets[c].count) levels of cells/\(c)")
    }
    for (name, _) in columnSums.values.sorted(by: { $0.key < $1.key })
    where specification.columnKinds[name] == nil
      && !basis.usedGroupMeans.contains(where: { $0.name == name })
    {
      throw MalformedMember(name: "column_sums in \(description)", "there is no column \(name)")
    }
  }

  /// Σw is the product of the constant with itself, and n where there are no weights.
  private func checkWeights() throws(MalformedMember) {
    let name = "sum_weights in \(ModelDescription.member)"
    guard differs(sumOfWeights, from: fixed.product(1, 1), by: sumOfWeights) == false,
      observations == 0 || sumOfWeights > 0
    else { throw MalformedMember(name: name, "fixed/sums.npy has another sum") }
    let n = Double(observations)
    guard basis.weights != nil else {
      guard sumOfWeights == n, sumOfLogWeights == 0 else {
        throw MalformedMember(name: name, "there are no weights but those of \(observations) rows")
      }
      return
    }
    // The mean of logarithms is no more than the logarithm of the mean.
    guard n == 0 || sumOfLogWeights <= n * (log(sumOfWeights / n) + 1e-6) else {
      throw MalformedMember(name: name, "no \(observations) weights have these sums")
    }
  }

  private func checkMoments() throws(MalformedMember) {
    let rows = Double(observations)...Double(observations + omittedObservations)
    for (atom, moments) in moments.enumerated() {
      let (values, width) = (moments.products, moments.degree + 1)
      let name = "centring.moments[\(atom)] in \(ModelDescription.member)"
      // But for what is rounded when shards with other shifts are added up.
      let rounding = 1e-6 * values.reduce(0) { max($0, abs($1)) }
      let areSquares = (0..<width).allSatisfy { i in
        values[i * width + i] >= -rounding
          && (0..<i).allSatisfy { j in
            abs(values[i * width + j] - values[j * width + i]) <= rounding
          }
      }
      guard areSquares else {
        throw MalformedMember(name: name, "they are no symmetric matrix of squares")
      }
      if basis.atoms[atom].needsMoments, !rows.contains(moments.count) {
        throw MalformedMember(name: name, "they are of \(moments.count) rows")
      }
    }
  }

  /// The levels' sums of the constant with [y X] add up to those of all rows.
  private func checkTotal(ofGroup g: Int) throws(MalformedMember) {
    guard let constant = constantColumn(ofGroup: g) else { return }
    let (group, width, rows) = (groups[g], fixed.directory.count, fixed.product(1, 1))
    var total = [Double](repeating: 0, count: 1 + width)
    for page in 0..<group.pageCount {
      group.forEachLevel(ofPage: page) { _, block in
        let line = block + constant * (group.zCapacity + group.xCapacity)
        total[0] += line[constant]
        for k in 0..<width { total[1 + k] += line[group.zCapacity + k] }
      }
    }
    let areRight = (0..<width).allSatisfy { k in
      // A column may vanish but for what was rounded away when shards were added up.
      let size = (rows * max(fixed.product(k, k), 1e-6 * rows)).squareRoot()
      return !differs(total[1 + k], from: fixed.product(1, k), by: size)
    }
    guard areRight, !differs(total[0], from: rows, by: rows) else {
      throw MalformedMember(
        name: "groups/\(g)/blocks.npy", "its levels do not add up to fixed/sums.npy")
    }
  }

  /// The clusters' products of [y X] add up to those of all rows.
  private func checkTotalOfClusters() throws(MalformedMember) {
    guard let clusters else { return }
    let width = fixed.directory.count
    var total = [Double](repeating: 0, count: width * width)
    for page in 0..<clusters.pageCount {
      clusters.forEachLevel(ofPage: page) { _, block in
        for i in 0..<width {
          for j in 0..<width { total[i * width + j] += block[i * clusters.zCapacity + j] }
        }
      }
    }
    let rows = 1e-6 * fixed.product(1, 1)
    let areRight = (0..<width).allSatisfy { i in
      (0..<width).allSatisfy { j in
        let size = (max(fixed.product(i, i), rows) * max(fixed.product(j, j), rows)).squareRoot()
        return !differs(total[i * width + j], from: fixed.product(i, j), by: size)
      }
    }
    guard areRight else {
      throw MalformedMember(
        name: "clusters/blocks.npy", "its clusters do not add up to fixed/sums.npy")
    }
  }

  private func checkTotal(ofPair pair: Int) throws(MalformedMember) {
    let (g, h) = groupPairs[pair]
    guard g < h, let row = constantColumn(ofGroup: g), let column = constantColumn(ofGroup: h) else {
      return
    }
    let products = pairs[pair]
    let size = products.rowCapacity * products.columnCapacity
    var total = 0.0
    for run in products.runs {
      for k in run.keys.indices {
        total += run.blocks[k * size + row * products.columnCapacity + column]
      }
    }
    guard !differs(total, from: fixed.product(1, 1), by: fixed.product(1, 1)) else {
      throw MalformedMember(
        name: "pairs/\(pair)/blocks.npy", "its pairs do not add up to fixed/sums.npy")
    }
  }

  /// The strata are all rows together, and each adds up.
  private func checkParts() throws(MalformedMember) {
    let parts = parts.prefix(strataPartCount)
    guard parts.reduce(0, { $0 + $1.observations }) == observations else {
      throw MalformedMember(
        name: "strata_nobs in \(ModelDescription.member)", "they do not add up to nobs")
    }
    for i in 0..<fixed.directory.count {
      for j in 0...i {
        let sum = parts.reduce(0) { $0 + $1.fixed.product(i, j) }
        let size = (fixed.product(i, i) * fixed.product(j, j)).magnitude.squareRoot()
        guard !differs(sum, from: fixed.product(i, j), by: size) else {
          throw MalformedMember(
            name: "strata/…/fixed/sums.npy", "the strata do not add up to fixed/sums.npy")
        }
      }
    }
    for (k, part) in parts.enumerated() {
      var alone = self
      (alone.fixed, alone.groups, alone.pairs) = (part.fixed, part.groups, part.pairs)
      do throws(MalformedMember) {
        for g in groups.indices { try alone.checkTotal(ofGroup: g) }
        for pair in pairs.indices { try alone.checkTotal(ofPair: pair) }
      } catch {
        throw MalformedMember(
          name: "strata/\(k)", "its levels do not add up to strata/\(k)/fixed/sums.npy")
      }
    }
  }

  /// Steps are sums of squares; a row is at the end of two at most.
  private func checkSumsOfSteps() throws(MalformedMember) {
    for k in parts.indices.dropFirst(strataPartCount) {
      let sums = parts[k].fixed
      for i in 0..<fixed.directory.count {
        let size = fixed.product(i, i)
        guard sums.product(i, i) >= -1e-6 * size, sums.product(i, i) <= (4 + 1e-6) * size else {
          throw MalformedMember(
            name: "\(partFolder(k))fixed/sums.npy", "these are no sums over steps between the rows")
        }
      }
    }
  }

  /// The column of the constant; nil where all columns are bound to cells.
  private func constantColumn(ofGroup g: Int) -> Int? {
    groups[g].directory.runs.first { basis.groups[g].blocks[$0.block].cellSet == nil }?.start
  }

  /// Beyond what rounding does to sums of any number of rows.
  private func differs(_ a: Double, from b: Double, by size: Double) -> Bool {
    !(abs(a - b) <= 1e-6 * abs(size) + 1e-300)
  }
}
