// SPDX-License-Identifier: GPL-2.0-or-later

/// Where the pieces of a spline meet, as its call or the values of its column say.
package struct SplineKnots: Sendable, Hashable {
  /// Ascending, between the boundary.
  package var interior: [Double]
  package var lower: Double
  package var upper: Double
}
