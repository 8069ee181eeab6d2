// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Sums over the rows of each level of a model with one grouping factor: XᵀWX, XᵀWe and ZᵀWe with
/// e = y − Xβ̂, in working columns.
struct LevelShares: Sendable {
  struct Shape: Sendable {
    /// Columns of X, and of Z per level.
    let p: Int
    let ℓ: Int

    /// The lower triangle of XᵀWX by columns, XᵀWe, ZᵀWe, and the number of rows.
    var stride: Int { p * (p + 1) / 2 + p + ℓ + 1 }
  }

  let shape: Shape
  /// The levels that occur, in order of appearance; nil: all of them in their order.
  private let levels: [Int32]?
  private var values: [Double]

  /// All levels, no rows yet.
  init(_ shape: Shape, levelCount: Int) {
    self.shape = shape
    levels = nil
    values = Array(repeating: 0, count: levelCount * shape.stride)
  }

  /// The complete rows of one chunk; `e` is y − Xβ̂, NaN where a value is missing.
  init(_ shape: Shape, _ columns: WorkingRows.Columns, residuals e: [Double]) {
    self.shape = shape
    let (p, ℓ, stride) = (shape.p, shape.ℓ, shape.stride)
    var places: [Int32: Int] = [:]
    var levels: [Int32] = []
    var values: [Double] = []
    for row in e.indices where !e[row].isNaN && !columns.rows.weights[row].isNaN {
      let level = columns.levels[0][row]
      let place = places[level] ?? levels.count
      if place == levels.count {
        places[level] = place
        levels.append(level)
        values += repeatElement(0, count: stride)
      }
      let w = columns.rows.weights[row]
      var next = place * stride
      for j in 0..<p {
        let wx = w * columns.x[row * p + j]
        for i in j..<p { values[next + i - j] += wx * columns.x[row * p + i] }
        next += p - j
      }
      for k in 0..<p { values[next + k] += w * e[row] * columns.x[row * p + k] }
      next += p
      for k in 0..<ℓ { values[next + k] += w * e[row] * columns.z[0][row * ℓ + k] }
      values[next + ℓ] += 1
    }
    (self.levels, self.values) = (levels, values)
  }

  mutating func add(_ part: LevelShares) {
    for (place, level) in (part.levels ?? []).enumerated() {
      let (from, to) = (place * shape.stride, Int(level) * shape.stride)
      for k in 0..<shape.stride { values[to + k] += part.values[from + k] }
    }
  }

  /// The sums of one level.
  struct Share {
    let XᵀWX: DenseMatrix
    let XᵀWe: [Double]
    let ZᵀWe: [Double]
    let rows: Int
  }

  /// Of all levels.
  func share(_ level: Int) -> Share {
    let (p, ℓ) = (shape.p, shape.ℓ)
    var next = level * shape.stride
    var XᵀWX = DenseMatrix(rows: p, columns: p)
    for j in 0..<p {
      for i in j..<p {
        XᵀWX[i, j] = values[next + i - j]
        XᵀWX[j, i] = XᵀWX[i, j]
      }
      next += p - j
    }
    return Share(
      XᵀWX: XᵀWX, XᵀWe: Array(values[next..<next + p]),
      ZᵀWe: Array(values[next + p..<next + p + ℓ]), rows: Int(values[next + p + ℓ]))
  }

  /// Rows of all levels.
  var rows: Int {
    stride(from: shape.stride - 1, to: values.count, by: shape.stride)
      .reduce(0) { $0 + Int(values[$1]) }
  }
}
