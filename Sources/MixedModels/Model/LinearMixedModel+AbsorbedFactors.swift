// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension LinearMixedModel {
  /// - Parameter what: What cannot be had beside absorbed factors, with its verb.
  /// - Throws: `InferenceError` where there are some.
  func requireNoAbsorbedFactors(_ what: String) throws(InferenceError) {
    guard let factors = fixedLevels?.factors.map(\.name) else { return }
    let (names, first) = (factors.joined(separator: ", "), factors[0])
    if fixedLevels?.reported != nil {
      throw .refused(
        "\(what) not computed beside factors that are kept as sparse columns (\(names)). Fit with \(Setting.sparseFixed("none")), where there are not too many levels for it, or take \(first) as a random term, (1 | \(first))."
      )
    }
    throw .refused(
      "\(what) not computed beside absorbed factors (\(names)). Write a factor with few levels as a fixed effect, y ~ x + \(first), or one with many as a random term, (1 | \(first))."
    )
  }
}
