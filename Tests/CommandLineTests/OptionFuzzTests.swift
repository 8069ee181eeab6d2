// SPDX-License-Identifier: GPL-2.0-or-later
import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

/// Values of options that nobody means, for every command: each run ends, soon, with status 0, 1, 2 or
/// 64, and errors are told in a few words.
///
/// A sample runs with the other tests. Longer, with another seed:
///
///     LMM_FUZZ_SECONDS=60 LMM_FUZZ_SEED=7 swift test --disable-xctest --filter OptionFuzzTests
@Suite struct OptionFuzzTests {
  /// A run with one or two options set to something.
  struct Trial: Sendable {
    let arguments: [String]

    /// Whether much work was asked for, so that an interrupt that ends it is all there is to see.
    var isLong: Bool {
      arguments.contains {
        ["--replicates", "--simulations", "--rows", "--rows-per", "--levels", "--copies"].contains($0)
      }
    }
  }

  @Test func `no value of an option makes a command crash or hang`() throws {
    let environment = ProcessInfo.processInfo.environment
    let seconds = environment["LMM_FUZZ_SECONDS"].flatMap(Double.init)
    let seed = environment["LMM_FUZZ_SEED"].flatMap(UInt64.init) ?? 1
    let folder = try TemporaryFolder()
    let place = try FuzzPlace(folder)
    let generator = Mutex(FuzzGenerator(seed: seed))
    let end = Date().addingTimeInterval(seconds ?? 600)
    let left = Mutex(seconds == nil ? 250 : Int.max)
    let complaints = Mutex([String]())
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      while Date() < end, left.withLock({ $0 -= 1; return $0 >= 0 }) {
        let trial = generator.withLock { $0.trial(place) }
        guard let complaint = place.complaint(about: trial) else { continue }
        let words = trial.arguments.map { "'\($0.prefix(200))'" }.joined(separator: " ")
        complaints.withLock { $0.append("\(complaint): lmm-sparse \(words)") }
      }
    }
    let found = complaints.withLock { $0 }
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  @Test func `every option of every command is drawn, or writes a file`() throws {
    let drawn = try FuzzVocabulary.commands()
    let named = try ToolOption.ofCommands()
    #expect(named.keys.count > 20)
    for (command, options) in named where !options.isEmpty {
      let names = drawn.filter { $0.arguments[0] == command }.flatMap(\.options).map(\.name)
      let missing = Set(options).subtracting(names).subtracting(FuzzVocabulary.writing)
      #expect(missing.isEmpty, "\(command): \(missing.sorted())")
    }
  }

  /// Found by hand: each once trapped, hung or took all memory.
  static let known: [[String]] = [
    ["simulate", "y ~ 1 + (1 | g)", "--imbalance", "g=gamma(1e308)"],
    ["simulate", "y ~ 1 + (1 | g)", "--imbalance", "g=lognormal(1e308)"],
    ["simulate", "y ~ 1 + (1 | g)", "--imbalance", "g=zipf(1e308)"],
    [
      "simulate", "y ~ x + (1 | g)", "--covariate",
      "x=-9223372036854775808..9223372036854775807",
    ],
    ["simulate", "y ~ x + (1 | g)", "--covariate", "x=gamma(1e308,1)"],
    ["simulate", "MODEL", "--data", "DATA", "--replicates", "4294967296"],
    ["study", "y ~ 1 + (1 | g)", "--imbalance", "g=gamma(1e308)"],
    ["study", "y ~ 1 + (1 | g)", "--replicates", "4294967296"],
    ["study", "y ~ 1 + (1 | g)", "--levels", "g=99999999999999999999,2"],
    ["bootstrap", "MODEL", "--replicates", "4294967296"],
    ["confint", "MODEL", "--method", "bootstrap", "--replicates", "4294967296"],
    ["fit", "FORMULA", "DATA", "--threads", "4294967296"],
    ["fit", "FORMULA", "DATA", "--max-evaluations", "9223372036854775807"],
    ["fit", "FORMULA", "DATA", "--tolerance", "1e400"],
    ["fit", "FORMULA", "DATA", "--accuracy", "nan"],
    ["simulate", "y ~ 1 + (1 | g)", "--sigma", "1e308"],
  ]

  @Test(arguments: known.indices)
  func `numbers out of their range are refused with the range`(index: Int) throws {
    let place = try FuzzPlace(TemporaryFolder())
    let arguments = Self.known[index].map(place.resolved)
    let run = try ToolProcess(script: "ulimit -v 8000000; timeout 20 $tool \"$@\"", arguments)
    #expect(run.status == 64, "\(run.errors)")
    #expect(run.output == "")
    #expect(
      run.errors.contains("must") || run.errors.contains("1 to 10⁸")
        || run.errors.contains("is no number") || run.errors.contains("more than 1000000 numbers"),
      "\(run.errors)")
  }
}

/// Data and a model file for the runs.
struct FuzzPlace: Sendable {
  let commands: [FuzzVocabulary.Command]
  private let folder: TemporaryFolder
  private let model: String

  init(_ folder: TemporaryFolder) throws {
    self.folder = folder
    commands = try FuzzVocabulary.commands()
    model = folder.file("m.lmm")
    _ = try ToolProcess("fit", sleepstudyFormula, sleepstudyPath, "--save", model, "--quiet")
  }

  func resolved(_ argument: String) -> String {
    switch argument {
    case "MODEL": model
    case "DATA": sleepstudyPath
    case "FORMULA": sleepstudyFormula
    default: argument
    }
  }

  /// What is wrong with what became of a run; nil for nothing.
  func complaint(about trial: OptionFuzzTests.Trial) -> String? {
    guard
      let run = try? ToolProcess(
        script: "ulimit -v 4000000; "
          + "timeout -k 10 -s INT 20 $tool \"$@\" | head -c 100000; exit ${PIPESTATUS[0]}",
        trial.arguments)
    else { return "not started" }
    if run.status == 124 { return trial.isLong ? nil : "hangs" }
    if run.errors.contains("Unknown option") { return "no such option" }
    if run.status == 141 { return nil }  // the reader of its output had enough
    guard [0, 1, 2, 64].contains(run.status) else { return "status \(run.status)" }
    if run.status != 0, !run.errors.contains("error: ") { return "no error told" }
    if run.errors.utf8.count > 100_000 { return "\(run.errors.utf8.count) bytes of errors" }
    return nil
  }
}

/// Draws commands, options and values.
struct FuzzGenerator: Sendable {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  private mutating func element<T>(_ all: [T]) -> T { all[random.below(all.count)] }

  mutating func trial(_ place: FuzzPlace) -> OptionFuzzTests.Trial {
    let command = element(place.commands)
    var arguments = command.arguments
    for _ in 0..<(random.below(4) == 0 ? 2 : 1) {
      let option = element(command.options)
      arguments += [option.name, option.form.replacing("?", with: element(FuzzVocabulary.values))]
    }
    return OptionFuzzTests.Trial(arguments: arguments.map(place.resolved))
  }
}
