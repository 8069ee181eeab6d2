// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension ModelReading {
  /// Refuses a covariate that is a factor only because of some texts among its numbers.
  ///
  /// All rows decide, so that their order does not.
  ///
  /// - Throws: `DataError` with the first such text and its place, if it is among the first rows.
  func refuseMisreadCovariates(_ products: CrossProducts) throws {
    for (name, levels) in products.undeclaredFactors(declared) {
      guard let found = NumbersAmongTexts(levels), let problem = found.problem(levels) else {
        continue
      }
      let value = levels.label(found.text)
      let first = levels.withBytes(of: found.text) { bytes in
        reader.firstPlace(in: name) { $0.elementsEqual(bytes) }
      }
      throw first.map { DataError(problem, at: $0.place, column: name, value: value) }
        ?? DataError(problem, file: products.data.first, column: name, value: value)
    }
  }
}

extension NumbersAmongTexts {
  /// Nil where it may be meant so.
  fileprivate func problem(_ levels: LevelDictionary) -> DataError.Problem? {
    let example = number.map(levels.label) ?? ""
    return switch reason {
    case .decimalCommas: .decimalComma
    case .missingWords: .wordAmongNumbers(number: example)
    case .logicals: .logicalAmongNumbers(number: example)
    case .texts: nil
    }
  }
}

extension CrossProducts {
  /// Columns that stand in the formula as they are and are factors because of their values alone,
  /// with their levels; grouping factors are always factors.
  func undeclaredFactors(_ declared: Set<String>) -> [(name: String, levels: LevelDictionary)] {
    let terms = [specification.fixed] + specification.randomTerms.map(\.terms)
    var found: [(name: String, levels: LevelDictionary)] = []
    for variable in terms.flatMap({ $0.terms.flatMap { $0.factors.map(\.variable) } }) {
      guard let name = variable.column, variable.reference == nil, !declared.contains(name),
        variable.name == Expression.column(name).deparsed,
        !found.contains(where: { $0.name == name }),
        let set = basis.cellSets.firstIndex(of: .factor(variable.source)),
        case .factor(let levels) = cellSets[set]
      else { continue }
      found.append((name, levels))
    }
    return found
  }
}
