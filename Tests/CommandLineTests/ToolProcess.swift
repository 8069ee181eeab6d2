// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation

/// One run of the built program, as a shell would start it.
struct ToolProcess {
  let status: Int32
  let output: String
  let errors: String

  /// The program beside the test bundle.
  static let program: String = {
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
  init(_ arguments: String...) throws {
    try self.init(arguments: arguments)
  }

  init(arguments: [String]) throws {
    try self.init(program: Self.program, arguments)
  }

  /// Runs a shell script in which `$tool` is the program and `$1`, `$2`, … are `arguments`.
  init(script: String, _ arguments: String...) throws {
    try self.init(script: script, arguments)
  }

  init(script: String, _ arguments: [String]) throws {
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

/// A folder that lasts as long as the value.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("lmm-sparse-tests-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var contents: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }

  func file(_ name: String) -> String { path + "/" + name }

  func handle(_ name: String) throws -> FileHandle {
    _ = FileManager.default.createFile(atPath: file(name), contents: nil)
    return try FileHandle(forWritingTo: URL(fileURLWithPath: file(name)))
  }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: file(name), encoding: .utf8)
  }

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: file(name), atomically: false, encoding: .utf8)
  }
}

/// The data of the shipped example, as the repository has it.
let sleepstudyPath = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("data/sleepstudy.csv").path

let sleepstudyFormula = "Reaction ~ Days + (Days | Subject)"
