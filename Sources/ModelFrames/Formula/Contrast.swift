// SPDX-License-Identifier: GPL-2.0-or-later

/// How the levels of a factor become columns.
public enum Contrast: Sendable, Equatable {
  case treatment, sum, helmert, polynomial
  /// One row per level (named), one column per contrast (named).
  case matrix(levels: [String], columns: [String], values: [[Double]])
}
