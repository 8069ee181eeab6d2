// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What was done about the kernels of the BLAS before the program began.
///
/// OpenBLAS reads `OPENBLAS_CORETYPE` while it is loaded. Where it took kernels that are narrower than the
/// processor, the program therefore starts itself again with the variable: the same process, arguments
/// and streams. Before that, a child tests those kernels. Whoever sets the variable has the last word.
struct KernelChange {
  /// The kernel that OpenBLAS took by itself; nil where the environment chose, and for another BLAS.
  var taken: String?
  /// The kernel that fits the processor, where `taken` does not.
  var fitting: String?
  /// What the test of `fitting` came to; nil without one.
  var verdict: KernelVerdict?
  /// Whether an earlier run had tested it.
  var wasTestedBefore = false
  /// Why `fitting` is not in use; nil if it is.
  var obstacle: String?

  /// Set for the child that tests, and where the program was started again: it never is twice.
  static let marker = "LMM_SPARSE_KERNEL"
  private static let test = "test"
  /// A crash in the child is expected and needs no account of it, which takes seconds.
  private static let childSettings = [(marker, test), ("SWIFT_BACKTRACE", "enable=no")]

  /// Decides at its first use, which must be the first thing that the program does: it may not return.
  static let outcome = decide()

  private static func decide() -> KernelChange {
    switch environmentVariable(marker) {
    case test?: endWithSelfTest()
    case let words?: return KernelChange(words) ?? KernelChange()
    case nil: break
    }
    let blas = BLASDescription.current
    guard environmentVariable(BLASKernel.variable) == nil, let processor = Processor.current,
      let taken = blas.kernel
    else { return KernelChange() }
    var change = KernelChange(taken: taken)
    change.fitting = BLASKernel.replacement(for: taken, on: processor.vectors)
    guard let fitting = change.fitting else { return change }
    guard blas.choosesKernel else {
      change.obstacle = "this OpenBLAS was built without it"
      return change
    }
    let memory = KernelMemory(
      kernel: fitting, instead: taken, of: blas, on: processor,
      software: "lmm-sparse \(softwareVersion)")
    change.test(memory)
    if change.verdict == .passed { change.startAgain() }
    return change
  }

  private mutating func test(_ memory: KernelMemory) {
    verdict = memory.verdict
    wasTestedBefore = verdict != nil
    if verdict == nil, let fitting, let program = ownProgram {
      let tried = KernelTrial(program: program, settings: Self.childSettings)
        .verdict(on: fitting)
      verdict = tried
      // With little memory another run's verdict may differ.
      if tried == .passed || MemoryLimits.current.ownAddressSpace == nil { memory.keep(tried) }
    }
    obstacle = verdict.flatMap { $0 == .passed ? nil : $0.description }
  }

  /// Puts the program, as if called anew, in this one's place; returns if that cannot be.
  private mutating func startAgain() {
    guard let taken, let fitting else { return }
    let words = [taken, fitting, wasTestedBefore ? "before" : "now"].joined(separator: " ")
    let environment = Environment(with: [(BLASKernel.variable, fitting), (Self.marker, words)])
    // By its own name where possible, under which the system then lists it.
    for path in [ownProgram, "/proc/self/exe"].compactMap(\.self) {
      execve(path, CommandLine.unsafeArgv, environment.entries)
    }
    obstacle = "the program could not be started again: \(systemWords())"
    environment.free()
  }
}

extension KernelChange {
  /// What the program that was started again is told by the one before; nil if it does not hold.
  init?(_ marker: String) {
    let words = marker.split(separator: " ").map(String.init)
    guard words.count == 3, environmentVariable(BLASKernel.variable) == words[1] else { return nil }
    (taken, fitting, verdict, wasTestedBefore) = (words[0], words[1], .passed, words[2] == "before")
  }

  /// What the child does: it writes its verdict to the pipe that is its output.
  private static func endWithSelfTest() -> Never {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)  // a crash leaves no file
    alarm(10)  // ends by itself, should the parent be gone
    let wanted = environmentVariable(BLASKernel.variable)?.lowercased()
    let verdict: KernelVerdict =
      if BLASDescription.current.kernel?.lowercased() != wanted {
        .refused
      } else {
        BLASSelfTest.firstDifference().map(KernelVerdict.wrong) ?? .passed
      }
    try? writeToStandardOutput(verdict.line)
    _exit(EXIT_SUCCESS)
  }
}
