// SPDX-License-Identifier: GPL-2.0-or-later

/// A matrix by columns with room between them that no routine may touch, and the plain loops over it.
struct PaddedMatrix {
  enum Part { case whole, lower, upper, symmetric }

  private static let padding = [1e30, -1e30, 1e30]
  let rows: Int
  let columns: Int
  var storage: [Double] = []

  /// From one column to the next.
  var stride: Int { rows + Self.padding.count }

  /// Column after column as `column` gives them.
  init(rows: Int, columns: Int, _ column: () -> [Double]) {
    (self.rows, self.columns) = (rows, columns)
    storage.reserveCapacity(stride * columns)
    for _ in 0..<columns {
      storage += column()
      storage += Self.padding
    }
  }

  var isPaddingIntact: Bool {
    (0..<columns).allSatisfy {
      storage[($0 * stride + rows)..<($0 + 1) * stride] == Self.padding[...]
    }
  }

  /// A v or Aᵀv, for A the part of the matrix; `symmetric` is made of the lower triangle.
  func times(_ v: [Double], transposed: Bool = false, _ part: Part = .whole) -> [Double] {
    var result = [Double](repeating: 0, count: transposed ? columns : rows)
    storage.withUnsafeBufferPointer { a in
      // While loops, since those over ranges take ten times as long without optimization.
      var j = 0
      while j < columns {
        var i = part == .whole || part == .upper ? 0 : j
        let end = part == .upper ? j + 1 : rows
        while i < end {
          let value = a[j &* stride &+ i]
          if transposed { result[j] += value * v[i] } else { result[i] += value * v[j] }
          if part == .symmetric, i > j { result[j] += value * v[i] }
          i &+= 1
        }
        j &+= 1
      }
    }
    return result
  }
}

/// Numbers in [−1, 1) that are the same in every run: the linear congruential generator of Knuth's MMIX.
struct UniformNumbers {
  private let numbers: [Double]
  private var next = 0

  init() {
    var state: UInt64 = 20_040_201
    // A prime, so that columns are different for long.
    numbers = (0..<4099).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-52 - 1
    }
  }

  /// The next numbers; at most 4099.
  mutating func vector(_ count: Int) -> [Double] {
    if next + count > numbers.count { next = (next + count) % 17 }
    defer { next += count }
    return Array(numbers[next..<next + count])
  }

  mutating func matrix(_ rows: Int, _ columns: Int) -> PaddedMatrix {
    PaddedMatrix(rows: rows, columns: columns) { vector(rows) }
  }

  /// Dominated by its diagonal, so that its triangles, and the symmetric matrix of which it has the lower one, are
  /// well conditioned, and this one definite.
  mutating func dominated(_ order: Int) -> PaddedMatrix {
    var matrix = matrix(order, order)
    for j in 0..<order { matrix.storage[j * (matrix.stride + 1)] = Double(2 * order) }
    return matrix
  }
}
