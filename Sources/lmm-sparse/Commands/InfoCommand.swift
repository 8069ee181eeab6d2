// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// Prints what a report of a problem should mention, or what model files hold.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show versions, the BLAS in use, cores and memory; or what model files hold.",
    discussion: """
      Files are read whole: all checksums are compared, and a fit is computed again. \
      \(MachineDescription.jsonHelp)
      """)

  @Argument(help: "Model files (.lmm) to describe instead.", completion: .file())
  var files: [String] = []

  @Flag(help: "Describe the machine in JSON.")
  var json = false

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("Write it to a file, whole or not at all.", valueName: "file"), completion: .file())
  var output: String?

  func validate() throws {
    guard files.isEmpty || !json else {
      throw ValidationError("--json describes the machine, not files: leave out one of the two.")
    }
  }

  func run() throws {
    guard files.isEmpty else {
      let run = try RunFiles(reading: files, output: output)
      let texts = try files.map { try table(modelFileRows($0)) }
      return try run.report.write(texts.joined(separator: "\n"))
    }
    let machine = MachineDescription()
    var text = ""
    if json {
      machine.json.write(to: &text, breakingLines: 2)
      text += "\n"
    } else {
      text = table(machine.rows) + machine.warnings.map { "warning: \($0)\n" }.joined()
    }
    try RunFiles(reading: [], output: output).report.write(text)
  }

  private func table(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { name, value in
      name + String(repeating: " ", count: width + 2 - name.count)
        + printableText(value) + "\n"
    }.joined()
  }
}
