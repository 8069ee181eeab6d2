// SPDX-License-Identifier: GPL-2.0-or-later

/// The values of one column in a run of rows.
package enum ColumnValues: Sendable {
  /// NaN is missing; TRUE and FALSE are 1 and 0.
  case numbers([Double])
  /// Each code is an index into `labels`; −1 is missing.
  case labels(codes: [Int32], labels: [String])
}
