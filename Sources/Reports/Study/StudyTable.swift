// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
package import Studies

/// The replicates of a study, as `study --replicates-file` writes them.
package struct StudyTable {
  private let path: String
  /// In the order of the table.
  private var estimates: [String: StudyEstimates] = [:]
  package private(set) var parameters: [StudyParameter] = []

  private static let numbers = ["replicate", "truth", "estimate"]
  private static let texts = ["design", "method", "converged", "kind", "group", "term"]

  /// - Throws: `DataError` for a file that cannot be read or lacks a column; `FigureError` for
  ///   one that is no table of replicates.
  package init(contentsOf path: String) throws {
    self.path = path
    let table = try ResultTable(path, numbers: Self.numbers, texts: Self.texts)
    var lines: [String: Lines] = [:]
    let (kinds, groups, terms) = (table.texts("kind"), table.texts("group"), table.texts("term"))
    let (truths, designs) = (table.numbers("truth"), table.texts("design"))
    let (methods, converged) = (table.texts("method"), table.texts("converged"))
    let (replicates, values) = (table.numbers("replicate"), table.numbers("estimate"))
    for row in kinds.indices {
      guard let kind = StudyParameter.Kind(rawValue: kinds[row]) else {
        throw error(row, "the kind “\(kinds[row].printable)” is none of a study's")
      }
      guard let method = CriterionKind(rawValue: methods[row]) else {
        throw error(row, "the method “\(methods[row].printable)” is neither REML nor ML")
      }
      guard replicates[row] >= 1, replicates[row] < 1e15 else {
        throw error(row, "the replicate has no number")
      }
      let parameter = StudyParameter(
        kind: kind, group: groups[row].isEmpty ? nil : groups[row], term: terms[row],
        truth: truths[row])
      let name = parameter.name
      if lines[name] == nil {
        lines[name] = Lines(parameter)
        parameters.append(parameter)
      }
      guard lines[name]!.parameter.hasTruth(truths[row]) else {
        throw error(
          row,
          "the truth of \(name.printable) is another than in lines before, so that these are several studies"
        )
      }
      lines[name]!.add(
        design: designs[row], method, Int(replicates[row]),
        estimate: converged[row] == "TRUE" ? values[row] : .nan)
    }
    estimates = lines.mapValues(\.estimates)
  }

  /// The estimates of a parameter by its name; without one of the first variance of random effects.
  ///
  /// - Throws: `FigureError` for a name that is not there, and where nothing was estimated.
  package func estimates(of name: String?) throws(FigureError) -> StudyEstimates {
    let chosen = name ?? (parameters.first { $0.kind == .variance } ?? parameters.first)?.name
    guard let chosen, let found = estimates[chosen] else {
      let known = parameters.map(\.name)
      throw .unknownParameter(
        name ?? "", meant: closestName(to: name ?? "", among: known), known: known)
    }
    guard !found.isEmpty else {
      throw .nothingToDraw("\(path.printable) has no estimate of \(chosen.printable).")
    }
    return found
  }

  private func error(_ row: Int, _ what: String) -> FigureError {
    .nothingToDraw(
      "\(path.printable), row \(row + 1): \(what). The figure is drawn from a table of \(Action.saveReplicates)."
    )
  }
}

/// What lines of a table say of one parameter.
private struct Lines {
  let parameter: StudyParameter
  private var replicates = 0
  private var methods: [CriterionKind] = []
  private var labels: [String] = []
  private var places: [String: Int] = [:]
  /// Of every design by method.
  private var values: [[CriterionKind: [Double]]] = []

  init(_ parameter: StudyParameter) { self.parameter = parameter }

  mutating func add(design: String, _ method: CriterionKind, _ replicate: Int, estimate: Double) {
    replicates = max(replicates, replicate)
    if !methods.contains(method) { methods.append(method) }
    let place = places[design] ?? labels.count
    if place == labels.count {
      places[design] = place
      labels.append(design)
      values.append([:])
    }
    if estimate.isFinite { values[place][method, default: []].append(estimate) }
  }

  var estimates: StudyEstimates {
    StudyEstimates(
      parameter: parameter, response: nil, replicates: replicates, methods: methods,
      designs: zip(labels, values).map { label, values in
        StudyEstimates.Design(label: label, estimates: methods.map { values[$0] ?? [] })
      })
  }
}

extension StudyParameter {
  /// Missing truths are the same.
  fileprivate func hasTruth(_ value: Double) -> Bool {
    truth == value || (truth.isNaN && value.isNaN)
  }
}
