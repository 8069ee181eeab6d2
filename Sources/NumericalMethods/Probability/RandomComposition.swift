// SPDX-License-Identifier: GPL-2.0-or-later

/// Running totals of a random split of `total` items into `parts`: part k has
/// `starts[k]..<starts[k + 1]`.
///
/// The sizes are multinomial with Gamma(`shape`) weights: `total` stars and `parts` × `shape` − 1
/// bars in uniformly random order, every `shape` cells one part. Its size has the coefficient of
/// variation (total / parts ≫ 1) 1/√shape. The order is drawn by selection sampling (Knuth, TAOCP
/// 2, 3.4.2 S).
/// - Returns: `parts` + 1 numbers, from 0 to `total`.
package func randomComposition(
  of total: Int, parts: Int, shape: Int, from stream: inout RandomStream
) -> [Int] {
  var starts = [0]
  starts.reserveCapacity(parts + 1)
  var (stars, bars) = (total, parts * shape - 1)
  var cell = 0
  while bars > 0 {
    if stream.uniform() * Double(stars + bars) < Double(bars) {
      bars -= 1
      cell += 1
      if cell % shape == 0 { starts.append(total - stars) }
    } else {
      stars -= 1
    }
  }
  starts.append(total)
  return starts
}
