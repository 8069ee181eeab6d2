// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// lmerTest 3.1.3's anova(type = 2, 3) and drop1 with pbkrtest 0.5.2's degrees of freedom, of models
/// that lme4 1.1-31 fitted to `UnbalancedTable` (bobyqa, rhoend = 1e-10).
struct LmerTestTable: Sendable, CustomTestStringConvertible {
  let formula: String
  /// nil: drop1.
  let type: TypeOfHypothesis?
  let sum: Bool
  let missingCell: Bool
  let rows: [(name: String, df: Int, sumOfSquares: Double, denominator: Double, F: Double)]

  init(
    _ formula: String, type: TypeOfHypothesis?, sum: Bool = false, missingCell: Bool = false,
    rows: [(String, Int, Double, Double, Double)]
  ) {
    (self.formula, self.type, self.sum, self.missingCell) = (formula, type, sum, missingCell)
    self.rows = rows.map { (name: $0.0, df: $0.1, sumOfSquares: $0.2, denominator: $0.3, F: $0.4) }
  }

  var testDescription: String {
    "\(formula), \(type.map { "\($0)" } ?? "drop1")\(sum ? ", sum" : "")\(missingCell ? ", missing cell" : "")"
  }

  func fitted() throws -> FittedModel {
    var options = FitOptions()
    if sum { options.contrasts = ["a": .sum, "b": .sum] }
    return try FittedModel(
      Formula(formula),
      data: [missingCell ? UnbalancedTable.withoutCell : UnbalancedTable.source()],
      options: options)
  }

