// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// What stops the reading of many responses.
private enum UnreadableResponse: Error {
  /// A column that responses alone use, and what is wrong with it.
  case column(String, String)
  /// A response by its place among those that were read.
  case response(Int, String)
  /// Something else.
  case other(any Error)
}

extension ResponseColumns {
  /// The error as one of a response; nil if it concerns something else.
  fileprivate func responseError(
    _ error: DataError, predictors: Set<String>
  ) -> UnreadableResponse? {
    guard error.line != nil || error.row != nil, let name = error.column,
      !predictors.contains(name)
    else { return nil }
    if let place = names.firstIndex(of: name), !isColumn(place) {
      return .response(place, error.description)
    }
    return .column(name, error.description)
  }
}

/// Responses by the rows in which they are missing although all predictors are there.
struct MissingPatterns {
  /// Indices of the responses that share their rows; ascending, and by their first.
  let groups: [[Int]]
  /// Why the others cannot be read as numbers, by their indices.
  let failures: [Int: String]

  /// Reads the rows once, and once more for every response that turns out to be unreadable after the
  /// first of them.
  ///
  /// - Throws: `DataError`, `FormulaError`, `FitError` for what is wrong with the predictors.
  init(_ formulas: [Formula], _ data: [any TableSource], _ options: FitOptions) throws {
    var failures = try Self.textResponses(formulas, data, options)
    while true {
      let usable = formulas.indices.filter { failures[$0] == nil }
      do throws(UnreadableResponse) {
        groups = try Self.groups(usable, formulas, data, options)
        self.failures = failures
        return
      } catch {
        switch error {
        case .column(let name, let reason):
          for index in usable where formulas[index].response.columns.contains(name) {
            failures[index] = reason
          }
        case .response(let place, let reason): failures[usable[place]] = reason
        case .other(let error): throw error
        }
      }
    }
  }

  /// What the first rows tell, so that a table of texts is not read once for each.
  ///
  /// - Throws: `DataError`.
  private static func textResponses(
    _ formulas: [Formula], _ data: [any TableSource], _ options: FitOptions
  ) throws -> [Int: String] {
    let reader = try TableReader(data, options: options.reading)
    var failures: [Int: String] = [:]
    for (index, formula) in formulas.enumerated() {
      let text = formula.response.textColumns
      for name in formula.response.columns where !text.contains(name) {
        guard try reader.kind(of: name) == .categorical else { continue }
        let error = FitError.textUsedAsNumber(
          column: name, expression: formula.response.deparsed,
          first: reader.firstText(in: name).map(FirstText.init))
        failures[index] = error.description
      }
    }
    return failures
  }

  /// The usable responses by their missing rows.
  private static func groups(
    _ usable: [Int], _ formulas: [Formula], _ data: [any TableSource], _ options: FitOptions
  ) throws(UnreadableResponse) -> [[Int]] {
    guard let first = usable.first else { return [] }
    do {
      let specification = try ModelReading(formulas[first], data, options).specification
      return try groups(usable, formulas, data, options, specification)
    } catch let error as UnreadableResponse {
      throw error
    } catch {
      throw .other(error)
    }
  }

  private static func groups(
    _ usable: [Int], _ formulas: [Formula], _ data: [any TableSource], _ options: FitOptions,
    _ specification: ModelSpecification
  ) throws -> [[Int]] {
    var basis = specification.basis
    basis.response = .number(0)
    let own = Set(specification.basis.response.columns)
    let others = Self.predictors(basis)
    let predictors = specification.columns.requests.filter {
      !own.contains($0.name) || others.contains($0.name)
    }
    let columns = ResponseColumns(predictors, usable.map { formulas[$0].response })
    var reading = options.reading
    reading.threads = options.threads
    // Two sums of the missing rows' numbers tell the patterns apart.
    var marks = [Mark](repeating: Mark(), count: usable.count)
    var first = 0
    do {
      try TableReader(data, options: reading).read(
        columns.lookup.requests,
        transform: { [basis] chunk in
          let complete = try RowValues(chunk, basis: basis, columns: columns.lookup)
            .completeRows(omitsMissing: options.omitsMissing) ?? Array(0..<chunk.rowCount)
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
    } catch let error as DataError {
      throw columns.responseError(error, predictors: others) ?? error
    }
    var places: [Mark: Int] = [:]
    var groups: [[Int]] = []
    for (k, mark) in marks.enumerated() {
      if let place = places[mark] {
        groups[place].append(usable[k])
      } else {
        places[mark] = groups.count
        groups.append([usable[k]])
      }
    }
    return groups
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
    return Set(names + (basis.weights?.columns ?? []))
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
