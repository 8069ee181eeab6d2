// SPDX-License-Identifier: GPL-2.0-or-later

/// A model with covariances between the residuals of a subject, and its optimum.
struct RepeatedFit: Sendable {
  let model: RepeatedModel
  let optimum: RepeatedOptimum
}
