// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Adds normalized residuals to predictions of rows, chunk by chunk in their order.
struct NormalizedResiduals {
  private var residuals: CorrelatedResiduals
  /// Why there are none from some row on.
  private var end: DataError?

  /// - Returns: nil where they are not among the columns, or residuals are independent.
  init?(_ fitted: FittedModel, _ columns: [RowColumn]) {
    guard columns.contains(.normalizedResidual), let residuals = CorrelatedResiduals(fitted) else {
      return nil
    }
    self.residuals = residuals
  }

  mutating func add(to predicted: inout PredictedRows, _ rows: NewRows, _ source: any TableRows) {
    predicted.normalized = predicted.residuals.map { _ in .nan }
    guard end == nil else { return }
    do { predicted.normalized = try residuals.normalized(predicted.residuals, rows) } catch {
      end = (error as? RowError)?.located(in: source)
    }
  }

  /// For the user.
  var notes: [String] {
    end.map { ["normalized residuals (.normres) take those of a subject's rows before, and are NA from here on: \($0)"] } ?? []
  }
}
