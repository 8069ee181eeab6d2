// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

extension ProductSums {
  /// One of the sums over steps of a kind.
  ///
  /// - Parameter later: The later rows.
  init(
    _ sums: StepKind.Sums, _ kind: StepKind, stepsTo later: [Int], _ basis: RawBasis,
    pairs groupPairs: [(Int, Int)], _ chunk: ChunkPanels
  ) {
    func ends(in stratum: Int) -> [Int] {
      let cells = chunk.rows.cells[basis.strata!]
      return later.map { cells[$0] == kind.strata[stratum] ? $0 : $0 - 1 }
    }
    switch sums {
    case .ends:
      self.init(basis, pairs: groupPairs, chunk, endsOf: later, rows: later.flatMap { [$0 - 1, $0] })
    case .endsInFirst: self.init(basis, pairs: groupPairs, chunk, endsOf: later, rows: ends(in: 0))
    case .endsInSecond: self.init(basis, pairs: groupPairs, chunk, endsOf: later, rows: ends(in: 1))
    case .differences: self.init(basis, pairs: groupPairs, chunk, differencesTo: later)
    }
  }

  /// Σ w x xᵀ over rows x at the ends of steps.
  ///
  /// - Parameters:
  ///   - later: The later rows of the steps.
  ///   - ends: Ascending, a row at the ends of two steps twice.
  private init(
    _ basis: RawBasis, pairs groupPairs: [(Int, Int)], _ chunk: ChunkPanels, endsOf later: [Int],
    rows ends: [Int]
  ) {
    var rows: [Int] = []
    var times: [Double] = []
    for row in ends {
      if rows.last == row {
        times[times.count - 1] += 1
      } else {
        rows.append(row)
        times.append(1)
      }
    }
    self.init(
      basis, pairs: groupPairs, counts: chunk.counts, x: chunk.x.selecting(rows),
      z: chunk.z.map { $0.selecting(rows) }, levels: chunk.levels(basis, rows),
      weights: zip(rows, times).map { chunk.rows.weights[$0] * $1 })
    observations = later.count
  }

  /// Σ d dᵀ of the differences d = √w x − √w′ x′ of steps from a row x′ to the next one x.
  ///
  /// Summed themselves, and not made of products, they lose no digits where rows hardly differ from those
  /// before. In Z a step between two levels of a group is a row of both, which pairs them.
  private init(
    _ basis: RawBasis, pairs groupPairs: [(Int, Int)], _ chunk: ChunkPanels, differencesTo later: [Int]
  ) {
    let roots = chunk.rows.weights.map { $0.squareRoot() }
    let x = chunk.x.differences(to: later, roots)
    let halves = basis.groups.indices.map { g in
      StepHalves(later, chunk.rows.cells[basis.groups[g].cellSet], chunk.z[g], roots)
    }
    guard halves.contains(where: \.areOfTwoLevels) else {
      self.init(
        basis, pairs: groupPairs, counts: chunk.counts, x: x, z: halves.map(\.z),
        levels: halves.map(\.levels), weights: later.map { _ in 1 })
      return
    }
    self.init(
      basis, pairs: groupPairs, counts: chunk.counts, x: x, z: [], levels: [],
      weights: later.map { _ in 1 })
    let ones = [Double](repeating: 1, count: 4 * later.count)
    for (g, half) in halves.enumerated() {
      groups[g].accumulate(
        level: half.levels, z: half.z, x: x.selecting(half.steps),
        w: Array(ones.prefix(half.steps.count)))
    }
    for (pair, (g, h)) in groupPairs.enumerated() {
      let met = g == h ? halves[g].ofTwoLevels : halves[g].meeting(halves[h])
      guard !met.isEmpty else { continue }
      pairs[pair].accumulate(
        rowLevel: met.map { halves[g].levels[$0.0] }, row: halves[g].z.selecting(met.map(\.0)),
        columnLevel: met.map { halves[h].levels[$0.1] },
        column: halves[h].z.selecting(met.map(\.1)), w: Array(ones.prefix(met.count)))
    }
  }
}

/// The rows that steps make in Z of one group: √w z − √w′ z′ of the level that both rows are in, or √w z of
/// one level and −√w′ z′ of another.
private struct StepHalves {
  /// The step of every row, ascending.
  private(set) var steps: [Int] = []
  private(set) var levels: [Int32] = []
  let z: SparsePanel
  private(set) var areOfTwoLevels = false

  init(_ later: [Int], _ codes: [Int32], _ z: SparsePanel, _ roots: [Double]) {
    var rows: [SparsePanel.Combination] = []
    for (step, row) in later.enumerated() {
      steps.append(step)
      levels.append(codes[row])
      if codes[row] == codes[row - 1] {
        rows.append((row, roots[row], row - 1, -roots[row - 1]))
      } else {
        rows += [(row, roots[row], row, 0), (row - 1, -roots[row - 1], row - 1, 0)]
        steps.append(step)
        levels.append(codes[row - 1])
        areOfTwoLevels = true
      }
    }
    self.z = z.combining(rows)
  }

  /// Rows of one step, each with each.
  func meeting(_ other: StepHalves) -> [(Int, Int)] {
    var met: [(Int, Int)] = []
    var first = 0
    for k in steps.indices {
      while other.steps[first] < steps[k] { first += 1 }
      var l = first
      while l < other.steps.count, other.steps[l] == steps[k] {
        met.append((k, l))
        l += 1
      }
    }
    return met
  }

  /// The two rows of steps between two levels.
  var ofTwoLevels: [(Int, Int)] {
    steps.indices.dropLast().filter { steps[$0] == steps[$0 + 1] }.map { ($0, $0 + 1) }
  }
}

extension SparsePanel {
  /// Two rows with their factors.
  typealias Combination = (first: Int, factor: Double, second: Int, secondFactor: Double)

  /// √w x − √w′ x′ for rows x and those x′ before them.
  ///
  /// - Parameter roots: √w of all rows.
  func differences(to later: [Int], _ roots: [Double]) -> SparsePanel {
    combining(later.map { ($0, roots[$0], $0 - 1, -roots[$0 - 1]) })
  }

  /// Sums of two rows each.
  func combining(_ rows: [Combination]) -> SparsePanel {
    let sparse = width - dense
    // Entries of cells in columns of their own: those of both rows.
    var result = SparsePanel(
      rows: rows.count, dense: dense, runs: [Int](repeating: 1, count: 2 * sparse))
    var entries: [(column: Int, value: Double)] = []
    withRows { table in
      for (k, pair) in rows.enumerated() {
        entries.removeAll(keepingCapacity: true)
        let start = k * result.width
        for (row, factor) in [(pair.first, pair.factor), (pair.second, pair.secondFactor)]
        where factor != 0 {
          let (columns, values) = table.row(row)
          for c in 0..<dense { result.values[start + c] += factor * values[c] }
          for c in dense..<width {
            if let known = entries.firstIndex(where: { $0.column == columns[c] }) {
              entries[known].value += factor * values[c]
            } else {
              entries.append((columns[c], factor * values[c]))
            }
          }
        }
        // In order, so that products are those of an upper triangle; the room that is left is zero.
        entries.sort { $0.column < $1.column }
        for c in 0..<2 * sparse {
          let entry = c < entries.count ? entries[c] : (entries.last!.column, 0)
          result.starts[k * 2 * sparse + c] = Int32(entry.column)
          result.values[start + dense + c] = entry.value
        }
      }
    }
    return result
  }
}
