// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// What stands on the horizontal axis of a figure of rows.
enum DataAxis {
  /// A number, by its place among the atoms of the raw basis.
  case number(Int)
  case factor(Levels)

  /// The levels of a factor side by side.
  struct Levels {
    let name: String
    /// In their order.
    let labels: [String]
    /// Of the factor alone.
    let cellSet: Int
    /// The place of every code.
    let places: [Int]
  }

  var levels: Levels? { if case .factor(let levels) = self { levels } else { nil } }
}

extension FigureSource {
  /// So many levels can be read.
  private static let levelLimit = 24

  /// The term whose levels a figure of rows shows, and the axis: the named one, a number within whose
  /// levels it varies, or where there is no number a factor whose effects vary between levels.
  ///
  /// - Throws: `FigureError`.
  func termAndAxis(
    _ group: String?, _ name: String?
  ) throws -> (term: Int, axis: DataAxis?) {
    let bound = fitted.products.specification
    let fixed = bound.fixed.terms.flatMap(\.factors).map(\.variable)
    if let name, let factor = fixed.first(where: { $0.name == name || $0.column == name }) {
      return (try term(group) { $0.columns.count > 1 }, .factor(try levels(of: factor)))
    }
    let numbers: (term: Int, atom: Int?)
    do throws(FigureError) {
      numbers = try termAndCovariate(group, name)
    } catch {
      guard case .unknownCovariate(let name, _, let known) = error else { throw error }
      let all = known + fixed.map(\.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      throw FigureError.unknownCovariate(name, meant: closestName(to: name, among: all), known: all)
    }
    if let atom = numbers.atom { return (numbers.term, .number(atom)) }
    let slopes = bound.randomTerms.first { $0.groupName == model.terms[numbers.term].groupName }?
      .terms.terms.flatMap(\.factors).map(\.variable) ?? []
    guard let factor = slopes.first(where: { slope in fixed.contains { $0.source == slope.source } }),
      let levels = try? levels(of: factor)
    else { return (numbers.term, nil) }
    return (numbers.term, .factor(levels))
  }

  private func levels(of factor: FactorVariable) throws -> DataAxis.Levels {
    let found = try fitted.levels(of: factor)
    guard found.labels.count <= Self.levelLimit else {
      throw FigureError.nothingToDraw(
        "\(factor.name) has \(found.labels.count.grouped) levels, too many to stand side by side in a panel."
      )
    }
    return DataAxis.Levels(
      name: factor.name, labels: found.labels,
      cellSet: fitted.products.basis.cellSets.firstIndex(of: .factor(factor.source))!,
      places: found.places)
  }
}
