// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels

/// The figures of a study and the files they go to.
struct StudyDrawing {
  private let prefix: String
  private let suffix: String
  private let terminal: FigureTerminal
  /// Whether the user asked for figures, so that it is an error if there are none.
  private let isAsked: Bool
  /// Whether the study is the built-in one, whose two figures have names of their own.
  private let isSchools: Bool

  /// More would be a folder, not a look at a study.
  private static let mostFigures = 12

  /// nil without a prefix.
  ///
  /// - Throws: `ValidationError` for a prefix without a name.
  init?(prefix: String?, isAsked: Bool, isSchools: Bool) throws {
    guard let prefix else { return nil }
    let known = FigureTerminal.suffixes.first { prefix.hasSuffix("." + $0) }
    suffix = "." + (known ?? "svg")
    self.prefix = known == nil ? prefix : String(prefix.dropLast(suffix.count))
    terminal = try FigureTerminal(path: "figure" + suffix)
    (self.isAsked, self.isSchools) = (isAsked, isSchools)
    guard !self.prefix.isEmpty, !self.prefix.hasSuffix("/") else {
      throw ValidationError("--figures takes the beginning of file names, not '\(prefix)'.")
    }
    // A folder that cannot be written to shows before the work is done.
    if isAsked { _ = try ReportDestination(path: self.prefix + "-x" + suffix, inputs: []) }
  }

  /// Draws coefficients but the intercept, and variances; says on standard error what it drew.
  func draw(_ study: Study, isQuiet: Bool) throws {
    let wanted = study.cells[0].parameters.filter { parameter in
      parameter.kind == .variance || (parameter.kind == .fixed && parameter.term != "(Intercept)")
    }
    do {
      var names: [String] = []
      for parameter in wanted.prefix(Self.mostFigures) {
        guard let figure = StudyFigure(StudyEstimates(study, parameter)) else { continue }
        let path = prefix + "-" + name(of: parameter) + suffix
        let destination = try ReportDestination(path: path, inputs: [])
        let bytes = try figure.drawn(on: terminal)
        try destination.write { try $0.write(bytes) }
        names.append(path)
      }
      if !isQuiet, !names.isEmpty {
        writeToStandardError(message: "figures: \(names.joined(separator: ", "))")
      }
    } catch {
      guard !isAsked else { throw error }
      if !isQuiet { writeToStandardError(message: "no figures: \(error)") }
    }
  }

  private func name(of parameter: StudyParameter) -> String {
    if isSchools { return parameter.kind == .fixed ? "slope" : "variance" }
    let text = parameter.kind == .fixed ? parameter.term : parameter.name
    // Letters and digits of any script, nothing that a shell or a path would read.
    let safe = text.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." ? $0 : "-" }
    return String(safe.prefix(100))
  }
}
