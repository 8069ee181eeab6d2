// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import Reports

/// What a figure looks like beside what it shows.
struct AppearanceArguments: ParsableArguments {
  /// `WIDTHxHEIGHT` in CSS pixels.
  struct Size: ExpressibleByArgument {
    let width: Int
    let height: Int

    init?(argument: String) {
      let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
      guard parts.count == 2, let width = parts[0], let height = parts[1],
        FigureSize.range.contains(width), FigureSize.range.contains(height)
      else { return nil }
      (self.width, self.height) = (width, height)
    }
  }

  @Option(
    help: ArgumentHelp(
      "Size in pixels of 1/96 inch, 100 to 10000 each; .png has twice as many dots.",
      valueName: "width×height as 800x600"))
  var size: Size?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Title of the figure; panels keep theirs.", valueName: "text"))
  var title: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Name of the horizontal axis.", valueName: "text"))
  var xlabel: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Name of the vertical axis.", valueName: "text"))
  var ylabel: String?

  var labels: FigureLabels {
    var labels = FigureLabels()
    (labels.title, labels.horizontal, labels.vertical) = (title, xlabel, ylabel)
    labels.size = size.map { ($0.width, $0.height) }
    return labels
  }
}
