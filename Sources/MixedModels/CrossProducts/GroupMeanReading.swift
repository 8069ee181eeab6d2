// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Finds the means by groups that a formula's `mean(x, g)` and `within(x, g)` are made of, in a pass over
/// their columns alone.
///
/// All rows that have both x and g count, as in R's `ave()` before a fit: those too that the fit leaves out
/// because another column is missing; without weights.
struct GroupMeanReading {
  private let wanted: [GroupMean.Source]

  init(_ formula: Formula) {
    wanted = formula.variables.flatMap(\.expression.groupMeans).map(\.source)
      .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// None where a column is not there or is no number, of which the formula's binding tells more.
  ///
  /// - Throws: `FitError` where the rows can be read once only; `DataError` for an infinite value.
  func means(_ reader: TableReader) throws -> [GroupMean.Source: LevelMeans] {
    guard let first = wanted.first else { return [:] }
    let header = reader.header
    for source in wanted {
      let text = source.value.textColumns
      guard header.contains(source.group), source.value.columns.allSatisfy(header.contains),
        try source.value.columns.allSatisfy({
          try text.contains($0) || reader.kind(of: $0) != .categorical
        })
      else { return [:] }
    }
    if let source = reader.onlyOnce {
      throw FitError.groupMeans(
        "\(first.name) takes a pass over all rows before the fit, and \(source) can be read once only. Save the table in a file, or add the means as a column"
      )
    }
    var columns = ColumnLookup([])
    for source in wanted {
      columns.add(source.value)
      columns.add(source.group, labels: true)
    }
    var sums = wanted.map { _ in LevelMeanSums() }
    try reader.read(
      columns.requests,
      transform: { [wanted, columns] chunk in
        let rows = ChunkColumns(chunk: chunk, lookup: columns)
        return try wanted.map { source in
          let values = try rows.values(source.value)
          try RowValues.checkFinite(
            values, source.value,
            remedy: "Correct the value, or write NA, which \(source.name) does not count.")
          return LevelMeanSums(values, codes: rows[source.group].codes, rows[source.group].labels)
        }
      },
      consume: { (part: [LevelMeanSums]) in
        for k in part.indices { sums[k].add(part[k]) }
        try requireMemory(
          part.reduce(0) { $0 + $1.bytes }, for: "the means by the levels of \(first.group)",
          remedy: "Add the means to the table as a column.")
      })
    return Dictionary(uniqueKeysWithValues: zip(wanted, sums.map(\.result)))
  }
}
