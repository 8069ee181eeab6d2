// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension CrossProducts {
  /// Adds the sums by patterns of other subjects.
  ///
  /// - Parameters:
  ///   - maps: For every cell set the code here of every code there.
  ///   - xColumns: Of every column of [y X] there the column here.
  mutating func addPatterns(of other: CrossProducts, _ maps: [[Int32]], _ xColumns: [Int]) {
    guard let residual = specification.residual, !other.patterns.isEmpty else { return }
    func codes(_ set: Int) -> [Int] { maps[set].map { Int($0) } }
    let (visits, arms) = (codes(residual.visitCells), residual.armCells.map(codes))
    var places = Dictionary(uniqueKeysWithValues: patterns.enumerated().map { ($1.key, $0) })
    for theirs in other.patterns {
      let moved = theirs.placed(visits: visits, arms: arms).movingColumns(xColumns)
      if let place = places[moved.key] {
        patterns[place].add(moved)
      } else {
        places[moved.key] = patterns.count
        patterns.append(moved)
      }
    }
  }
}

extension VisitPattern {
  /// What tells patterns apart.
  struct Key: Hashable {
    let arm: Int
    let visits: [Int]
  }

  var key: Key { Key(arm: arm, visits: visits) }

  /// The same sums where columns of [y X] stand elsewhere.
  fileprivate func movingColumns(_ places: [Int]) -> VisitPattern {
    VisitPattern(
      arm: arm, visits: visits, subjects: subjects,
      columns: columns.map { $0.map { Int32(places[Int($0)]) } }, blocks: blocks)
  }

  /// Adds the sums over other subjects of the same pattern, whose rows may have entries in other columns.
  fileprivate mutating func add(_ other: VisitPattern) {
    let m = visits.count
    var (columns, blocks) = (columns, blocks)
    // Of every visit where the other's columns stand among those of both.
    let places = (0..<m).map { s in
      var known = Dictionary(uniqueKeysWithValues: columns[s].enumerated().map { ($1, $0) })
      return other.columns[s].map { column in
        if let place = known[column] { return place }
        known[column] = columns[s].count
        columns[s].append(column)
        return columns[s].count - 1
      }
    }
    for s in 0..<m {
      for t in s..<m {
        let k = Self.pair(s, t, of: m)
        let (from, to) = (
          (self.columns[s].count, self.columns[t].count), (columns[s].count, columns[t].count)
        )
        if from != to { blocks[k] = restrided(blocks[k], rows: 1, from: from, to: to) }
        let theirs = other.blocks[k]
        var next = 0
        for a in places[s] {
          for b in places[t] {
            blocks[k][a * to.1 + b] += theirs[next]
            next += 1
          }
        }
      }
    }
    self = VisitPattern(
      arm: arm, visits: visits, subjects: subjects + other.subjects, columns: columns, blocks: blocks)
  }

  /// The sums of other columns, which are combinations of those of the same cells: of A^st
  /// Q_s A^st Q_tᵀ.
  ///
  /// - Parameter Q: New columns of [y X] by old ones.
  func transformed(by Q: DenseMatrix) -> VisitPattern {
    let m = visits.count
    let own = columns.map { columns in
      let places = columns.map { Int($0) }
      return Q.submatrix(rows: places, columns: places)
    }
    let blocks = (0..<m).flatMap { s in
      (s..<m).map { t in
        let (rows, width) = (columns[s].count, columns[t].count)
        // Rows of a block are columns of what a matrix stores.
        let turned = DenseMatrix(rows: width, columns: rows, storage: block(s, t))
        return ((own[t] * turned).multipliedByTransposeOnRight(own[s])).storage
      }
    }
    return VisitPattern(
      arm: arm, visits: visits, subjects: subjects, columns: columns, blocks: blocks)
  }
}
