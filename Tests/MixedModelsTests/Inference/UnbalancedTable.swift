// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// 150 rows made by integer arithmetic, so that R and Swift have the same: grouping factor g of 13
/// levels, factors a (p, q, r) and b (u, v) with cells of 6 to 50 rows, covariates x and z.
///
/// In R, with i = 0:149:
///
///     g <- (i*7) %% 13
///     a <- c("p","q","r","p","q")[((i*11) %/% 7 + i %/% 10) %% 5 + 1]
///     b <- c("u","v","u")[((i %/% 4)*5 + i) %% 3 + 1]
///     x <- (i*37) %% 101; z <- (i*i*11) %% 59
///     y <- 10*(a=="q") + 25*(a=="r") + 6*(b=="v") + ifelse(b=="v",3,1)*(x %/% 4) +
///       2*(a=="r")*(x %/% 20) - 9*(a=="q")*(b=="v") + (g*g*17) %% 23 + (i*i*53+i*19) %% 31
///     w <- 1 + i %% 4; h <- (i*i + i %/% 7) %% 8
enum UnbalancedTable {
  struct Row {
    let g, x, z, y, w, h: Int
    let a, b: String
  }

  static let rows: [Row] = (0..<150).map { i in
    let g = (i * 7) % 13
    let a = ["p", "q", "r", "p", "q"][((i * 11) / 7 + i / 10) % 5]
    let b = ["u", "v", "u"][((i / 4) * 5 + i) % 3]
    let (x, z) = ((i * 37) % 101, (i * i * 11) % 59)
    var y = a == "q" ? 10 : a == "r" ? 25 : 0
    y += b == "v" ? 6 + 3 * (x / 4) : x / 4
    if a == "r" { y += 2 * (x / 20) }
    if a == "q", b == "v" { y -= 9 }
    y += (g * g * 17) % 23 + (i * i * 53 + i * 19) % 31
    return Row(
      g: g, x: x, z: z, y: y, w: 1 + i % 4, h: (i * i + i / 7) % 8, a: a, b: b)
  }

  static func source(where isWanted: (Row) -> Bool = { _ in true }) -> ColumnTable {
    let rows = rows.filter(isWanted)
    func numbers(_ value: (Row) -> Int) -> ColumnTable.Column {
      .numbers(rows.map { Double(value($0)) })
    }
    return try! ColumnTable(
      [
        "g": numbers(\.g), "a": .labels(rows.map(\.a)), "b": .labels(rows.map(\.b)),
        "x": numbers(\.x), "z": numbers(\.z), "y": numbers(\.y), "w": numbers(\.w),
        "h": numbers(\.h),
      ], name: "unbalanced.csv")
  }

  static let withoutCell = source { $0.a != "r" || $0.b != "v" }
}
