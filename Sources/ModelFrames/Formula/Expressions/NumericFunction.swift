// SPDX-License-Identifier: GPL-2.0-or-later

/// Functions of one number, by R's names.
///
/// `log` may have a base as well.
enum NumericFunction: String, CaseIterable {
  case log, exp, sqrt, abs, log2, log10, log1p, expm1
  case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh
  case floor, ceiling, trunc, round, sign
  case asNumeric = "as.numeric"

  /// Every function a formula may use, for the hint at a misspelt one.
  static let allNames =
    allCases.map(\.rawValue) + [
      "I", "poly", "scale", "factor", "as.factor", "relevel", "offset", "ns", "bs",
      "center",
    ] + GroupMean.functions

  /// What to do instead of functions people know from R.
  static var hints: [String: String] {
    [
      "ordered": "Use factor() and the option \(Setting.contrasts(.polynomial)).",
      "interaction": "Write a:b.",
      "cut": "Add the binned column to the data.",
      "ifelse": "Use comparisons: I((x > 0) * a + (x <= 0) * b).",
      "is.na": "Rows with missing values are omitted.",
      "cbind": "There is one response.",
      "c": "It can only follow %in%.",
      "s": "Use ns(), bs() or poly().",
      "as.integer": "Use trunc().",
      "as.character": "Use factor().",
      "as.logical": "Write a comparison, such as I(x != 0).",
      "C": "A factor is written factor(x); for its coding use the option \(Setting.contrasts()).",
      "zerocorr": "Without correlations, a random term has two bars: (x || group).",
      "fulldummy": "All levels of a factor have columns where there is no intercept: (0 + f | group).",
      "contrasts": "Use the option \(Setting.contrasts()).",
    ]
  }
}
