// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// All files of a run and what is done with each: the one place that keeps a run from writing over
/// what it reads, and two of its outputs from one file.
///
/// A command names all it reads and all it writes here before its work begins, and gets its
/// destinations from here alone. Files are told apart by device and inode, through links; those that
/// do not exist yet by their folder's and their name.
struct RunFiles {
  /// Where the report goes, or whatever the run's one output is.
  let report: ReportDestination
  private var others: [String: ReportDestination] = [:]
  private var outputs: [PlannedOutput] = []
  private let inputs: [String]

  /// - Parameters:
  ///   - inputs: All that is read, `-` for standard input.
  ///   - output: The report's file; nil and `-` are standard output.
  ///   - others: Further outputs by their options; nil where there is none.
  /// - Throws: `OutputError` if a file cannot be written or is read as well, `ValidationError` if
  ///   two outputs are one file.
  init(
    reading inputs: [String], output: String?, option: String = "--output",
    others: KeyValuePairs<String, String?> = [:]
  ) throws {
    self.inputs = inputs
    let planned = try PlannedOutput(option: option, path: output ?? "-")
    report = ReportDestination(planned)
    try add(planned)
    for (option, path) in others {
      guard let path else { continue }
      let planned = try PlannedOutput(option: option, path: path)
      self.others[option] = ReportDestination(planned)
      try add(planned)
    }
  }

  /// Where an option's output goes; nil if the option was not given.
  subscript(option: String) -> ReportDestination? { others[option] }

  /// One more output, whose name the run itself has found.
  ///
  /// - Throws: As the initializer.
  mutating func destination(_ option: String, _ path: String) throws -> ReportDestination {
    let planned = try PlannedOutput(option: option, path: path)
    try add(planned)
    return ReportDestination(planned)
  }

  /// Refuses files of the run that have names as the outputs of `option` will have, which are not
  /// known yet: they begin and end like this.
  ///
  /// - Throws: `ValidationError`.
  func refuse(namesLike start: String, _ end: String, option: String) throws {
    guard case .file(let folder, let name, _)? = try? OutputTarget(path: start + end) else {
      return
    }
    let beginning = name.dropLast(end.count).lowercased()
    for path in inputs + outputs.map(\.path) {
      guard case .file(folder, let other, _)? = try? OutputTarget(path: path) else { continue }
      guard other.lowercased().hasPrefix(beginning), other.lowercased().hasSuffix(end) else {
        continue
      }
      throw ValidationError(
        "\(path) and a file of \(option) could be the same, \(start)…\(end). Name one of them otherwise."
      )
    }
  }

  private mutating func add(_ output: PlannedOutput) throws {
    try refuseInputs(output)
    try refuseStreams(output)
    for other in outputs where output.isSameFile(as: other) {
      throw ValidationError(
        "\(other.option) and \(output.option) must be different files, and both are \(output.name)."
      )
    }
    outputs.append(output)
  }

  private func refuseInputs(_ output: PlannedOutput) throws(OutputError) {
    for input in inputs {
      let status = input == "-" ? FileStatus(descriptor: 0) : FileStatus(path: input)
      guard let status, !status.isCharacterDevice, output.identity == status.identity else {
        continue
      }
      throw OutputError(path: output.name, reason: "it is read as input")
    }
  }

  /// A file to be replaced that standard output or error go to would lose what they wrote.
  private func refuseStreams(_ output: PlannedOutput) throws {
    guard case .file = output.target, let identity = output.identity else { return }
    for (descriptor, name) in [(Int32(1), "standard output"), (2, "standard error")]
    where FileStatus(descriptor: descriptor)?.identity == identity {
      throw OutputError(
        path: output.name, reason: "\(name) goes there, too, and \(output.option) would replace it")
    }
  }
}
