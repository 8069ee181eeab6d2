// SPDX-License-Identifier: GPL-2.0-or-later

/// The structures that a formula can name, beside that of `(… | g)` and `us(… | g)`, where all
/// covariance matrices are allowed, and of `(… || g)` and `diag(… | g)`, which is as many terms as
/// columns.
let covarianceStructures: [any CovarianceStructure.Type] = [
  CompoundSymmetry.self, FirstOrderAutoregressive.self,
]
