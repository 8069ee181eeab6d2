// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Testing

struct NumberColumnTests {
  /// R 4.2.2: format(x, digits = d, nsmall = n).
  static let formatted: [(x: [Double?], digits: Int, decimals: Int, cells: [String])] = [
    ([612.1, 35.07, 654.94], 4, 0, ["612.10", " 35.07", "654.94"]),
    ([1.378e+11, 9.605e+10], 4, 0, ["1.378e+11", "9.605e+10"]),
    ([371238.2, 309912.1], 4, 0, ["371238", "309912"]),
    ([1e-5, 1], 4, 0, ["1e-05", "1e+00"]),
    ([1.234e-05, 123456], 4, 0, ["1.234e-05", "1.235e+05"]),
    ([0, 0.5], 4, 0, ["0.0", "0.5"]),
    ([1e-300, 1], 4, 0, ["1e-300", " 1e+00"]),
    ([9999.97], 4, 0, ["10000"]),
    ([9999.7, 1], 4, 0, ["10000", "    1"]),
    ([99999.5], 4, 0, ["1e+05"]),
    ([-1.5, 22], 4, 0, ["-1.5", "22.0"]),
    ([0.1 + 0.2], 7, 0, ["0.3"]),
    ([100000], 4, 0, ["1e+05"]),
    ([123456], 4, 0, ["123456"]),
    ([1234567.8], 7, 0, ["1234568"]),
    ([1e15], 7, 0, ["1e+15"]),
    ([1e-4], 4, 0, ["1e-04"]),
    ([0.0001234], 4, 0, ["0.0001234"]),
    ([0.066, 1], 4, 3, ["0.066", "1.000"]),
    ([nil, 1.25, 3], 4, 0, ["  NA", "1.25", "3.00"]),
    ([.nan, .infinity, -.infinity, 2.5], 4, 0, [" NaN", " Inf", "-Inf", " 2.5"]),
    ([0], 4, 0, ["0"]),
    ([1e10, 1], 4, 0, ["1e+10", "1e+00"]),
    ([1e100], 4, 0, ["1e+100"]),
    ([1e-300 * 1.5e-10], 4, 0, ["1.5e-310"]),
    ([3.14159, 2.71828], 7, 0, ["3.14159", "2.71828"]),
    ([0.9999999, 1], 4, 0, ["1", "1"]),
    ([12, 13.5, 1e6], 4, 0, ["1.20e+01", "1.35e+01", "1.00e+06"]),
    ([-1e-5], 4, 0, ["-1e-05"]),
    ([], 4, 0, []),
  ]

  @Test(arguments: formatted.indices)
  func `a column is formatted as R formats it`(index: Int) {
    let (x, digits, decimals, cells) = Self.formatted[index]
    #expect(NumberColumn(x, digits: digits, minimumDecimals: decimals).cells == cells)
  }

  @Test func `the largest double still prints`() {
    #expect(fixedNotation(.greatestFiniteMagnitude, decimals: 0).count == 309)
  }

  /// R 4.2.2: round(x, d).
  @Test(arguments: [
    (0.15, 1, 0.1), (2.675, 2, 2.67), (-0.5, 0, 0), (2.5, 0, 2), (1234.5678, 3, 1234.568),
    (5.015, 2, 5.02), (1e-9, 3, 0), (0.285, 2, 0.28), (1.005, 2, 1), (1e300, 2, 1e300),
  ])
  func `numbers round as R rounds them`(value: Double, decimals: Int, expected: Double) {
    #expect(rounded(value, decimals: decimals) == expected)
  }

  @Test func `what is negligible beside the largest becomes zero`() {
    // R 4.2.2: zapsmall(c(1e-20, 1, 100), 5)
    #expect(zappedSmall([1e-20, 1, 100], digits: 5) == [0, 1, 100])
  }
}
