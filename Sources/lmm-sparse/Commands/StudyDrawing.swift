// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports
import Studies

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
  }

  /// Shows before the work is done what would stop the drawing after it.
  ///
  /// - Throws: `OutputError` for a folder that cannot be written to, `ValidationError` where another
  ///   file of the run has a name that a figure could get.
  func check(_ files: RunFiles) throws {
    if isAsked { _ = try PlannedOutput(option: "--figures", path: prefix + "-x" + suffix) }
    try files.refuse(namesLike: prefix + "-", suffix, option: "--figures")
  }

  /// Draws coefficients but the intercept, and variances; says on standard error what it drew.
  func draw(_ study: Study, _ files: inout RunFiles, isQuiet: Bool) throws {
    let wanted = study.cells[0].parameters.filter { parameter in
      parameter.kind == .variance || (parameter.kind == .fixed && parameter.term != "(Intercept)")
    }
    do {
      var names: [String] = []
      for parameter in wanted.prefix(Self.mostFigures) {
        guard let figure = StudyFigure(StudyEstimates(study, parameter)) else { continue }
        let path = path(of: parameter, besides: names)
        let destination = try files.destination("--figures", path)
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

  /// Names that are one when what a shell would read is gone, or in a folder that ignores case, are
  /// numbered.
  private func path(of parameter: StudyParameter, besides others: [String]) -> String {
    let start = prefix + "-" + name(of: parameter)
    let taken = Set(others.map { $0.lowercased() })
    let candidates = [start + suffix] + (2...(others.count + 2)).map { "\(start)-\($0)\(suffix)" }
    return candidates.first { !taken.contains($0.lowercased()) }!
  }

  private func name(of parameter: StudyParameter) -> String {
    if isSchools { return parameter.kind == .fixed ? "slope" : "variance" }
    let text = parameter.kind == .fixed ? parameter.term : parameter.name
    // Letters and digits of any script, nothing that a shell or a path would read.
    let safe = text.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." ? $0 : "-" }
    return String(safe.prefix(100))
  }
}
