// SPDX-License-Identifier: GPL-2.0-or-later

/// A number for all rows, or one for each.
enum RowValues {
  case scalar(Double)
  case vector([Double])
}

extension RowValues {
  @inline(__always)
  func map(_ function: (Double) -> Double) -> RowValues {
    switch self {
    case .scalar(let value): .scalar(function(value))
    case .vector(let values): .vector(values.map(function))
    }
  }

  @inline(__always)
  func combined(
    with other: RowValues, _ function: (Double, Double) -> Double
  ) -> RowValues {
    switch (self, other) {
    case (.scalar(let a), .scalar(let b)): .scalar(function(a, b))
    case (.scalar(let a), .vector(let b)): .vector(b.map { function(a, $0) })
    case (.vector(let a), .scalar(let b)): .vector(a.map { function($0, b) })
    case (.vector(let a), .vector(let b)): .vector(a.indices.map { function(a[$0], b[$0]) })
    }
  }
}
