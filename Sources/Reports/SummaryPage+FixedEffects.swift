// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import MixedModels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension Fit {
  /// The largest number of coefficients whose correlations are printed, lme4's default.
  private static let largestCorrelationTable = 12

  var keptFixedEffects: [FixedEffect] {
    fixedEffects.filter { $0.estimate != nil }
  }

  /// Estimates, standard errors and t values of the columns that were kept.
  var fixedEffectLines: [String] {
    guard !keptFixedEffects.isEmpty else { return [] }
    let (names, columns) = (keptFixedEffects.map(\.name), coefficientColumns)
    guard names.count > Self.largestCoefficientTable else {
      return ["Fixed effects:"]
        + TextTable(rowLabels: names, columns: columns, alignment: .right).lines()
    }
    let shown = Array(0..<Self.firstCoefficients) + (names.count - Self.lastCoefficients..<names.count)
    var lines = TextTable(
      rowLabels: shown.map { names[$0] },
      columns: columns.map { column in (column.header, shown.map { column.cells[$0] }) },
      alignment: .right
    ).lines()
    lines.insert("…", at: lines.count - Self.lastCoefficients)
    return ["Fixed effects, \(shown.count) of \(names.count) (\(Action.readCoefficients) has all):"]
      + lines
  }

  /// Longer tables are shown in part.
  private static let (largestCoefficientTable, firstCoefficients, lastCoefficients) = (60, 15, 5)

  var coefficientColumns: [(header: String, cells: [String])] {
    let kept = keptFixedEffects
    let precision = kept.map(\.estimate) + kept.map(\.standardError)
    let cells = coefficientCells(precision)
    let statistics = kept.map { $0.statistic.map { rounded($0, decimals: max(1, Self.tableDigits - 1)) } }
    var columns = [
      ("Estimate", Array(cells[..<kept.count])), ("Std. Error", Array(cells[kept.count...])),
    ]
    let hasTests = kept.contains { $0.degreesOfFreedom?.isFinite == true }
    if hasTests {
      let df = kept.map { $0.degreesOfFreedom.map { rounded($0, decimals: 2) } }
      columns.append(("df", tableCells(df, digits: Self.tableDigits)))
    }
    columns.append(("t value", NumberColumn(statistics, digits: Self.tableDigits).cells))
    if hasTests {
      columns.append(("Pr(>|t|)", PValueColumn(kept.map(\.pValue), digits: max(1, Self.tableDigits - 1)).cells))
    }
    return columns.map { (header: $0.0, cells: $0.1) }
  }

  /// Estimates and standard errors in one format: rounded first to the decimal place that leaves
  /// the smallest of them its significant digits, as R's table of coefficients.
  private func coefficientCells(_ values: [Double?]) -> [String] {
    let magnitudes = values.compactMap { $0.map(abs) }.filter { $0.isFinite && $0 > 0 }
    let places = magnitudes.map { Int(log10($0).rounded(.down)) + 1 }
    let decimals = max(1, Self.tableDigits - (places.min() ?? 1))
    let roundedValues = values.map { $0.map { rounded($0, decimals: decimals) } }
    var cells = NumberColumn(roundedValues, digits: Self.tableDigits).cells
    // What the common format would show as zero without being zero gets a format of its own.
    let vanished = values.indices.filter {
      (values[$0] ?? 0) != 0 && Double(cells[$0].trimmed) == 0
    }
    let rescued = NumberColumn(vanished.map { values[$0] }, digits: max(1, Self.tableDigits - 1)).cells
    for (index, cell) in zip(vanished, rescued) { cells[index] = cell }
    return cells
  }

  /// The lower triangle of the estimates' correlation matrix.
  var fixedEffectCorrelationLines: [String] {
    let kept = keptFixedEffects
    let size = kept.count
    guard size > 1, vcov.count == size else { return [] }
    guard size <= Self.largestCorrelationTable else {
      return [
        "Correlation of fixed effects not shown for more than "
          + "\(Self.largestCorrelationTable) coefficients; \(Action.readCovariances) has their covariances."
      ]
    }
    let scale = (0..<size).map { vcov[$0][$0].squareRoot() }
    let correlations = (0..<size * size).map { entry -> Double in
      let (row, column) = (entry / size, entry % size)
      // Rounding decides the sign of a zero, which + 0 takes away.
      return rounded(vcov[row][column] / (scale[row] * scale[column]), decimals: 3) + 0
    }
    let cells = NumberColumn(correlations, digits: 7, minimumDecimals: 3).cells
    let names = kept.map(\.name)
    let headers = abbreviations(of: names, minimumLength: 6)
    let table = TextTable(
      rowLabels: Array(abbreviations(of: names, minimumLength: 11).dropFirst()),
      columns: (0..<size - 1).map { column in
        (headers[column], (1..<size).map { $0 > column ? cells[$0 * size + column] : "" })
      },
      alignment: .left)
    return ["Correlation of Fixed Effects:"] + table.lines()
  }
}
