// SPDX-License-Identifier: GPL-2.0-or-later

/// Seconds that something takes on one thread, by what several threads share and what one does alone.
package struct Work: Sendable {
  package var shared = 0.0
  package var alone = 0.0

  /// Choices rest on this, for what they lead to must not depend on the number of threads.
  package var total: Double { shared + alone }

  package func seconds(threads: Int) -> Double { shared / Double(max(threads, 1)) + alone }

  static func + (a: Work, b: Work) -> Work { Work(shared: a.shared + b.shared, alone: a.alone + b.alone) }
  static func * (scale: Double, a: Work) -> Work { Work(shared: scale * a.shared, alone: scale * a.alone) }
}
