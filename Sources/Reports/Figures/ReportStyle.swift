// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// The colours of a page, which follow the reader's screen; paper is white.
enum ReportStyle {
  /// Colours as gnuplot writes them, and what stands for them in a page.
  static let variables: [String: String] = {
    var colours = [
      ("#000000", "currentColor"), ("#ffffff", "var(--page)"), (FigureStyle.grid, "var(--grid)"),
      ("#e8e8e8", "var(--band)"), (FigureStyle.rows, "var(--rows)"), ("#8c8c8c", "var(--rows)"),
      (FigureStyle.estimate, "var(--estimate)"), (FigureStyle.reference, "var(--reference)"),
    ]
    for (k, colour) in FigureStyle.viridis.enumerated() {
      colours.append((colour, "var(--density\(k))"))
    }
    for (k, colour) in FigureStyle.greys.enumerated() {
      colours.append((colour, "var(--shade\(k))"))
    }
    let notations = colours.flatMap { colour, value in
      [3, 0].map { (notation(colour, width: $0), value) }
    }
    // Behind a whole drawing there is the page; behind a key over what is drawn gnuplot writes white so.
    let named = [("black", "currentColor"), ("#ffffff", "none"), ("#FFFFFF", "var(--page)")]
    return Dictionary(named + notations) { first, _ in first }
  }()

  /// What gnuplot makes of #rrggbb: rgb(rrr, ggg, bbb), each padded to three characters, or without
  /// any blanks where the colour is transparent.
  static func notation(_ colour: String, width: Int) -> String {
    let value = Int(colour.dropFirst(), radix: 16) ?? 0
    let parts = [value >> 16, value >> 8 & 255, value & 255].map { part in
      String(repeating: " ", count: max(0, width - String(part).count)) + String(part)
    }
    return "rgb(\(parts.joined(separator: width > 0 ? ", " : ",")))"
  }

  private static func classes(_ name: String, _ colours: [String]) -> String {
    colours.enumerated().map { "--\(name)\($0): \($1);" }.joined(separator: " ")
  }

  /// On a dark page few are dark and many are bright.
  private static let darkDensity = [
    "#472d7b", "#3e4989", "#34618d", "#2b758e", "#24878e", "#1f998a", "#28ae80", "#4ac16d",
    "#7ad151", "#b5de2b", "#fde725",
  ]

  /// What stays behind the drawing is dark on a dark page.
  private static let darkGreys = [
    "#24282d", "#2c3137", "#343a41", "#3c434b", "#444c55", "#4c555f", "#545e69",
  ]

  static let css = """
    :root {
      color-scheme: light dark;
      --page: #ffffff; --ink: #1a1a1a; --quiet: #555555; --grid: \(FigureStyle.grid);
      --band: #e8e8e8; --rows: \(FigureStyle.rows); --estimate: \(FigureStyle.estimate);
      --reference: \(FigureStyle.reference);
      \(classes("density", FigureStyle.viridis))
      \(classes("shade", FigureStyle.greys))
    }
    @media screen and (prefers-color-scheme: dark) {
      :root {
        --page: #15181c; --ink: #e6e6e6; --quiet: #a8a8a8; --grid: #3a3f45; --band: #2c3137;
        --rows: #a0a0a0; --estimate: #4aa3df; --reference: #f0813a; \(classes("density", darkDensity))
        \(classes("shade", darkGreys))
      }
    }
    body {
      background: var(--page); color: var(--ink); margin: 2rem auto; padding: 0 1rem;
      max-width: 72rem; font: 16px/1.5 system-ui, "Helvetica Neue", Helvetica, Arial, sans-serif;
    }
    h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
    h3 { font-size: 1rem; margin: 1rem 0 0.25rem; }
    section p { margin: 0.25rem 0; overflow-wrap: anywhere; }
    table {
      border-collapse: collapse; margin: 0.75rem 0; font-size: 0.875rem; display: block;
      overflow-x: auto; font-variant-numeric: tabular-nums;
    }
    caption { text-align: left; font-weight: 600; padding-bottom: 0.25rem; }
    th, td { padding: 0.15rem 0.75rem; white-space: nowrap; }
    thead { border-bottom: 1px solid var(--quiet); }
    thead th { text-align: right; font-weight: 600; }
    tbody th { text-align: left; font-weight: 400; }
    tbody tr + tr { border-top: 1px solid var(--grid); }
    details { margin: 1rem 0; }
    summary { cursor: pointer; color: var(--quiet); }
    pre { overflow-x: auto; line-height: 1.35; font-size: 0.875rem; margin: 0; }
    pre, figure { border-top: 1px solid var(--grid); padding-top: 0.75rem; }
    figure { margin: 2rem 0 0; break-inside: avoid; }
    figure h2 { margin-top: 0; }
    .drawing { overflow-x: auto; }
    figure svg { max-width: 100%; height: auto; display: block; }
    /* Smaller, letters could not be read: narrow screens scroll. */
    @media screen and (max-width: 40rem) { figure svg { max-width: 44rem; } }
    figcaption, .note { color: var(--quiet); font-size: 0.9rem; }
    """
}
