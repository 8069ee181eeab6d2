// SPDX-License-Identifier: GPL-2.0-or-later

/// A way to write a fit down.
///
/// A format is a value: its options are its properties.
public protocol ReportFormat: Sendable {
  /// Writes the whole report, ending with a line feed.
  func write(_ fit: Fit, to output: inout some TextOutputStream)
}

extension ReportFormat {
  /// The whole report as one string.
  public func text(for fit: Fit) -> String {
    var text = ""
    write(fit, to: &text)
    return text
  }
}
