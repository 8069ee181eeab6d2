// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

extension ReportArguments {
  /// Writes the report of a fit, and tells what has no place in it.
  ///
  /// - Parameter ending: What follows the report.
  /// - Throws: `OutputError`; `NotConverged` for a fit that is none, once it is written.
  func write(_ fit: Fit, _ files: RunFiles, ending: String = "") throws {
    let format = reportFormat
    try withSignificantDigits(digits.digits) {
      try files.report.write { stream in
        try stream.write { output in
          format.write(isGlance ? fit.glance : fit.report(isVerbose: verbose), to: &output)
          output.write(ending)
        }
      }
    }
    guard fit.convergence.converged else {
      // The error has the messages, too.
      throw NotConverged(messages: fit.convergence.messages)
    }
    if !format.showsNotes { progress.tell(fit.convergence.messages) }
  }

  /// Shows the fit in a model file; no rows and no search.
  ///
  /// - Throws: `ModelFileError`, `InferenceError`, `OutputError`, `NotConverged`.
  func writeStored(
    _ path: String, _ tests: DegreesOfFreedomArguments, _ search: SearchArguments
  ) throws {
    let files = try RunFiles(reading: [path], output: output)
    _ = try wantsResiduals(of: ModelInput(files: [path], data: []))
    var options = FitOptions()
    try search.set(&options)
    tests.set(&options)
    options.wantsConditionalModes = ranef
    let line = progress.line
    let fit = try Fit(contentsOf: path, options: options)
    line?.clear()
    try write(fit, files)
  }
}

/// The report was written, but its numbers are not those of the optimum.
struct NotConverged: Error, CustomStringConvertible {
  let messages: [String]

  var description: String {
    let reasons = messages.isEmpty ? "" : ": " + messages.joined(separator: "; ")
    return "the search did not converge\(reasons). The report shows where it stopped."
  }
}

/// Refuses options that would make another fit than the one that is stored.
///
/// - Throws: `ValidationError`.
func checkStored(
  _ path: String, _ model: ModelArguments, _ reading: ReadingArguments, _ search: SearchArguments
) throws {
  let given = [
    ("--ml", model.criterion != .ml), ("--weights", model.weights == nil),
    ("--offset", model.offset == nil), ("--factor", reading.factor.isEmpty),
    ("--levels", reading.levels.isEmpty), ("--contrasts", reading.contrasts.isEmpty),
    ("--missing", reading.missing.isEmpty), ("--start", search.start == nil),
    ("--residual", model.residual == nil), ("--theta", search.theta == nil), ("--sigma", search.sigma == nil),
  ].filter { !$0.1 }.map(\.0)
  guard let option = given.first else { return }
  throw ValidationError(
    "\(option) would make another fit than the one in \(path). To search again, from the cross-products in the file: lmm-sparse fit FORMULA \(path) \(option) …"
  )
}
