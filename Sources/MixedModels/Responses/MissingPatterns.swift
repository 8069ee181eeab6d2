// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Responses by the rows in which they are missing although all predictors are there.
struct MissingPatterns {
  /// Indices of the responses that share their rows; ascending, and by their first.
  let groups: [[Int]]

  /// Reads the rows once.
  ///
  /// - Throws: `DataError`, `FormulaError`, `FitError`.
  init(_ formulas: [Formula], _ data: [DataSource], _ options: FitOptions) throws {
    let specification = try ModelReading(formulas[0], data, options).specification
    var basis = specification.basis
    basis.response = .number(0)
    let own = Set(formulas[0].response.columns)
    let others = Self.predictors(basis)
    let predictors = specification.columns.requests.filter {
      !own.contains($0.name) || others.contains($0.name)
    }
    let columns = ResponseColumns(predictors, formulas.map(\.response))
    var reading = options.reading
    reading.threads = options.threads
    // Two sums of the missing rows' numbers tell the patterns apart.
    var marks = [Mark](repeating: Mark(), count: formulas.count)
    var first = 0
    try TableReader(data, options: reading).read(
      columns.lookup.requests,
      transform: { [basis] chunk in
        let complete = try RowValues(chunk, basis: basis, columns: columns.lookup)
          .completeRows(omitsMissing: options.omitsMissing)
        let missing = try columns.values(chunk).map { values in
          complete.indices.filter { values[complete[$0]].isNaN }
        }
        return (complete.count, missing)
      },
      consume: { count, missing in
        for (k, rows) in missing.enumerated() {
          for row in rows { marks[k].add(UInt64(first + row)) }
        }
        first += count
      })
    var places: [Mark: Int] = [:]
    var groups: [[Int]] = []
    for (k, mark) in marks.enumerated() {
      if let place = places[mark] {
        groups[place].append(k)
      } else {
        places[mark] = groups.count
        groups.append([k])
      }
    }
    self.groups = groups
  }

  /// Columns that the model uses beside its response.
  private static func predictors(_ basis: RawBasis) -> Set<String> {
    var names = basis.atoms.flatMap(\.expression.columns) + basis.offsets.flatMap(\.columns)
    for factor in basis.factors {
      switch factor {
      case .column(let name): names.append(name)
      case .logical(let expression): names += expression.columns
      }
    }
    return Set(names + (basis.weights.map { [$0] } ?? []))
  }

  /// A set of row numbers, as two hashes and a count.
  private struct Mark: Hashable {
    private var count = 0
    private var first = HashSeed.ofProcess.first
    private var second = HashSeed.ofProcess.second

    mutating func add(_ row: UInt64) {
      count += 1
      first = (first ^ row) &* 0x100_0000_01b3
      second = (second ^ (row &* 0xbf58_476d_1ce4_e5b9)) &* 0x94d0_49bb_1331_11eb
      second ^= second >> 31
    }
  }
}
