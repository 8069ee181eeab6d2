// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import TestSupport
import Testing

/// The kernels of the BLAS with which the program runs.
///
/// What is expected depends on the machine: these tests' own process has the kernel that OpenBLAS took by
/// itself, unless the environment chose.
@Suite struct KernelChangeTests {
  static let own = BLASInformation.current
  static let isFree = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil
  /// Whether there is something to mend.
  static let isMended = isFree && own.fittingKernel != nil

  /// What `info --json` says of the BLAS in a shell that has set `environment`.
  private func blas(_ environment: String, cache: TemporaryFolder) throws -> [String: Any] {
    let run = try ToolProcess(
      script: "export XDG_CACHE_HOME=\"$1\"; \(environment) $tool info --json", cache.path)
    #expect(run.status == 0 && run.errors == "", "\(run.errors)")
    let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    var blas = try #require(object?["blas"] as? [String: Any])
    blas["warnings"] = object?["warnings"]
    return blas
  }

  private func verdicts(_ cache: TemporaryFolder) throws -> [String] {
    let folder = cache.file("lmm-sparse")
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: folder).map { folder + "/" + $0 }
  }

  @Test(.enabled(if: isFree)) func `the kernels fit the processor, with or without help`() throws {
    let cache = try TemporaryFolder()
    for _ in 0..<2 {
      let blas = try blas("", cache: cache)
      #expect(blas["kernel"] as? String == Self.own.fittingKernel ?? Self.own.kernel)
      #expect(blas["kernel_taken"] as? String == Self.own.kernel)
      #expect(blas["kernel_fitting"] as? String == Self.own.fittingKernel)
      #expect(blas["self_test"] as? String == (Self.isMended ? "passed" : nil))
      #expect(blas["warnings"] as? [String] == [])
    }
    #expect(try verdicts(cache).count == (Self.isMended ? 1 : 0))
  }

  @Test(.enabled(if: own.kernel != nil)) func `who sets the variable has the last word`() throws {
    let cache = try TemporaryFolder()
    let blas = try blas("OPENBLAS_CORETYPE=Nehalem", cache: cache)
    #expect(blas["kernel"] as? String == "Nehalem")
    #expect(blas["kernel_fitting"] is NSNull && blas["self_test"] is NSNull)
    #expect(try verdicts(cache).isEmpty)
    let warnings = try #require(blas["warnings"] as? [String])
    #expect(warnings.allSatisfy { $0.contains("OPENBLAS_CORETYPE asks for it") })
    #expect(warnings.count == (Self.own.processorInstructions == "SSE" ? 0 : 1))
    let text = try ToolProcess(script: "OPENBLAS_CORETYPE=Nehalem $tool info")
    #expect(text.output.contains("Nehalem (SSE), by OPENBLAS_CORETYPE\n"))
  }

  @Test(.enabled(if: isFree), arguments: ["1", "Prescott SkylakeX now", " "])
  func `a program that was started again is not started a third time`(marker: String) throws {
    let cache = try TemporaryFolder()
    let blas = try blas("LMM_SPARSE_KERNEL='\(marker)'", cache: cache)
    #expect(blas["kernel"] as? String == Self.own.kernel)
    #expect(try verdicts(cache).isEmpty)
  }

  @Test(.enabled(if: isMended)) func `a kernel that failed is left alone for a day`() throws {
    let cache = try TemporaryFolder()
    _ = try blas("", cache: cache)
    let file = try #require(try verdicts(cache).first)
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.hasSuffix("\npassed\n"))
    let failed = text.dropLast("passed\n".count) + "crashed 4\n"
    try failed.write(toFile: file, atomically: false, encoding: .utf8)
    let kept = try blas("", cache: cache)
    #expect(kept["kernel"] as? String == Self.own.kernel)
    #expect(kept["self_test"] as? String == "crashed 4")
    let warning = try #require((kept["warnings"] as? [String])?.first)
    #expect(warning.contains("was not taken: a test of it ended by signal 4"))

    let yesterday = Date(timeIntervalSinceNow: -90_000)
    try FileManager.default.setAttributes([.modificationDate: yesterday], ofItemAtPath: file)
    #expect(try blas("", cache: cache)["self_test"] as? String == "passed")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
  }

  @Test(.enabled(if: isMended), arguments: ["", "nonsense", "passed\n", "lmm-sparse 9.9.9 tested"])
  func `a file that says something else says nothing`(text: String) throws {
    let cache = try TemporaryFolder()
    _ = try blas("", cache: cache)
    let file = try #require(try verdicts(cache).first)
    let whole = try String(contentsOfFile: file, encoding: .utf8)
    try text.write(toFile: file, atomically: false, encoding: .utf8)
    #expect(try blas("", cache: cache)["self_test"] as? String == "passed")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == whole)
  }

  /// No home, a home that is no folder, closed streams, ignored ends of children.
  @Test(
    .enabled(if: isFree),
    arguments: [
      "env -u HOME -u XDG_CACHE_HOME $tool info --json",
      "XDG_CACHE_HOME=/dev/null $tool info --json",
      "HOME=/ XDG_CACHE_HOME=relative $tool info --json", "$tool info --json <&- 2>&-",
      "trap '' CHLD; $tool info --json", "ulimit -n 8; $tool info --json",
    ])
  func `the kernels fit in odd surroundings`(script: String) throws {
    let cache = try TemporaryFolder()
    let run = try ToolProcess(script: "export XDG_CACHE_HOME=\"$1\"; \(script)", cache.path)
    #expect(run.status == 0 && run.errors == "", "\(run.errors)")
    let kernel = Self.own.fittingKernel ?? Self.own.kernel
    #expect(run.output.contains("\"kernel\": \"\(kernel ?? "")\"") || kernel == nil)
  }

  /// It is the same process: what was started is what runs, gets the signal and ends by it.
  @Test func `a signal meets the program`() throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script: """
        mkfifo "$1/pipe"; $tool fit 'y ~ x + (1 | g)' - < "$1/pipe" & exec 3> "$1/pipe"
        for k in {1..200}; do
          tr '\\0' '\\n' < /proc/$!/environ | grep -E '^OPENBLAS_CORETYPE=' && break
          test "$2" = "" && break; sleep 0.1
        done
        readlink /proc/$!/exe; sleep 0.5; kill -TERM $!; wait $!; echo $?
        """, folder.path, Self.isMended ? Self.own.fittingKernel! : "")
    let lines = run.output.split(separator: "\n")
    #expect(lines.last == "143", "\(run.output)\(run.errors)")
    #expect(lines.dropLast().last?.hasSuffix("/lmm-sparse") == true)
    if Self.isMended { #expect(lines[0] == "OPENBLAS_CORETYPE=\(Self.own.fittingKernel!)") }
  }

  @Test func `results are the same but for rounding`() throws {
    let fit = "$tool fit \"$1\" \"$2\" --format glance"
    let by = try ["", "OPENBLAS_CORETYPE=Nehalem"].map {
      try ToolProcess(script: "\($0) \(fit)", sleepstudyFormula, sleepstudyPath)
    }
    let numbers = by.map { run in
      run.output.split(separator: "\n").last.map {
        $0.split(separator: ",").compactMap { Double($0) }
      }
    }
    let (a, b) = (try #require(numbers[0]), try #require(numbers[1]))
    #expect(a.count > 3 && a.count == b.count)
    #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-9 * abs($0) })
  }
}
