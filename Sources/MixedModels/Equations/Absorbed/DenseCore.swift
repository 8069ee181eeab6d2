// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// The core with its tail as one dense matrix, factored in tiles.
final class DenseCore {
  let columns: CoreColumns
  /// Scalars, the tail included.
  let size: Int
  let matrix: OwnedBuffer<Double>
  private let scales: OwnedBuffer<Double>
  /// Rows of W for the frequent places and the tail, zeros included: one column per row of W.
  let panel: OwnedBuffer<Double>
  /// Places that one task computes.
  let tasks: [Range<Int>]
  /// Tasks from here on are of frequent places.
  private let firstFrequentTask: Int

  private static let blockColumns = 64

  init(_ model: LinearMixedModel, _ layout: CoreLayout) {
    columns = CoreColumns(model, layout)
    size = layout.size + model.tail.columns
    matrix = OwnedBuffer(repeating: 0, count: size * size)
    scales = OwnedBuffer(repeating: 0, count: size)
    let leader = model.groups[layout.leading]
    let isFrequent = layout.firstFrequent < layout.order.count
    let panelRows = isFrequent ? size - layout.scalarStart[layout.firstFrequent] : 0
    panel = OwnedBuffer(repeating: 0, count: panelRows * leader.size * leader.levelCount)
    var tasks = Self.cut(0..<layout.firstFrequent, by: layout.work)
    firstFrequentTask = tasks.count
    tasks += Self.cut(
      layout.firstFrequent..<layout.order.count, layout.scalarStart, width: Self.blockColumns)
    self.tasks = tasks
  }

  /// Ranges of places of about equal work.
  static func cut(_ places: Range<Int>, by work: [Double]) -> [Range<Int>] {
    let share = work[places].reduce(0, +) / 128
    var result: [Range<Int>] = []
    var (first, sum) = (places.lowerBound, 0.0)
    for place in places {
      sum += work[place]
      if sum >= share || place == places.upperBound - 1 {
        result.append(first..<place + 1)
        (first, sum) = (place + 1, 0)
      }
    }
    return result
  }

  /// Ranges of places of about `width` scalars.
  private static func cut(_ places: Range<Int>, _ scalarStart: [Int], width: Int) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var first = places.lowerBound
    for place in places
    where scalarStart[place + 1] - scalarStart[first] >= width || place == places.upperBound - 1 {
      result.append(first..<place + 1)
      first = place + 1
    }
    return result
  }

  var usesPanel: Bool { panel.count > 0 }

  /// Computes the core for absorbed `levels`; there are none where the core is the tail alone.
  /// `tailSums` is −ΣWᵀW of the tail.
  func assemble(
    _ levels: LeadingLevels?, _ factors: [[Double]], tail: DenseMatrix,
    tailSums: UnsafePointer<Double>, _ team: ThreadTeam
  ) {
    if let levels { assembleColumns(levels, factors, team) }
    let (w, first) = (tail.columns, size - tail.columns)
    for j in 0..<w {
      for i in j..<w {
        matrix.start[(first + j) * size + first + i] = tail[i, j] + tailSums[j * w + i]
      }
    }
  }

  private func assembleColumns(
    _ levels: LeadingLevels, _ factors: [[Double]], _ team: ThreadTeam
  ) {
    columns.scales(factors, into: scales.start)
    if usesPanel { fillPanel(levels, team) }
    team.forEach(tasks.count, pays: columns.work > 5000) { _, task in
      assembleColumns(levels, task, factors)
    }
  }

  func fillPanel(_ levels: LeadingLevels, _ team: ThreadTeam) {
    let first = columns.layout.scalarStart[columns.layout.firstFrequent]
    let rows = size - first
    let parts = 64
    let ℓ = levels.size
    team.forEach(parts) { _, part in
      let own =
        part * levels.levelCount / parts..<(part + 1) * levels.levelCount / parts
      for j in own {
        for k in levels.columnStarts[j]..<levels.columnStarts[j + 1] {
          let row = Int(levels.rows.start[k]) - first
          guard row >= 0 else { continue }
          for i in 0..<ℓ {
            panel.start[(j * ℓ + i) * rows + row] = levels.W.start[k * ℓ + i]
          }
        }
      }
    }
  }

  private func assembleColumns(_ levels: LeadingLevels, _ task: Int, _ factors: [[Double]]) {
    let layout = columns.layout
    let places = tasks[task]
    let target = matrix.start + layout.scalarStart[places.lowerBound] * size
    fillUnscaled(levels, task, target)
    for place in places {
      columns.transform(
        place: place, matrix.start + layout.scalarStart[place] * size, stride: size, factors,
        scales: scales.start)
    }
  }

  /// Overwrites `target`, columns of `size` rows, with the columns A − ΣWᵀW of one task's places,
  /// from the first one's diagonal on.
  func fillUnscaled(
    _ levels: LeadingLevels, _ task: Int, _ target: UnsafeMutablePointer<Double>
  ) {
    let layout = columns.layout
    let places = tasks[task]
    let isFrequent = task >= firstFrequentTask
    let first = layout.scalarStart[places.lowerBound]
    let count = layout.scalarStart[places.upperBound] - first
    for c in 0..<count { (target + c * size + first).update(repeating: 0, count: size - first) }
    for place in places {
      let own = target + (layout.scalarStart[place] - first) * size
      columns.blocks.add(place: place, width: columns.width(place), to: own, stride: size)
      if !isFrequent { columns.subtractProducts(levels, place: place, from: own, stride: size) }
    }
    guard isFrequent else { return }
    let frequent = layout.scalarStart[layout.firstFrequent]
    let rows = size - frequent
    let block = panel.start + (first - frequent)
    subtractProduct(
      block, rows, block, rows, rows: size - first, columns: count,
      inner: levels.levelCount * levels.size, from: target + first, size)
  }

  /// The most columns a task has.
  var widestTask: Int {
    let starts = columns.layout.scalarStart
    return tasks.reduce(1) { max($0, starts[$1.upperBound] - starts[$1.lowerBound]) }
  }

  /// - Throws: `NotPositiveDefinite`.
  func factorize(_ team: ThreadTeam) throws(NotPositiveDefinite) {
    try TiledCholesky.factorize(matrix.start, size: size, team)
  }

  func diagonal(_ i: Int) -> Double { matrix.start[i * (size + 1)] }

  /// L(first..<n, first..<n)
  func block(_ range: Range<Int>) -> DenseMatrix {
    var L = DenseMatrix(rows: range.count, columns: range.count)
    for (j, c) in range.enumerated() {
      for i in j..<range.count { L[i, j] = matrix.start[c * size + range.lowerBound + i] }
    }
    return L
  }
}
