// SPDX-License-Identifier: GPL-2.0-or-later
import CRmath

/// The studentized range of `count` normal means, as R computes it (`ptukey`, `qtukey`).
package struct StudentizedRange: Sendable {
  /// At least 2; otherwise every result is NaN.
  package let count: Double
  /// At least 2, infinite for a known variance; otherwise every result is NaN.
  package let degreesOfFreedom: Double

  package init(count: Int, degreesOfFreedom: Double) {
    self.init(count: Double(count), degreesOfFreedom: degreesOfFreedom)
  }

  /// Of a number between whole ones, as approximations use it.
  package init(count: Double, degreesOfFreedom: Double) {
    (self.count, self.degreesOfFreedom) = (count, degreesOfFreedom)
  }

  private var isDefined: Bool { count >= 2 && degreesOfFreedom >= 2 }

  /// P(Q ≤ q) or P(Q > q).
  package func cumulative(_ q: Double, tail: Tail = .lower) -> Double {
    isDefined ? ptukey(q, 1, count, degreesOfFreedom, tail.flag, 0) : .nan
  }

  /// The q whose `cumulative` is `probability`.
  package func quantile(_ probability: Double, tail: Tail = .lower) -> Double {
    isDefined ? qtukey(probability, 1, count, degreesOfFreedom, tail.flag, 0) : .nan
  }
}
