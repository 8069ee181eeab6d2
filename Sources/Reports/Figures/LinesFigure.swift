// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
package import ModelFrames

/// One panel with a thin line for every level and a thick one for the population, the rows behind:
/// the textbook's picture of random intercepts and slopes.
package struct LinesFigure: Figure {
  package let size = FigureSize(width: 820, height: 580)
  package let caption: String
  private let title: String
  private let covariate: String
  private let response: String
  private let rows: DensityLayer
  /// Of every level: x and fitted value.
  private let levels: [[[Double]]]
  private let population: [[Double]]

  /// Up to so many levels all have a line, of more so many have.
  private static let lineLimit = 60
  private static let chosen = 40
  private static let textLines = 5

  /// Reads the rows once; group and covariate are chosen as by `DataFigure`.
  ///
  /// - Throws: `DataError`, `FitError`, `FigureError`.
  package init(
    _ source: FigureSource, data: [any TableSource], group: String?, covariate: String?
  ) throws {
    let (t, chosen) = try source.termAndCovariate(group, covariate)
    let term = source.model.terms[t]
    guard let atom = chosen else {
      throw FigureError.nothingToDraw(
        "lines need a numeric covariate, and the model has none. The layout panels shows the levels side by side."
      )
    }
    let all = source.model.groups[term.group].levelCount
    let places = PanelLevels.chosen(
      source, term: t, count: Self.chosen, above: Self.lineLimit)
    let isThinned = places.count < all
    let found = try GroupRows(
      source, data: data, term: t, levels: places, axis: .number(atom), countsAll: true)
    let dependence = source.dependence(on: atom)
    levels = found.rows.map { rows in
      Self.line(rows.map { ($0.x, $0.fitted) }, dependence)
    }
    population = Self.line(found.rows.flatMap { $0 }.map { ($0.x, $0.fixed) }, dependence)
    rows = DensityLayer(counts: found.all, unit: "rows", colours: FigureStyle.greys)
    response = source.response
    self.covariate = source.fitted.products.basis.atoms[atom].expression.deparsed
    let effect = term.columns.last ?? ""
    title =
      isThinned
      ? "\(term.groupName): lines of \(places.count) of \(all.grouped) levels, by rank of the effect of \(effect)"
      : "\(term.groupName): lines of \(all) levels"
    var text =
      "All \(found.all.total.grouped) rows\(found.all.isDense ? ", counted in hexagonal cells" : "") (grey), what the mixed model fits to \(isThinned ? "\(places.count) of \(all.grouped)" : "the \(all)") levels of \(term.groupName) (thin blue lines, each as far as its level's rows go) and the fixed part alone (thick orange line)."
    if isThinned {
      text +=
        " The levels stand near equally spaced ranks of their conditional mode for \(effect); of neighbours the one with the most rows."
    }
    if dependence != .alone {
      text +=
        " Fitted values depend on other variables, too; lines are drawn straight through them."
    }
    caption = text
  }

  /// The curve through fitted values that depend on x alone, each x once; else the straight line.
  private static func line(
    _ points: [(x: Double, y: Double)], _ dependence: FigureSource.Dependence
  ) -> [[Double]] {
    let sorted = points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    guard case .alone = dependence else { return DataPanels.line(sorted, .linear) }
    return sorted.indices.filter { $0 == 0 || sorted[$0].x > sorted[$0 - 1].x }
      .map { [sorted[$0].x, sorted[$0].y] }
  }

  /// Among characters more lines would run together: of those at equally spaced ranks of their ends.
  private var fewLevels: [[[Double]]] {
    let sorted = levels.filter { !$0.isEmpty }.sorted { $0.last![1] < $1.last![1] }
    return thinned(sorted.count, to: Self.textLines).map { sorted[$0] }
  }

  package func draw(_ script: inout GnuplotScript) {
    script.command("set title \(title, limit: 100)")
    script.command("set xlabel \(covariate, limit: 80)")
    script.command("set ylabel \(response, limit: 60)")
    script.command("set key outside top center horizontal")
    if !script.terminal.isText { script.command("set grid") }
    rows.prepare(&script)
    var elements = rows.elements(&script)
    let drawn = script.terminal.isText ? fewLevels : levels
    let lines = script.data(drawn.flatMap { $0 + [[]] })
    let whole = script.data(population)
    if script.terminal.isText {
      elements += [
        "\(lines) using 1:2 with lines lt 1 title 'fitted, \(drawn.count) levels'",
        "\(whole) using 1:2 with lines lt 2 title 'population'",
      ]
    } else {
      if !rows.counts.isDense {
        elements.append("NaN with points pt 7 ps 0.6 lc rgb \(FigureStyle.rows) title 'rows'")
      }
      elements += [
        "\(lines) using 1:2 with lines lw 0.9 lc rgb \(FigureStyle.pale(FigureStyle.estimate, "30")) title 'fitted, by level'",
        "\(whole) using 1:2 with lines lw 6 lc rgb '#ffffff' notitle",
        "\(whole) using 1:2 with lines lw 3.5 lc rgb \(FigureStyle.reference) title 'population'",
      ]
    }
    script.plot(elements)
  }
}
