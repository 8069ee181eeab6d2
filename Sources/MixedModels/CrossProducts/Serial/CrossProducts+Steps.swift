// SPDX-License-Identifier: GPL-2.0-or-later

extension CrossProducts {
  /// The sums of a block's steps, behind those of its strata.
  mutating func sumSteps(_ serial: RawSerial, _ chunk: ChunkPanels) {
    let steps = SerialSteps(chunk.rows, serial, strata: basis.strata)
    guard !steps.areTooMany else {
      gaps.areTooMany = true
      return
    }
    (gaps.kinds, gaps.steps) = (steps.kinds, steps.rows.map(\.count))
    for (kind, rows) in zip(steps.kinds, steps.rows) {
      for sums in kind.sums {
        parts.append(ProductSums(sums, kind, stepsTo: rows, basis, pairs: groupPairs, chunk))
      }
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

  /// Counts the steps of `other` and makes room for their sums.
  ///
  /// - Parameter maps: For every cell set the code here of every code there.
  /// - Returns: the part here of every such part there; none where there are too many.
  mutating func placesOfSteps(of other: CrossProducts, _ maps: [[Int32]]) -> [(here: Int, there: Int)] {
    if other.gaps.areTooMany { gaps.areTooMany = true }
    var places: [(kind: Int, sums: StepKind.Sums)] = []
    if !gaps.areTooMany {
      let codes = basis.strata.map { maps[$0] }
      var heres: [(kind: Int, isTurned: Bool)] = []
      for (kind, steps) in zip(other.gaps.kinds, other.gaps.steps) {
        let strata = kind.strata.map { code in codes.map { $0[Int(code)] } ?? 0 }
        let place = gaps.place(of: StepKind(length: kind.length, strata[0], strata[1]))
        gaps.steps[place] += steps
        heres.append((place, strata[0] > strata[1]))
      }
      places = other.gaps.parts.map { kind, sums in
        let (place, isTurned) = heres[kind]
        return switch sums {
        case .endsInFirst where isTurned: (place, .endsInSecond)
        case .endsInSecond where isTurned: (place, .endsInFirst)
        default: (place, sums)
        }
      }
    }
    guard !gaps.areTooMany else {
      forgetSteps()
      gaps.areTooMany = true
      return []
    }
    let (first, theirFirst) = (strataPartCount, other.strataPartCount)
    for _ in parts.count..<first + gaps.partCount { parts.append(emptyPart) }
    let own = gaps.parts
    return places.enumerated().map { k, place in
      (first + own.firstIndex { $0 == place }!, theirFirst + k)
    }
  }

  /// Without any steps.
  mutating func forgetSteps() {
    parts.removeLast(parts.count - strataPartCount)
    gaps = SerialGaps()
  }

  /// Adds the steps alone of products of some of these rows.
  mutating func addSteps(between other: CrossProducts) {
    var maps: [[Int32]] = []
    for set in cellSets.indices {
      maps.append(
        cellSets[set].merge(other.cellSets[set], source: basis.cellSets[set], maps: maps))
    }
    addParts(of: other, maps, placesOfSteps(of: other, maps))
    addStepPairs()
  }

  /// - Throws: `FitError.serial` where there are more lengths of steps than can be summed.
  func checkSteps() throws(FitError) {
    guard gaps.areTooMany, let serial = specification.serial else { return }
    throw .serial(
      serial.term.text,
      "has more than \(SerialGaps.most) different times between one row of a subject and the next\(basis.strata == nil ? "" : ", or \(SerialGaps.mostKinds) of them between two strata"), each of which needs sums of its own. Round \(serial.term.visit) to whole units, such as hours or days"
    )
  }
}
