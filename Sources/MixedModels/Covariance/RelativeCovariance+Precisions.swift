// SPDX-License-Identifier: GPL-2.0-or-later

extension RelativeCovariance {
  /// Q at φ of every group whose levels are correlated by parameters.
  func precisions(_ φ: [Double]) -> [Int: SparsePrecision] {
    guard hasLevelParameters else { return [:] }
    var precisions: [Int: SparsePrecision] = [:]
    for (block, range) in zip(blocks, blockRanges) {
      guard let structure = block.structure else { continue }
      precisions[block.group] = structure.precision(structure.values(φ[range]))
    }
    return precisions
  }

  /// Whether some levels are correlated by parameters.
  package var hasLevelParameters: Bool { blocks.contains { $0.structure?.hasLevelParameters == true } }

  /// - Throws: `FitError` where correlations of levels are so near to 1 that Q has no digits.
  func checkPrecisions(_ φ: [Double]) throws(FitError) {
    for (block, range) in zip(blocks, blockRanges) {
      if let structure = block.structure { try structure.check(structure.values(φ[range])) }
    }
  }

  /// - Throws: `FitError` where a search that has ended here went towards no minimum.
  func checkEnd(_ φ: [Double]) throws(FitError) {
    for (block, range) in zip(blocks, blockRanges) {
      if let structure = block.structure { try structure.checkEnd(structure.values(φ[range])) }
    }
    try residual?.checkEnd(residualCoordinates(φ))
  }
}
