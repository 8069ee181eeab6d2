// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
package import ModelFrames
import NumericalMethods

/// The rows of some levels with what the model fits to them: the picture of random intercepts and
/// slopes.
package struct DataFigure: Figure {
  package let caption: String
  private let title: String
  private let response: String
  /// nil: the levels stand side by side.
  private let covariate: String?
  private let labels: [String]
  private let rows: [[GroupRows.Row]]
  private let dependence: FigureSource.Dependence
  /// Levels along the axis, where it is a factor's.
  private let levels: [String]?

  /// Up to so many levels are all shown, in panels or side by side.
  private static let panelLimit = 20
  private static let stripLimit = 40
  private static let chosen = 12

  /// Reads the rows once.
  ///
  /// Unless they are named, the grouping factor is that of the first term with a slope, or of the
  /// first term, within whose levels the covariate varies; the covariate is the first of the random, else
  /// of the fixed part, or without numbers a factor that has random effects.
  /// - Throws: `DataError`, `FitError`, `FigureError`.
  package init(
    _ source: FigureSource, data: [any TableSource], group: String?, covariate: String?
  ) throws {
    let (t, axis) = try source.termAndAxis(group, covariate)
    let term = source.model.terms[t]
    let all = source.model.groups[term.group]
    let levels = PanelLevels.chosen(
      source, term: t, count: Self.chosen,
      above: axis == nil ? Self.stripLimit : Self.panelLimit)
    let isThinned = levels.count < all.levelCount
    let found = try GroupRows(source, data: data, term: t, levels: levels, axis: axis)
    rows = found.rows.map { $0.sorted { ($0.x, $0.fitted) < ($1.x, $1.fitted) } }
    labels = levels.map { all.levels[$0] }
    response = source.response
    switch axis {
    case .number(let atom)?:
      dependence = source.dependence(on: atom)
      self.covariate = source.fitted.products.basis.atoms[atom].expression.deparsed
    case .factor(let levels)?: (dependence, self.covariate) = (.other, levels.name)
    case nil: (dependence, self.covariate) = (.other, nil)
    }
    self.levels = axis?.levels?.labels
    title =
      isThinned
      ? "\(term.groupName): \(levels.count) of \(all.levelCount.grouped) levels, by rank of the effect of \(term.columns.last ?? "")"
      : "\(term.groupName): \(levels.count) levels"
    caption = Self.caption(
      term, levels: levels.count, of: all.levelCount, dependence,
      isThinned: zip(found.rows, found.counts).contains { $0.count < $1 })
  }

  private static func caption(
    _ term: ReportedTerm, levels: Int, of all: Int, _ dependence: FigureSource.Dependence,
    isThinned: Bool
  ) -> String {
    var text =
      "Rows of \(levels < all ? "\(levels) of \(all.grouped)" : "\(levels)") levels of \(term.groupName) (grey), what the mixed model fits to them (blue) and the fixed part alone (orange)."
    if levels < all {
      text +=
        " The levels stand near equally spaced ranks of their conditional mode for \(term.columns.last ?? ""), from the lowest to the highest; of neighbours the one with the most rows."
    }
    if dependence == .linear {
      text +=
        " Fitted values depend on other variables, too; lines are drawn straight through them."
    }
    if isThinned { text += " Of levels with many rows some are drawn." }
    return text
  }

  private var panels: DataPanels { DataPanels(labels.count) }

  package var size: FigureSize {
    covariate == nil ? FigureSize(width: 860, height: 480) : panels.size
  }

  package func draw(_ script: inout GnuplotScript) {
    guard let covariate else { return drawSideBySide(&script) }
    panels.draw(
      &script, title: title, labels: labels, rows: rows, covariate: covariate, response: response,
      dependence: dependence, levels: self.levels)
  }

  /// Without a covariate: a strip of rows for every level.
  private func drawSideBySide(_ script: inout GnuplotScript) {
    script.command("set title \(title)")
    script.command("set ylabel \(response, limit: 60)")
    script.command("set xrange [-0.7:\(Double(labels.count) - 0.3)]")
    let tics = GnuplotCommand.tics(shortNames(labels, limit: 14))
    let isLong = labels.map { min($0.count, 14) }.reduce(0, +) > 70
    script.command("set xtics nomirror scale 0 (\(tics))")
    if isLong, !script.terminal.isText { script.command("set xtics rotate by 45 right") }
    script.command("set key outside top right horizontal")
    let points = script.data(
      rows.enumerated().flatMap { place, rows in
        rows.enumerated().map { k, row in
          // A little beside each other, in an order that looks like chance.
          let jitter = (Double(k) * 0.618).truncatingRemainder(dividingBy: 1) - 0.5
          return [Double(place) + 0.5 * jitter, row.y]
        }
      })
    let means = script.data(
      rows.enumerated().map { place, rows in
        let count = Double(max(rows.count, 1))
        return [
          Double(place), rows.reduce(0) { $0 + $1.fitted } / count,
          rows.reduce(0) { $0 + $1.fixed } / count,
        ]
      })
    if script.terminal.isText {
      script.plot([
        "\(points) using 1:2 with points pt 'o' title 'rows (o)'",
        "\(means) using 1:2 with points pt '=' title 'fitted (=)'",
        "\(means) using 1:3 with points pt '.' title 'population (.)'",
      ])
      return
    }
    script.command("set grid y")
    script.plot([
      "\(points) using 1:2 with points pt 7 ps 0.5 lc rgb \(FigureStyle.pale(FigureStyle.rows, "70")) title 'rows'",
      "\(means) using ($1-0.4):3:(0.8):(0) with vectors nohead dt 3 lw 2 lc rgb \(FigureStyle.reference) title 'population'",
      "\(means) using ($1-0.4):2:(0.8):(0) with vectors nohead lw 3 lc rgb \(FigureStyle.estimate) title 'fitted'",
    ])
  }
}
