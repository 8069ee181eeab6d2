// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc

extension RandomStream {
  /// A χ² number with so many degrees of freedom, at least 1: twice a gamma number of shape k/2
  /// (Marsaglia & Tsang 2000, ACM TOMS 26:3).
  package mutating func chiSquared(_ degreesOfFreedom: Int) -> Double {
    precondition(degreesOfFreedom > 0)
    var normal = [0.0]
    if degreesOfFreedom == 1 {
      fillNormal(&normal)
      return normal[0] * normal[0]
    }
    let d = Double(degreesOfFreedom) / 2 - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      fillNormal(&normal)
      let (x, root) = (normal[0], 1 + c * normal[0])
      guard root > 0 else { continue }
      let v = root * root * root
      if log(uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return 2 * d * v }
    }
  }
}
