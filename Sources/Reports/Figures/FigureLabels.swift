// SPDX-License-Identifier: GPL-2.0-or-later

/// Words and a size that somebody wants in place of a figure's own.
package struct FigureLabels: Sendable {
  /// Of the whole figure; panels keep their own titles.
  package var title: String?
  /// Of the horizontal and the vertical axis, of all panels.
  package var horizontal: String?
  package var vertical: String?
  /// CSS pixels.
  package var size: (width: Int, height: Int)?

  package init() {}
}
