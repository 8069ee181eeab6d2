// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports
import TestSupport
import Testing

/// Words and sizes in place of a figure's own, and what figures of rows show by themselves.
@Suite struct `Labels of figures` {
  private func source(_ formula: String, _ table: ColumnTable) throws -> FigureSource {
    var options = FitOptions()
    options.wantsConditionalModes = true
    return try FigureSource(
      Formula(formula), from: ModelInput(files: [], data: [table]), options: options)
  }

  @Test func `titles and axes are what was asked for, and quoted`() throws {
    let figure = try source("y ~ x + (1 | g)", UnbalancedTable.source())
      .figure(.residuals, data: [UnbalancedTable.source()])
    var labels = FigureLabels()
    (labels.title, labels.horizontal, labels.vertical) = ("it's `date`", "hours", "ms")
    labels.size = (500, 300)
    let text = figure.script(.svg, labels).text
    #expect(text.contains("set title 'it’s `date`'") && text.contains("set xlabel 'hours'"))
    #expect(text.contains("set ylabel 'ms'") && text.contains("size 500,300"))
    #expect(!text.contains("Residuals against"))
    let panels = try source("y ~ x + (x | g)", UnbalancedTable.source()).figure(.caterpillar)
    let script = panels.script(.svg, labels).text
    #expect(script.contains("set multiplot layout 1,2 title 'it’s `date`'"))
    #expect(script.contains("set title 'g: x, 13 levels'"))
  }

  /// x is one number for every item, and varies within subjects.
  @Test func `levels are those within which the covariate varies`() throws {
    var (item, subject, x, y) = ([String](), [String](), [Double](), [Double]())
    for s in 0..<8 {
      for i in 0..<12 {
        item.append("i\(i)")
        subject.append("s\(s)")
        x.append(Double(i * 7 % 12))
        y.append(Double((s * s * 31 + i * i * 17 + s * i * 5) % 43) + 2 * Double(i))
      }
    }
    let table = try ColumnTable(
      ["item": .labels(item), "subject": .labels(subject), "x": .numbers(x), "y": .numbers(y)],
      name: "t.csv")
    let source = try source("y ~ x + (1 | item) + (1 | subject)", table)
    #expect(try source.figure(.data, data: [table]).caption.contains("levels of subject"))
    #expect(
      try source.figure(.data, data: [table], layout: .lines).caption.contains("levels of subject"))
    #expect(
      try source.figure(.data, data: [table], group: "item").caption.contains("levels of item"))
  }

  @Test func `modes of quantile plots have variance one`() throws {
    let source = try source("y ~ x + (1 | g)", UnbalancedTable.source())
    #expect(try source.figure(.qq).caption.contains("divided by their own standard deviations"))
  }
}
