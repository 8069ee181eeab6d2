// SPDX-License-Identifier: GPL-2.0-or-later

/// What is minimized over the covariance parameters.
public enum CriterionKind: String, Sendable, CaseIterable {
  case reml = "REML"
  case ml = "ML"
}
