// SPDX-License-Identifier: GPL-2.0-or-later

extension CrossProducts {
  /// The sums of a block's steps.
  mutating func sumSteps(_ serial: RawSerial, _ chunk: ChunkPanels) {
    let steps = SerialSteps(chunk.rows, serial)
    guard !steps.areTooMany else {
      gaps.areTooMany = true
      return
    }
    (gaps.lengths, gaps.steps) = (steps.lengths, steps.rows.map(\.count))
    parts = steps.rows.flatMap { rows in
      [
        ProductSums(basis, pairs: groupPairs, chunk, endsOf: rows),
        ProductSums(basis, pairs: groupPairs, chunk, differencesTo: rows),
      ]
    }
    addStepPairs()
  }

  /// Gives the whole the pairs of levels that only steps have, as zeros: parts have no others than it.
  private mutating func addStepPairs() {
    let own = groupPairs.indices.filter { groupPairs[$0].0 == groupPairs[$0].1 }
    // Where no level of a group is paired with another of it rows have all pairs that steps have.
    guard parts.contains(where: { part in own.contains { !part.pairs[$0].isEmpty } }) else { return }
    for part in parts {
      for pair in pairs.indices { pairs[pair].addPattern(of: part.pairs[pair]) }
    }
  }

  /// Adds the steps of `other`, of which everything else was added, or is known.
  ///
  /// - Parameter maps: For every cell set the code here of every code there.
  mutating func addSteps(of other: CrossProducts, _ maps: [[Int32]]) {
    if other.gaps.areTooMany { gaps.areTooMany = true }
    guard !gaps.areTooMany else { return giveUpSteps() }
    var places: [Int] = []
    for (length, steps) in zip(other.gaps.lengths, other.gaps.steps) {
      let place = gaps.place(of: length)
      gaps.steps[place] += steps
      places += [2 * place, 2 * place + 1]
    }
    guard gaps.lengths.count <= SerialGaps.most else {
      gaps.areTooMany = true
      return giveUpSteps()
    }
    addParts(of: other, maps, places: places, count: 2 * gaps.lengths.count)
  }

  private mutating func giveUpSteps() { (parts, gaps.lengths, gaps.steps) = ([], [], []) }

  /// Without any steps.
  mutating func forgetSteps() { (parts, gaps) = ([], SerialGaps()) }

  /// Adds the steps alone of products of some of these rows.
  mutating func addSteps(between other: CrossProducts) {
    var maps: [[Int32]] = []
    for set in cellSets.indices {
      maps.append(
        cellSets[set].merge(other.cellSets[set], source: basis.cellSets[set], maps: maps))
    }
    addSteps(of: other, maps)
    addStepPairs()
  }

  /// - Throws: `FitError.serial` where there are more lengths of steps than can be summed.
  func checkSteps() throws(FitError) {
    guard gaps.areTooMany, let serial = specification.serial else { return }
    throw .serial(
      serial.term.text,
      "has more than \(SerialGaps.most) different times between one row of a subject and the next, each of which needs sums of its own. Round \(serial.term.visit) to whole units, such as hours or days"
    )
  }
}
