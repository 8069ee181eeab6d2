// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Reports
import TestSupport
import Testing

@Suite struct HexagonalCountsTests {
  @Test func fewPointsAreKept() {
    var counts = HexagonalCounts()
    for k in 0..<100 { counts.add(Double(k), Double(k * k)) }
    #expect(!counts.isDense && counts.points.count == 100 && counts.cells.isEmpty)
  }

  @Test func manyPointsAreCountedInBoundedMemory() {
    var random = SplitMix64(seed: 4)
    var counts = HexagonalCounts()
    for _ in 0..<200_000 { counts.add(random.normal(), 1e6 + 1e-3 * random.normal()) }
    #expect(counts.isDense && counts.points.count <= HexagonalCounts.pointLimit)
    #expect(counts.cells.reduce(0) { $0 + $1.count } == 200_000)
    #expect(counts.cells.count < 4000 && counts.cells.count > 300)
    // The fullest cell is near the middle.
    let fullest = counts.cells.max { $0.count < $1.count }!
    #expect(abs(fullest.x) < 0.5 && abs(fullest.y - 1e6) < 5e-4)
  }

  /// Sorted files begin with what is not typical.
  @Test func aNarrowBeginningDoesNotMakeManyCells() {
    var counts = HexagonalCounts()
    for k in 0..<500_000 { counts.add(Double(k) * 1e-6, Double(k % 1000)) }
    counts.add(1e30, -1e30)
    counts.add(.nan, 1)
    counts.add(.infinity, 1)
    #expect(counts.cells.count <= 4000)
    #expect(counts.total == 500_001)
    #expect(counts.cells.reduce(0) { $0 + $1.count } == 500_001)
  }

  @Test func equalPointsAreOneCell() {
    var counts = HexagonalCounts()
    for _ in 0..<5000 { counts.add(3, 0) }
    #expect(counts.cells.count == 1 && counts.cells[0].count == 5000)
  }

  /// Every point lies in the outline of the cell that counts it.
  @Test func cellsTileThePlane() {
    var counts = HexagonalCounts()
    var random = SplitMix64(seed: 9)
    for _ in 0..<3001 { counts.add(random.uniform(), random.uniform()) }
    for cell in counts.cells {
      let outline = counts.outline(cell.x, cell.y)
      #expect(outline.first == outline.last && outline.count == 7)
    }
    for point in counts.points.prefix(500) {
      let inside = counts.cells.filter { cell in
        let outline = counts.outline(cell.x, cell.y)
        return zip(outline, outline.dropFirst()).allSatisfy { a, b in
          (b[0] - a[0]) * (point.y - a[1]) - (b[1] - a[1]) * (point.x - a[0]) <= 1e-12
        }
      }
      #expect(!inside.isEmpty, "\(point)")
    }
  }
}
