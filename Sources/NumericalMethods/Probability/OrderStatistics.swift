// SPDX-License-Identifier: GPL-2.0-or-later
internal import COrderStatistic

/// The k-th smallest of many values for some k, without sorting where they are few.
package struct OrderStatistics {
  private let found: [Double]
  /// From so many places on a sort takes no longer.
  private static let manyPlaces = 24

  /// - Parameters:
  ///   - values: None of them NaN.
  ///   - places: k from 0, in any order, of which `self[i]` is the value at the i-th.
  package init(_ values: [Double], places: [Int]) {
    var values = values
    if places.count >= Self.manyPlaces {
      values.sort()
    } else {
      values.withUnsafeMutableBufferPointer { values in
        var first = 0
        for place in Set(places).sorted() {
          // Nothing up to the place found last is greater.
          order_statistic(values.baseAddress! + first, values.count - first, place - first)
          first = place + 1
        }
      }
    }
    found = places.map { values[$0] }
  }

  package subscript(_ k: Int) -> Double { found[k] }
}
