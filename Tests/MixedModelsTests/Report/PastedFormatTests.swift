// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Reports
import Testing

/// Reports to be pasted into pages.
struct PastedFormatTests {
  private func fit() throws -> Fit {
    try GoldenSummary.sleepstudyREML.makeFit(messages: ["boundary (singular) fit"])
  }

  @Test func `Markdown has a table's rows between bars, numbers to the right`() throws {
    let text = try fit().report().text(as: .markdown)
    #expect(text.hasPrefix("### Linear mixed model fit by REML\n\nFormula: Reaction \\~ Days"))
    #expect(text.contains("|  | Name | Variance | Std.Dev. | Corr |\n| :--- | :--- | ---: |"))
    #expect(text.contains("\n| Subject | (Intercept) | 612.10 | 24.741 |  |\n"))
    #expect(text.contains("\n| Days | 10.467 | 1.546 | 6.771 |\n"))
    #expect(text.hasSuffix("\n\nboundary (singular) fit\n\n"))
  }

  @Test func `HTML is a section with captions and headers of rows and columns`() throws {
    let text = try fit().report().text(as: .html)
    #expect(text.hasPrefix("<section>\n<h3>Linear mixed model fit by REML</h3>\n"))
    #expect(text.contains("<caption>Fixed effects</caption>"))
    #expect(
      text.contains("<tr><th scope=\"row\">Days</th><td style=\"text-align: right\">10.467</td>"))
    #expect(text.hasSuffix("<p>boundary (singular) fit</p>\n</section>\n"))
  }

  @Test func `LaTeX has tables with rules, and signs of its own escaped`() throws {
    let text = try fit().report().text(as: .latex)
    #expect(text.contains("\n\\begin{tabular}{llrrr}\n\\toprule\n & Name & Variance & Std.Dev. & Corr \\\\\n"))
    #expect(text.contains("\nSubject & (Intercept) & 612.10 & 24.741 &  \\\\\n"))
    #expect(text.contains("Reaction \\textasciitilde{} Days"))
    let component = VarianceComponent(
      #"[a_b\{c}&%$#~^<"#, group: "g", levelCount: 2, columns: ["x"], standardDeviations: [1],
      correlations: [[1]], covariances: [[1]])
    let signs = try fit().replacing(varianceComponents: [component]).report().text(as: .latex)
    #expect(
      signs.contains(
        ##"{}[a\_b\textbackslash{}\{c\}\&\%\$\#\textasciitilde{}\textasciicircum{}$<$ & x & 1.0"##),
      "\(signs)")
  }

  @Test func `digits of estimates can be chosen, and statistics follow`() throws {
    let fit = try fit()
    let text = withSignificantDigits(3) { fit.report().text() }
    #expect(text.contains("Subject  (Intercept) 612.1    24.74"), "\(text)")
    #expect(withSignificantDigits(nil) { fit.report().text() } == fit.report().text())
  }

  /// A sign, also one that a combining mark follows: both would be one Character.
  @Test(arguments: ["", "\u{301}"])
  func `signs of labels are text`(mark: String) throws {
    let signs = ["|", "\\", "<b>", "&", "\n", "`", "*", "_", "[", "#"]
    let name = signs.map { $0 + mark }.joined()
    let component = VarianceComponent(
      name, group: "g", levelCount: 2, columns: ["x"], standardDeviations: [1],
      correlations: [[1]], covariances: [[1]])
    let report = try fit().replacing(varianceComponents: [component]).report()
    let markdown = [
      "\\|", "\\\\", "&lt;b&gt;", "&amp;", "\\\\n", "\\`", "\\*", "\\_", "\\[", "\\#",
    ]
    let row = "| " + markdown.map { $0 + mark }.joined() + " | x | "
    #expect(report.text(as: .markdown).unicodeScalars.contains(row.unicodeScalars))
    let html = ["|", "\\", "&lt;b&gt;", "&amp;", "\n", "`", "*", "_", "[", "#"]
    let cell = "<th scope=\"row\">" + html.map { $0 + mark }.joined() + "</th><td>x</td>"
    #expect(report.text(as: .html).unicodeScalars.contains(cell.unicodeScalars))
  }
}