  static let all: [LmerTestTable] = [
    LmerTestTable(
      "y ~ a * b + x + (1 | g)", type: .marginality,
      rows: [
        ("a", 2, 11871.01996, 134.7983809, 41.63760892),
        ("b", 1, 19363.92522, 131.2100804, 135.839377),
        ("x", 1, 20029.17709, 132.4326663, 140.5061685),
        ("a:b", 2, 1060.473101, 137.4380896, 3.719542881),
      ]),
    LmerTestTable(
      "y ~ a * b + x + (1 | g)", type: .marginalMeans,
      rows: [
        ("a", 2, 10458.78044, 134.8661731, 36.68425451),
        ("b", 1, 17948.56928, 133.8509405, 125.9105498),
        ("x", 1, 20029.17709, 132.4326663, 140.5061685),
        ("a:b", 2, 1060.473101, 137.4380896, 3.719542881),
      ]),
    LmerTestTable(
      "y ~ a * b + x + (1 | g)", type: nil,
      rows: [
        ("x", 1, 20029.17709, 132.4326663, 140.5061685),
        ("a:b", 2, 1060.473101, 137.4380896, 3.719542881),
      ]),
    LmerTestTable(
      "y ~ x * a * b + (1 | g)", type: .marginality,
      rows: [
        ("x", 1, 20338.12801, 127.0992732, 197.0591956),
        ("a", 2, 4210.662546, 129.5297858, 20.39867572),
        ("b", 1, 0.1652095201, 136.0522187, 0.001600740006),
        ("x:a", 2, 369.3808196, 129.3378861, 1.789486218),
        ("x:b", 1, 4969.136978, 137.3087977, 48.14671908),
        ("a:b", 2, 187.1548157, 131.4607515, 0.9066819037),
        ("x:a:b", 2, 35.38034715, 130.5218962, 0.1714027577),
      ]),
    LmerTestTable(
      "y ~ x * a * b + (1 | g)", type: .marginalMeans,
      rows: [
        ("x", 1, 13220.16028, 133.0515474, 128.0921307),
        ("a", 2, 2460.540747, 130.3466911, 11.92008658),
        ("b", 1, 0.7021708771, 135.3433742, 0.006803439734),
        ("x:a", 2, 126.7622956, 130.7865361, 0.6141037065),
        ("x:b", 1, 3692.636576, 135.8800023, 35.77851378),
        ("a:b", 2, 187.1548157, 131.4607515, 0.9066819037),
        ("x:a:b", 2, 35.38034715, 130.5218962, 0.1714027577),
      ]),
    LmerTestTable(
      "y ~ x * a * b + (1 | g)", type: nil,
      rows: [
        ("x:a:b", 2, 35.38034715, 130.5218962, 0.1714027577)
      ]),
    LmerTestTable(
      "y ~ a * x + b + z + (1 | g)", type: .marginality,
      rows: [
        ("a", 2, 4705.821164, 134.6209016, 15.96111897),
        ("x", 1, 19868.03047, 131.3794326, 134.777327),
        ("b", 1, 19167.44237, 130.2634378, 130.024798),
        ("z", 1, 2.14950274, 139.2824403, 0.01458142689),
        ("a:x", 2, 547.8290061, 134.5635806, 1.858123001),
      ]),
    LmerTestTable(
      "y ~ a * x + b + z + (1 | g)", type: .marginalMeans,
      rows: [
        ("a", 2, 4705.821164, 134.6209016, 15.96111897),
        ("x", 1, 10405.92513, 132.4709301, 70.58992468),
        ("b", 1, 19167.44237, 130.2634378, 130.024798),
        ("z", 1, 2.14950274, 139.2824403, 0.01458142689),
        ("a:x", 2, 547.8290061, 134.5635806, 1.858123001),
      ]),
    LmerTestTable(
      "y ~ a * x + b + z + (1 | g)", type: nil,
      rows: [
        ("b", 1, 19167.44237, 130.2634378, 130.024798),
        ("z", 1, 2.14950274, 139.2824403, 0.01458142689),
        ("a:x", 2, 547.8290061, 134.5635806, 1.858123001),
      ]),
    LmerTestTable(
      "y ~ a * b + x + (1 | g)", type: .marginality, missingCell: true,
      rows: [
        ("a", 2, 7030.316836, 131.1737857, 24.60419463),
        ("b", 1, 13857.0401, 128.3113237, 96.99477655),
        ("x", 1, 18933.65971, 127.5126123, 132.5294637),
        ("a:b", 1, 399.9530991, 129.2989757, 2.799541691),
      ]),
    LmerTestTable(
      "y ~ a * b + x + (1 | g)", type: .marginalMeans, missingCell: true,
      rows: [
        ("a", 2, 5298.66474, 131.4052188, 18.54395198),
        ("b", 1, 14183.06324, 128.3563753, 99.27683255),
        ("x", 1, 18933.65971, 127.5126123, 132.5294637),
        ("a:b", 1, 399.9530991, 129.2989757, 2.799541691),
      ]),
    LmerTestTable(
      "y ~ a * b + x + (1 | g)", type: nil, missingCell: true,
      rows: [
        ("x", 1, 18933.65971, 127.5126123, 132.5294637),
        ("a:b", 1, 399.9530991, 129.2989757, 2.799541691),
      ]),
    LmerTestTable(
      "y ~ a * b * x + (1 | g)", type: .marginality, sum: true,
      rows: [
        ("a", 2, 4210.662555, 129.5297861, 20.3986756),
        ("b", 1, 0.1652096712, 136.0522193, 0.001600741456),
        ("x", 1, 20338.12801, 127.0992733, 197.059194),
        ("a:b", 2, 187.1548165, 131.460752, 0.9066819003),
        ("a:x", 2, 369.3808223, 129.3378864, 1.789486216),
        ("b:x", 1, 4969.13697, 137.3087981, 48.1467186),
        ("a:b:x", 2, 35.38034732, 130.5218966, 0.1714027571),
      ]),
    LmerTestTable(
      "y ~ a * b * x + (1 | g)", type: .marginalMeans, sum: true,
      rows: [
        ("a", 2, 2460.540756, 130.3466915, 11.92008652),
        ("b", 1, 0.7021711758, 135.3433748, 0.006803442572),
        ("x", 1, 13220.16028, 133.0515479, 128.0921296),
        ("a:b", 2, 187.1548165, 131.460752, 0.9066819003),
        ("a:x", 2, 126.7622964, 130.7865365, 0.6141037054),
        ("b:x", 1, 3692.636567, 135.8800029, 35.7785134),
        ("a:b:x", 2, 35.38034732, 130.5218966, 0.1714027571),
      ]),
    LmerTestTable(
      "y ~ a * b * x + (1 | g)", type: nil, sum: true,
      rows: [
        ("a:b:x", 2, 35.38034732, 130.5218966, 0.1714027571)
      ]),
  ]
}
