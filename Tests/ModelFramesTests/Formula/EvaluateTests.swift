// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct EvaluateTests {
  private static let columns: [String: ColumnValues] = [
    "x": .numbers([-1.5, 0, 2, .nan]),
    "z": .numbers([3, -2, 0.5, 4]),
    "f": .labels(codes: [0, 1, 0, -1], labels: ["b", "2"]),
    "g": .labels(codes: [1, 0, 1, 0], labels: ["2", "b"]),
    "l": .labels(codes: [0, 1, 1, -1], labels: ["TRUE", "FALSE"]),
  ]

  private func values(_ text: String) throws -> [Double] {
    let formula = try Formula("\(text) ~ 1")
    return try evaluate(formula.response, count: 4) { Self.columns[$0]! }
  }

  /// Values of R 4.2.2, with `x <- c(-1.5, 0, 2, NA)`, `z <- c(3, -2, 0.5, 4)`,
  /// `f <- c("b", "2", "b", NA)`, `g <- c("b", "2", "b", "2")`, `l <- c(TRUE, FALSE, FALSE, NA)`.
  static let golden: [(text: String, values: [Double])] = [
    ("x", [-1.5, 0, 2, .nan]),
    ("I(-x^2)", [-2.25, 0, -4, .nan]),
    ("I((-x)^2)", [2.25, 0, 4, .nan]),
    ("I(2^z^2)", [512, 16, 1.189207115002721, 65536]),
    ("I(x^0)", [1, 1, 1, 1]),
    ("I(1^x)", [1, 1, 1, 1]),
    ("I(z^-1)", [1.0 / 3, -0.5, 2, 0.25]),
    ("I(z %% 2)", [1, 0, 0.5, 0]),
    ("I(z %% -0.75)", [0, -0.5, -0.25, -0.5]),
    ("I(z %/% 2)", [1, -1, 0, 2]),
    ("I(1 %/% (z / 30))", [9, -16, 60, 7]),
    ("I((-2)^(1 / x))", [.nan, .nan, .nan, .nan]),
    ("I(z %% 0)", [.nan, .nan, .nan, .nan]),
    ("I(x %% Inf)", [.infinity, 0, 2, .nan]),
    ("log(x)", [.nan, -.infinity, 0.6931471805599453, .nan]),
    ("log(z, 2)", [1.584962500721156, .nan, -1, 2]),
    ("log(base = 3, z)", [1, .nan, -0.6309297535714574, 1.261859507142915]),
    ("log10(z)", [0.4771212547196624, .nan, -0.3010299956639812, 0.6020599913279624]),
    ("log1p(x)", [.nan, 0, 1.09861228866811, .nan]),
    ("expm1(x)", [-0.7768698398515702, 0, 6.38905609893065, .nan]),
    ("exp(x)", [0.2231301601484298, 1, 7.38905609893065, .nan]),
    ("sqrt(z)", [1.732050807568877, .nan, 0.7071067811865476, 2]),
    ("abs(x)", [1.5, 0, 2, .nan]),
    ("round(x)", [-2, 0, 2, .nan]),
    ("round(z)", [3, -2, 0, 4]),
    ("trunc(x)", [-1, 0, 2, .nan]),
    ("floor(x)", [-2, 0, 2, .nan]),
    ("ceiling(x)", [-1, 0, 2, .nan]),
    ("sign(x)", [-1, 0, 1, .nan]),
    ("sin(pi * z)", [0, 0, 1, 0]),
    ("I(x / z - 1)", [-1.5, -1, 3, .nan]),
    ("I(1 / x)", [-0.6666666666666666, .infinity, 0.5, .nan]),
    ("I(x > 0)", [0, 0, 1, .nan]),
    ("I(x >= 0 & z > 0)", [0, 0, 1, .nan]),
    ("I(x < 0 | z > 0)", [1, 0, 1, 1]),
    ("I(x > 0 & z < 0)", [0, 0, 0, 0]),
    ("I(!x)", [0, 1, 0, .nan]),
    ("I(!x > 0)", [1, 1, 0, .nan]),
    ("I((x > 0) * z)", [0, 0, 0.5, .nan]),
    ("I(f == 'b')", [1, 0, 1, .nan]),
    ("I('b' != f)", [0, 1, 0, .nan]),
    ("I(f == 2)", [0, 1, 0, .nan]),
    ("I(f == g)", [1, 1, 1, .nan]),
    ("I(f != g)", [0, 0, 0, .nan]),
    ("I(z == '3')", [1, 0, 0, 0]),
    ("I(f %in% c('b', 'c'))", [1, 0, 1, 0]),
    ("I(!(f %in% 'b'))", [0, 1, 0, 1]),
    ("I(z %in% c(3, -2))", [1, 1, 0, 0]),
    ("I(l + 1)", [2, 1, 1, .nan]),
    ("I(l == TRUE)", [1, 0, 0, .nan]),
    ("I(l == 'TRUE')", [1, 0, 0, .nan]),
    ("I(!l)", [0, 1, 1, .nan]),
  ]

  @Test(arguments: golden)
  func `values are R's`(_ golden: (text: String, values: [Double])) throws {
    let values = try values(golden.text)
    #expect(values.count == 4)
    for (value, expected) in zip(values, golden.values) {
      let isEqual = value == expected || (value.isNaN && expected.isNaN)
      #expect(isEqual || abs(value - expected) <= 1e-14 * max(1, abs(expected)), "\(golden.text)")
    }
  }

  @Test func `text as a number is an error with the name of the column`() throws {
    #expect(throws: EvaluationError.textAsNumber(column: "f", expression: "I(f + 1)")) {
      try values("I(f+1)")
    }
    #expect(throws: EvaluationError.textComparison(column: "f", expression: "I(f == x)")) {
      try values("I(f == x)")
    }
    #expect(throws: EvaluationError.textComparison(column: "f", expression: "I(f > 1)")) {
      try values("I(f > 1)")
    }
  }

  @Test func `a run of no rows has no values`() throws {
    let formula = try Formula("I(x * 2 + 1 > 0) ~ 1")
    #expect(try evaluate(formula.response, count: 0) { _ in .numbers([]) } == [])
  }
}
