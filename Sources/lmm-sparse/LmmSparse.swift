// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import NumericalMethods

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@main struct LmmSparse: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lmm-sparse",
    abstract: "Linear mixed-effects models for very large grouped data.",
    version: softwareVersion,
    subcommands: [
      FitCommand.self, SummaryCommand.self, CrossprodCommand.self, AnovaCommand.self, DropCommand.self,
      RandomAnovaCommand.self, SelectCommand.self, ContrastCommand.self, ConfintCommand.self,
      MarginalMeansCommand.self, VarianceCommand.self, PoolCommand.self, BootstrapCommand.self,
      FixefCommand.self, RanefCommand.self,
      PredictCommand.self, AugmentCommand.self, PlotCommand.self, ReportCommand.self,
      PlanCommand.self, SimulateCommand.self, StudyCommand.self, InfoCommand.self,
    ])

  /// Errors of the command line begin like all others.
  static let _errorPrefix = "error: "

  static func main() {
    // Before anything is read or written: the program may start itself again.
    _ = KernelChange.outcome
    stopIdleBLASThreads()
    OptionVocabulary().install()
    // A closed pipe and a full quota are errors of write(2), not the end of the program.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    openStandardStreams()
    installSignalHandlers()
    SecondReadings.refuse()
    leave(status(of: Array(CommandLine.arguments.dropFirst())))
  }

  /// Runs the command and returns the program's exit status; errors have been reported.
  private static func status(of arguments: [String]) -> Int32 {
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
      return EXIT_SUCCESS
    } catch  where exitCode(for: error) == .success {
      return show(fullMessage(for: error) + "\n")
    } catch let error as OutputError where error.isBrokenPipe {
      return statusOfBrokenPipe
    } catch {
      writeToStandardError(message: fullMessage(for: error))
      return exitCode(for: error).rawValue
    }
  }

  /// Help and version texts go to standard output.
  private static func show(_ text: String) -> Int32 {
    do throws(OutputError) {
      try writeToStandardOutput(text)
      return EXIT_SUCCESS
    } catch {
      if error.isBrokenPipe { return statusOfBrokenPipe }
      writeToStandardError(message: "error: \(error)")
      return EXIT_FAILURE
    }
  }

  /// What a shell sees of a program that SIGPIPE ended: who reads has had enough, as `head` has, and
  /// needs no words about it.
  private static let statusOfBrokenPipe = 128 + SIGPIPE
}

/// `ParsableArguments.exit` hides the system's function inside commands.
private func leave(_ status: Int32) -> Never { exit(status) }
