// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Within-group least squares against the mixed model: how far it draws the levels together.
package struct ShrinkageFigure: Figure {
  private enum Content {
    /// One effect: places, own and mixed estimates, sorted.
    case line(LineShrinkage)
    /// Two effects of few levels.
    case arrows(PlaneShrinkage)
    /// Two effects of many levels.
    case densities(PlaneShrinkage)
  }

  package let caption: String
  private let content: Content

  private static let arrowLimit = 300

  /// - Throws: `FigureError`.
  package init(_ source: FigureSource, group: String?) throws(FigureError) {
    try source.requireNoAbsorbedFactors()
    let t = try source.term(group) { $0.columns.count > 1 }
    let estimates = WithinGroupEstimates(source, term: t)
    let levels = estimates.levels.count
    let size = estimates.columns.count
    let known = (0..<levels).count { !estimates.own[$0 * size].isNaN }
    let name = source.model.terms[t].groupName
    let others = Self.others(source, than: name)
    let own = others.isEmpty ? "own rows" : "own rows, effects of \(others) not taken off"
    guard known > 0 else {
      throw .nothingToDraw(
        "no level of \(name.printable) has rows enough for estimates of its own, so there is no shrinkage to draw."
      )
    }
    if size == 1 {
      let counterpart = source.fit.fixedEffects.first {
        $0.name.hasBytes(of: estimates.columns[0])
      }
      content = .line(
        LineShrinkage(
          estimates, group: name, response: source.response, population: counterpart?.estimate,
          own: own))
    } else {
      let plane = PlaneShrinkage(source, term: t, estimates, own: own)
      content = known > Self.arrowLimit ? .densities(plane) : .arrows(plane)
    }
    let isDensity = size > 1 && known > Self.arrowLimit
    let (first, second) = isDensity ? ("left", "right") : ("orange", "blue")
    var text =
      "Least squares from each level's own rows (\(first)), and what the mixed model makes of them (\(second))."
    if !others.isEmpty {
      text +=
        " The effects of \(others) are not taken off the own estimates, so that these differ by them, too."
    }
    if known < levels {
      text +=
        " \((levels - known).grouped) of \(levels.grouped) levels have too few rows for estimates of their own."
    }
    text +=
      size == 1
      ? " The dashed line is the population."
      : " The ellipse holds 95 % of the levels according to the model; the cross is the population."
    if isDensity {
      text += " Own estimates far out, about one in fifty, are not drawn."
    }
    if size > 2 { text += " Shown are the first two of \(size) random effects." }
    caption = text
  }

  /// The other grouping factors in words, empty if there are none.
  private static func others(_ source: FigureSource, than name: String) -> String {
    var seen: Set<String> = [name]
    let names = source.model.terms.map(\.groupName).filter { seen.insert($0).inserted }
    let text = names.map(\.printable).joined(separator: " and ")
    // Longer keys would fill the figure.
    return names.count > 2 || text.count > 30 ? "other factors" : text
  }

  package var size: FigureSize {
    switch content {
    case .line(let line): line.size
    case .arrows: FigureSize(width: 760, height: 600)
    case .densities: FigureSize(width: 1120, height: 520, textPanels: 2)
    }
  }

  package func draw(_ script: inout GnuplotScript) {
    switch content {
    case .line(let line): line.draw(&script)
    case .arrows(let plane): plane.drawArrows(&script)
    case .densities(let plane): plane.drawDensities(&script, size)
    }
  }
}
