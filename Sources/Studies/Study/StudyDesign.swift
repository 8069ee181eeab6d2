// SPDX-License-Identifier: GPL-2.0-or-later

public import ModelFrames

/// One design of a study, with what tells it from the others.
public struct StudyDesign: Sendable {
  public let formula: Formula
  /// What is stated; nil for the design of a fit.
  public let settings: SimulationSettings?
  public let design: SimulationDesign?
  /// nil for what is stated.
  let fitted: FittedStudy?
  /// What differs between the designs of a study: `school` and `30`; empty for a single one.
  public let varied: [(name: String, value: String)]

  init(
    formula: Formula, settings: SimulationSettings, design: SimulationDesign,
    varied: [(name: String, value: String)]
  ) {
    (self.formula, self.settings, self.design) = (formula, settings, design)
    (self.varied, fitted) = (varied, nil)
  }

  init(formula: Formula, fitted: FittedStudy, varied: [(name: String, value: String)]) {
    (self.formula, self.fitted, self.varied) = (formula, fitted, varied)
    (settings, design) = (nil, nil)
  }

  /// `school = 30`; of a single design its numbers of levels.
  public var label: String {
    if varied.isEmpty, fitted != nil { return "the fit's design" }
    let parts = varied.isEmpty ? (design?.levels ?? []).map { ($0.factor, "\($0.count)") } : varied
    return parts.map { "\($0.0) = \($0.1)" }.joined(separator: ", ")
  }

  /// All combinations of the numbers listed in the settings' levels and in `rowsPer` and `rows`:
  /// `g=5,30,100`, `class=2,10 per school`, `g=30,60`, `1000,5000`.
  ///
  /// - Throws: `SimulationError` for a statement that is wrong.
  public static func grid(
    _ formula: Formula, _ settings: SimulationSettings, rowsPer: String? = nil,
    rows: String? = nil
  ) throws(SimulationError) -> [StudyDesign] {
    var axes = settings.levels.map { Axis(assignment: $0, name: nil) }
    if let rowsPer { axes.append(Axis(assignment: rowsPer, name: "rows per ")) }
    if let rows { axes.append(Axis(name: "rows", values: rows.topLevelFields(","), text: \.self)) }
    let wanted = axes.reduce(1.0) { $0 * Double($1.values.count) }
    guard wanted <= 1000 else {
      throw .stated(
        "\(wanted < 1e15 ? "\(Int(wanted))" : "\(wanted)") designs are too many for one study. List fewer numbers."
      )
    }
    let count = Int(wanted)
    var designs: [StudyDesign] = []
    for index in 0..<count {
      var rest = index
      var own = settings
      own.levels = []
      var varied: [(name: String, value: String)] = []
      for (k, axis) in axes.enumerated().reversed() {  // the last varies fastest
        let value = axis.values[rest % axis.values.count]
        rest /= axis.values.count
        if axis.values.count > 1 { varied.insert((axis.name, value), at: 0) }
        if k < settings.levels.count {
          own.levels.insert(axis.text(value), at: 0)
        } else if rowsPer != nil, k == settings.levels.count {
          own.rowsPer = axis.text(value)
        } else {
          guard let number = Int(value) else {
            throw .stated(.rows, ": '\(value)' is no number of rows.")
          }
          own.rows = number
        }
      }
      designs.append(
        StudyDesign(
          formula: formula, settings: own, design: try SimulationDesign(formula, own),
          varied: varied))
    }
    return designs
  }

  /// The classical picture of what more groups do: scores of 30 students in each of 5, 30 and 100
  /// schools.
  public static let schools = SchoolStudy.designs
}

/// Alternatives of one statement.
private struct Axis {
  let name: String
  let values: [String]
  /// The statement with one of the values.
  let text: (String) -> String

  init(name: String, values: [String], text: @escaping (String) -> String) {
    (self.name, self.values, self.text) = (name, values, text)
  }

  /// `g=5,30,100`, perhaps with ` in school` or ` per school` after it.
  init(assignment: String, name prefix: String?) {
    guard let equals = assignment.lastIndex(of: "=") else {
      self.init(name: assignment, values: [assignment]) { $0 }
      return
    }
    let key = String(assignment[..<equals]).withoutOuterBlanks
    let rest = String(assignment[assignment.index(after: equals)...]).withoutOuterBlanks
    let list = rest.prefix { $0.isNumber || $0 == "," || $0 == "-" }
    let tail = String(rest.dropFirst(list.count))
    let isList = list.contains(",") && !list.isEmpty
    self.init(
      name: (prefix ?? "") + key,
      values: isList ? String(list).topLevelFields(",") : [rest]
    ) { key + "=" + $0 + (isList ? tail : "") }
  }
}

/// The study that is done where none is stated.
enum SchoolStudy {
  static let formula = "math ~ physics + (1 | school)"

  static let designs: [StudyDesign] = {
    var settings = SimulationSettings()
    settings.coefficients = "(Intercept)=1,physics=0.8"
    settings.deviations = ["school=2"]
    settings.levels = ["school=5,30,100"]
    settings.covariates = ["physics=normal(5,2)"]
    do {
      return try StudyDesign.grid(Formula(formula), settings, rowsPer: "school=30")
    } catch {
      preconditionFailure("the built-in study is wrong: \(error)")
    }
  }()
}
