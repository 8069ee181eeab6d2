// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Cluster-robust covariances at θ by dense matrices in R: with V = W⁻¹ + ZΛΛᵀZᵀ, H = XMXᵀV⁻¹ and A of
/// each cluster I (CR0), √(m/(m−1)) I (CR1), the principal (I − H)^−½ by `eigen` (CR2) and
/// `solve(I − H)` (CR3), s.e., Satterthwaite's df and HTZ from the n × m vectors of the quadratic forms.
///
/// Those without weights were held against clubSandwich 0.5.8, `vcovCR`, `coef_test(test =
/// "Satterthwaite")` and `Wald_test(test = "HTZ")`: CR0, CR1 and CR3 differ by less than 2e-14 of their
/// size (lme4 1.1-31).
struct ClusterRobustReference: Sendable {
  let name: String
  let formula: String
  let clusters: String
  let theta: [Double]
  var isML = false
  var weights: String?
  var offset: String?
  /// Rows of the joint hypothesis: coefficients that are zero, by their places.
  let joint: [Int]
  let expected: [String: Expected]

  struct Expected: Sendable {
    let errors: [Double]
    let df: [Double]
    /// F, its denominator and p.
    let joint: [Double]
  }

  /// `UnbalancedTable` with clusters s of two levels of g.
  static let source: ColumnTable = {
    let rows = UnbalancedTable.rows
    func numbers(_ value: (UnbalancedTable.Row) -> Int) -> ColumnTable.Column {
      .numbers(rows.map { Double(value($0)) })
    }
    return try! ColumnTable(
      [
        "g": numbers(\.g), "s": .labels(rows.map { "s\($0.g / 2)" }), "a": .labels(rows.map(\.a)),
        "b": .labels(rows.map(\.b)), "x": numbers(\.x), "y": numbers(\.y), "w": numbers(\.w),
        "h": numbers(\.h),
      ], name: "clusters.csv")
  }()

  static let all = [
    ClusterRobustReference(
      name: "slopes", formula: "y ~ a + x + b + (x | g)", clusters: "g",
      theta: [0.18267901333375916, -0.0016853336119730775, 0.0089924436224277406], joint: [1, 2],
      expected: [
        "CR0": Expected(
          errors: [2.18550720490039, 2.28334875253546, 2.63054781196547, 0.0444978750344706, 3.35137346710514],
          df: [10.9448878734016, 11.8134851296832, 8.18442582518807, 11.9215597483126, 11.8449601476613],
          joint: [58.8052803998649, 9.14761328381623, 6.00109502565415e-06]),
        "CR1": Expected(
          errors: [2.2747480200147, 2.37658473153823, 2.73796097006928, 0.0463148567538751, 3.48822009899285],
          df: [10.9448878734016, 11.8134851296832, 8.18442582518807, 11.9215597483126, 11.8449601476613],
          joint: [54.281797292183, 9.14761328381624, 8.42007001557479e-06]),
        "CR2": Expected(
          errors: [2.31990625711085, 2.39867411054746, 2.8299334463906, 0.0470453614220447, 3.53153142963954],
          df: [10.8028221244069, 11.7802182746609, 7.92706616461064, 11.9155792387074, 11.8331221392013],
          joint: [50.6436065475102, 9.02618574189719, 1.24081898026993e-05]),
        "CR3": Expected(
          errors: [2.46886545991961, 2.52131607152687, 3.0559390118437, 0.0497968362141412, 3.72677743238125],
          df: [10.6554840035625, 11.7444550917229, 7.65250437822879, 11.9053935374224, 11.8035407743717],
          joint: [43.358770018594, 8.89105710877212, 2.59563553286376e-05]),
      ]),
    ClusterRobustReference(
      name: "nested", formula: "y ~ a + x + (1 | s) + (1 | g)", clusters: "s", theta: [0.3, 0.5],
      joint: [1, 2],
      expected: [
        "CR0": Expected(
          errors: [3.26440443879349, 2.15852181192755, 5.45516534080508, 0.0834604266143809],
          df: [5.93221721971729, 5.77206916490922, 5.45961194301297, 5.78018936950848],
          joint: [22.6627873575864, 4.63307883647742, 0.00405148918478043]),
        "CR1": Expected(
          errors: [3.52595978375871, 2.33147002582666, 5.89225200678325, 0.0901475639110502],
          df: [5.93221721971729, 5.77206916490922, 5.45961194301297, 5.78018936950848],
          joint: [19.4252463065026, 4.63307883647741, 0.00558815524889097]),
        "CR2": Expected(
          errors: [3.56834921498507, 2.37417527510548, 5.97562776005784, 0.0918567163237829],
          df: [5.90757421051737, 5.7284839134592, 5.24382946417228, 5.73093043560336],
          joint: [19.2889997583459, 4.51713423856765, 0.00613177438311897]),
        "CR3": Expected(
          errors: [3.90682916013591, 2.61546867762805, 6.58630488885762, 0.101202470711713],
          df: [5.8794561002287, 5.68370969677249, 4.98309773593506, 5.68184289884252],
          joint: [16.2656243984857, 4.37924846518482, 0.00939625271264204]),
      ]),
    ClusterRobustReference(
      name: "weights and offset", formula: "y ~ a + x + (x | g)", clusters: "s",
      theta: [0.28999886008197334, -0.0077993349944217557, 0.002578990366986892], isML: true,
      weights: "w", offset: "h", joint: [1, 2, 3],
      expected: [
        "CR0": Expected(
          errors: [3.78084521653721, 2.01721659514485, 6.0557007157977, 0.0931115159176282],
          df: [5.86793373175048, 5.77653720496139, 5.41768644583561, 5.75360547567113],
          joint: [17.8205597558073, 3.65989551789907, 0.0116498569474119]),
        "CR1": Expected(
          errors: [4.08377957819889, 2.17884294760982, 6.54090434770796, 0.100571931782971],
          df: [5.86793373175048, 5.77653720496139, 5.41768644583561, 5.75360547567113],
          joint: [15.2747655049776, 3.65989551789907, 0.0150983513577325]),
        "CR2": Expected(
          errors: [4.12131307879329, 2.20208599260803, 6.7598331698583, 0.102112645537096],
          df: [5.82862168883135, 5.74171585283362, 5.27032459242539, 5.70356758557816],
          joint: [15.2332946921945, 3.59091453891174, 0.0159769887316179]),
        "CR3": Expected(
          errors: [4.49562306810923, 2.40524846116264, 7.5708024523451, 0.112045817904626],
          df: [5.7855981223235, 5.70757419022065, 5.11103593223323, 5.65307792770722],
          joint: [12.9892002698857, 3.51914186703657, 0.0217754183299621]),
      ]),
  ]
}
