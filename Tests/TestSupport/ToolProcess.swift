// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation

/// One run of the built program, as a shell would start it.
package struct ToolProcess: Sendable {
  package let status: Int32
  package let output: String
  package let errors: String

  /// The program beside the test bundle.
  package static let program: String = {
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
    var directory = URL(fileURLWithPath: bundle)
    while directory.path != "/" {
      directory.deleteLastPathComponent()
      let candidate = directory.appendingPathComponent("lmm-sparse").path
      var isDirectory: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate, isDirectory: &isDirectory),
        !isDirectory.boolValue
      {
        return candidate
      }
    }
    fatalError("lmm-sparse was not built beside \(bundle)")
  }()

  /// Runs `lmm-sparse` with `arguments`; standard input is empty.
  package init(_ arguments: String...) throws {
    try self.init(arguments: arguments)
  }

  package init(arguments: [String]) throws {
    try self.init(program: Self.program, arguments)
  }

  /// Runs a shell script in which `$tool` is the program and `$1`, `$2`, … are `arguments`.
  package init(script: String, _ arguments: String...) throws {
    try self.init(script: script, arguments)
  }

  package init(script: String, _ arguments: [String]) throws {
    try self.init(
      program: "/bin/bash", ["-c", "tool=\"$0\"; " + script, Self.program] + arguments)
  }

  private init(program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let folder = try TemporaryFolder()
    let (outputFile, errorFile) = (try folder.handle("output"), try folder.handle("errors"))
    process.standardOutput = outputFile
    process.standardError = errorFile
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = try folder.text("output")
    errors = try folder.text("errors")
  }
}
