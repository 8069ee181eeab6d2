// SPDX-License-Identifier: GPL-2.0-or-later

/// The different combinations of levels that rows have.
struct LevelKinds {
  /// Levels in the equations, combination after combination.
  private(set) var levels: [[Int]] = []
  private(set) var ofRow: [Int]

  init(_ rows: LeaveOutRows) {
    let starts = rows.levelCounts.reduce(into: [0]) { $0.append($0.last! + $1) }
    let factors = rows.levels
    func own(_ row: Int) -> [Int] { factors.indices.map { starts[$0] + Int(factors[$0][row]) } }
    let order = (0..<rows.count).sorted { a, b in
      for k in factors.indices where factors[k][a] != factors[k][b] { return factors[k][a] < factors[k][b] }
      return false
    }
    ofRow = Array(repeating: 0, count: rows.count)
    for row in order {
      let combination = own(row)
      if levels.last != combination { levels.append(combination) }
      ofRow[row] = levels.count - 1
    }
  }

  var count: Int { levels.count }
}
