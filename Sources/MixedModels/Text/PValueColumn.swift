// SPDX-License-Identifier: GPL-2.0-or-later

/// p-values as R's `format.pval` writes them: small ones in scientific notation, and nothing smaller
/// than `<2e-16`.
package struct PValueColumn {
  package let cells: [String]

  package init(_ values: [Double?], digits: Int = 4) {
    let epsilon = 2.220446049250313e-16
    func isPlain(_ value: Double) -> Bool { value >= 1e-3 || value == 0 }
    let shown = values.map { $0.flatMap { $0.isFinite && $0 >= epsilon ? $0 : nil } }
    let plain = NumberColumn(shown.map { $0.flatMap { isPlain($0) ? $0 : nil } }, digits: digits)
      .cells
    cells = values.indices.map { k in
      guard let value = values[k], value.isFinite else { return "" }
      guard let number = shown[k] else { return "<2e-16" }
      return isPlain(number)
        ? plain[k] : NumberColumn([number], digits: digits).cells[0]
    }
  }
}

/// Numbers of a table, empty where there is none; an infinite one is `Inf`.
package func tableCells(_ values: [Double?], digits: Int = 5, minimumDecimals: Int = 0) -> [String]
{
  zip(NumberColumn(values, digits: digits, minimumDecimals: minimumDecimals).cells, values)
    .map { $1 == nil ? "" : $0 }
}
