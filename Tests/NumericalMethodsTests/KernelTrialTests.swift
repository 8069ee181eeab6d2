// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import NumericalMethods
import Testing

/// What becomes of a kernel that is tested.
@Suite struct KernelTrialTests {
  @Test func `the BLAS in use computes what plain loops do`() {
    #expect(BLASSelfTest.firstDifference() == nil)
  }

  @Test func `a difference is told, and the first one stays`() {
    var test = BLASSelfTest()
    test.expect([1, 2, 3], [1, 2, 3 + 1e-12], "dgemv", 3, 7)
    #expect(test.difference == nil)
    test.expect([1, 2, 3], [1, 2, 3 + 1e-9], "dgemv", 3, 7)
    test.expect([1], [2], "dnrm2", 1)
    #expect(test.difference == "dgemv of 3 × 7")
  }

  @Test(arguments: [[1, .nan], [1, .infinity], [1], [1, 2, 2]])
  func `neither NaN nor a missing number agrees`(result: [Double]) {
    var test = BLASSelfTest()
    test.expect(result, [1, 2], "ddot", 2)
    #expect(test.difference != nil)
  }

  static let children: [(script: String, verdict: KernelVerdict)] = [
    ("echo passed", .passed), ("printf passed", .passed),
    ("echo wrong dgemm of 3 × 3 × 7", .wrong("dgemm of 3 × 3 × 7")), ("echo refused", .refused),
    ("kill -ILL $$", .crashed(signal: SIGILL)), ("kill -SEGV $$", .crashed(signal: SIGSEGV)),
    ("kill -KILL $$", .untested), ("exit 1", .untested), ("echo passed; echo passed", .untested),
    ("exec sleep 30", .hung), ("while :; do :; done", .hung), ("echo passed; exec sleep 30", .hung),
    ("", .untested),
    ("test $OPENBLAS_CORETYPE.$OPENBLAS_NUM_THREADS.$MORE = Haswell.1.yes && echo passed", .passed),
    ("cat; echo text >&2; echo passed", .passed),
  ]

  /// The child is a shell.
  @Test(arguments: children.indices)
  func `a child's end is judged`(index: Int) throws {
    let (script, verdict) = Self.children[index]
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("kernel-trial-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // A shell that reads its commands from nowhere, and first what this variable names.
    let commands = folder.appendingPathComponent("commands").path
    try script.write(toFile: commands, atomically: false, encoding: .utf8)
    let settings = [("BASH_ENV", commands), ("MORE", "yes")]
    let patience = verdict == .hung ? 0.3 : 60
    let trial = KernelTrial(program: "/bin/bash", settings: settings, patience: patience, limit: 60)
    #expect(trial.verdict(on: "Haswell") == verdict)
  }

  @Test func `a program that is not there tests nothing`() {
    #expect(KernelTrial(program: "/nonexistent/program").verdict(on: "Haswell") == .untested)
  }

  static let verdicts: [KernelVerdict] = [
    .passed, .wrong("dsyrk of 3 × 8"), .refused, .crashed(signal: 4), .hung, .untested,
  ]

  @Test(arguments: verdicts)
  func `a verdict is read as it was written`(verdict: KernelVerdict) {
    #expect(KernelVerdict(line: verdict.line) == verdict)
    #expect(KernelVerdict(line: verdict.line + "\n") == verdict)
  }
}
