// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels

/// Writes a table drawn from a known model.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Draw a table from a known model.",
    discussion: """
      The workload names the model and the design:

          lmm-sparse simulate slopes1m --rows 50000 --levels g=2000 --seed 7 --output data.csv

      The same arguments give the same table, whatever the number of threads.
      """)

  @Argument(help: "The workload; --list shows them.")
  var workload: String?

  @Flag(help: "List the workloads: name, rows, formula.")
  var list = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rows of the table; default: the workload's.", valueName: "n"))
  var rows: Int?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Number of levels of a factor; repeatable.", valueName: "factor=n"))
  var levels: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Any integer from 0; another one, another table.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Threads; default: all cores.", valueName: "n"))
  var threads: Int?

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "Write the table to a file, whole or not at all; default: standard output.",
      valueName: "file"))
  var output: String?

  func validate() throws {
    if list != (workload == nil) {
      throw ValidationError(
        list
          ? "--list takes no workload."
          : "name a workload: \(SimulationDesign.workloads.map(\.name).joined(separator: ", ")).")
    }
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
    _ = try design()
  }

  func run() throws {
    guard let design = try design() else { return try writeToStandardOutput(Self.listing) }
    let destination = try ReportDestination(path: output, inputs: [])
    installInterruptHandler()
    let simulation = Simulation(design, seed: seed)
    try destination.write { stream in
      try simulation.writeCSV(threads: threads ?? 0) { try stream.write($0) }
    }
  }

  /// The workload with the changes asked for; nil without a workload.
  private func design() throws -> SimulationDesign? {
    guard let workload else { return nil }
    let counts = try levels.map(levelCount)
    do throws(SimulationError) {
      var design = try SimulationDesign(workload: workload)
      if let rows { try design.setRows(rows) }
      for (factor, count) in counts { try design.setLevels(count, of: factor) }
      return design
    } catch {
      throw ValidationError(error.description)
    }
  }

  private func levelCount(_ argument: String) throws -> (factor: String, count: Int) {
    let (factor, text) = try columnAssignment(
      argument, option: "--levels", key: "FACTOR", value: "N")
    guard let count = Int(text) else {
      throw ValidationError("--levels '\(argument)': '\(text)' is no number of levels.")
    }
    return (factor, count)
  }

  private static var listing: String {
    let workloads = SimulationDesign.workloads
    let width = workloads.map(\.name.count).max() ?? 0
    return workloads.map { workload in
      let rows = String(workload.rows)
      let gap = String(repeating: " ", count: width + 12 - workload.name.count - rows.count)
      return "\(workload.name)\(gap)\(rows)  \(workload.formula)\n"
    }.joined()
  }
}
