// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies
import Testing

struct CrossedWorkloadTests {
  /// The levels of a table's factors, row after row.
  private func levels(
    _ workload: String, rows: Int, levels: [String: Int], threads: Int = 2
  ) throws -> [[Int]] {
    var design = try SimulationDesign(workload: workload)
    try design.setRows(rows)
    for (factor, count) in levels { try design.setLevels(count, of: factor) }
    var bytes: [UInt8] = []
    try Simulation(design, seed: 1).writeCSV(threads: threads) { bytes += $0 }
    let count = design.levels.count
    return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map {
      try $0.split(separator: ",").suffix(count).map { try #require(Int($0)) }
    }
  }

  private func sizes(_ rows: [[Int]], factor: Int) -> [Int] {
    Dictionary(grouping: rows) { $0[factor] }.values.map(\.count).sorted()
  }

  @Test func `movies are rated by users with twenty ratings or more each`() throws {
    let rows = try levels("movies1m", rows: 100_000, levels: ["user": 780, "movie": 1200])
    let users = rows.map { $0[0] }
    #expect(zip(users, users.dropFirst()).allSatisfy(<=))
    let ratings = sizes(rows, factor: 0)
    #expect(ratings.count == 780 && (20...25).contains(ratings[0]) && ratings[779] > 500)
    let movies = sizes(rows, factor: 1)
    #expect(movies.count == 1200)
    // Half of the movies share a small part of the ratings; none has more than `most` medians.
    #expect((2...8).contains(movies[600]))
    #expect(movies[1199] > 300 * movies[600] && movies[1199] < 100_000 / 10)
  }

  @Test func `one worker in twenty moves, to a firm nearby`() throws {
    let rows = try levels("labour1m", rows: 100_000, levels: ["worker": 20_000, "firm": 2000])
    var firms: [Int: Set<Int>] = [:]
    for row in rows { firms[row[0], default: []].insert(row[1]) }
    #expect(firms.values.allSatisfy { $0.count <= 2 })
    let movers = firms.values.filter { $0.count == 2 }
    // A mover with few rows may be seen in one firm only.
    let share = Double(movers.count) / Double(firms.count)
    #expect((0.03...0.05).contains(share))
    for pair in movers.map({ $0.sorted() }) {
      let step = (pair[1] - pair[0])
      #expect(min(step, 2000 - step) <= 10)
    }
  }

  @Test(arguments: [
    ("movies1m", ["user": 780, "movie": 1200]), ("labour1m", ["worker": 5000, "firm": 500]),
  ])
  func `the table does not depend on the threads`(
    workload: String, counts: [String: Int]
  ) throws {
    let once = try levels(workload, rows: 30_001, levels: counts, threads: 1)
    #expect(try levels(workload, rows: 30_001, levels: counts, threads: 5) == once)
  }
}
