// SPDX-License-Identifier: GPL-2.0-or-later

extension RandomEffectsOperator {
  func rows(of group: Int) -> Range<Int> { starts[group]..<starts[group + 1] }

  /// E_ρv.
  func pattern(_ ρ: CovarianceParameter, _ v: [Double], width: Int) -> [Double] {
    var result = [Double](repeating: 0, count: v.count)
    for row in stride(
      from: rows(of: ρ.group).lowerBound, to: rows(of: ρ.group).upperBound, by: size(ρ.group))
    {
      let (i, j) = ((row + ρ.i) * width, (row + ρ.j) * width)
      for c in 0..<width {
        result[i + c] = v[j + c]
        result[j + c] = v[i + c]
      }
    }
    return result
  }

  /// aᵀb, width × width.
  func gram(_ a: [Double], _ b: [Double], width: Int) -> [Double] {
    var result = [Double](repeating: 0, count: width * width)
    for row in 0..<count {
      for j in 0..<width {
        let value = b[row * width + j]
        guard value != 0 else { continue }
        for i in 0..<width { result[j * width + i] += a[row * width + i] * value }
      }
    }
    return result
  }

  /// aᵀb of every vector.
  func inner(_ a: [Double], _ b: [Double], width: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<count {
      for c in 0..<width { sums[c] += a[row * width + c] * b[row * width + c] }
    }
    return sums
  }

  /// ZᵀWX.
  func fixedProducts(_ model: LinearMixedModel) -> [Double] {
    let p = model.fixedEffectCount
    var C = [Double](repeating: 0, count: count * p)
    for (g, group) in model.groups.enumerated() {
      let ℓ = group.size
      for level in 0..<group.levelCount {
        for c in 0..<p {
          for i in 0..<ℓ {
            C[(starts[g] + level * ℓ + i) * p + c] = group.zx[(level * (p + 1) + c) * ℓ + i]
          }
        }
      }
    }
    return C
  }
}
