// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Texts and drawings as one page that needs no other file and suits light and dark screens and
/// paper.
package struct HTMLReport: Sendable {
  private let title: String
  private var body = ""
  private var figures = 0

  package init(title: String) { self.title = title }

  /// Text as a terminal would show it.
  package mutating func add(_ heading: String, text: String) {
    body +=
      "<section>\n<h2>\(HTMLFormat.escaped(heading))</h2>\n<pre>\(HTMLFormat.escaped(text))</pre>\n</section>\n"
  }

  /// A report, its tables as tables.
  package mutating func add(_ heading: String, report: Report) {
    body +=
      "<section>\n<h2>\(HTMLFormat.escaped(heading))</h2>\n\(report.text(as: .html))</section>\n"
  }

  /// Text as a terminal would show it, which the reader unfolds.
  package mutating func add(_ heading: String, folded text: String) {
    body +=
      "<details>\n<summary>\(HTMLFormat.escaped(heading))</summary>\n<pre>\(HTMLFormat.escaped(text))</pre>\n</details>\n"
  }

  /// A sentence for people.
  package mutating func add(note: String) {
    body += "<p class=\"note\">\(HTMLFormat.escaped(note))</p>\n"
  }

  /// Adds a drawing of gnuplot's.
  package mutating func add(_ heading: String, svg: String, caption: String) {
    figures += 1
    body += """
      <figure>
      <h2>\(HTMLFormat.escaped(heading))</h2>
      <div class="drawing">\(InlineSVG(svg, number: figures).text)</div>
      <figcaption>\(HTMLFormat.escaped(caption))</figcaption>
      </figure>

      """
  }

  package var text: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8"/>
    <meta name="viewport" content="width=device-width, initial-scale=1"/>
    <meta name="generator" content="lmm-sparse \(HTMLFormat.escaped(softwareVersion))"/>
    <title>\(HTMLFormat.escaped(title))</title>
    <style>
    \(ReportStyle.css)
    </style>
    </head>
    <body>
    <h1>\(HTMLFormat.escaped(title))</h1>
    \(body)</body>
    </html>

    """
  }
}
