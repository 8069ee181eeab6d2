// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport

/// The rows of sleepstudy with a column t of times at unequal distances, days^1.5.
enum UnequalTimes {
  static func bytes(reversed: Bool = false) throws -> [UInt8] {
    let lines = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n")
    let rows = lines.dropFirst().map { line -> String in
      let cells = line.split(separator: ",")
      let day = cells.compactMap { Double($0) }[1]
      return "\(line),\(pow(day, 1.5))"
    }
    let all = ["\(lines[0]),t"] + (reversed ? Array(rows.reversed()) : rows)
    return Array((all.joined(separator: "\n") + "\n").utf8)
  }
}
