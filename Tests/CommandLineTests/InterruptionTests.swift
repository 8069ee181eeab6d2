// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

/// What a signal leaves behind, and what it says.
struct InterruptionTests {
  @Test(arguments: [
    ("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131), ("XCPU", 152), ("USR1", 138),
    ("USR2", 140), ("ALRM", 142), ("VTALRM", 154), ("PROF", 155), ("IO", 157),
    // Swift's backtraces may take these and go on: then the file is missed, an error of status 1.
    ("ABRT", 134), ("SEGV", 139),
  ])
  func `no signal leaves a half-written file`(signal: String, status: Int32) throws {
    // Many rows on their way to a file: the temporary one is there when the signal comes.
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script: """
        set -m; ulimit -c 0; cd "$1"
        $tool simulate 'y ~ x + (1 | g)' --rows 10000000 -o out.csv & pid=$!
        for k in {1..200}; do compgen -G '.lmm-sparse-*.tmp' > /dev/null && break; sleep 0.05; done
        ls -A; kill -\(signal) $pid; wait $pid; echo "status $?"
        """, folder.path)
    #expect(run.output.hasPrefix(".lmm-sparse-"))
    let isBacktraced = ["QUIT", "ABRT", "SEGV"].contains(signal)
    #expect(
      run.output.contains("status \(status)\n")
        || (isBacktraced && run.output.contains("status 1\n")), "\(run.output)")
    #expect(try folder.contents == [])
  }

  @Test func `a signal that was ignored from the start stays ignored`() throws {
    let run = try ToolProcess(
      script: """
        (trap '' HUP USR1; sleep 0.2; exec $tool simulate 'y ~ x + (1 | g)' --rows 300000 > /dev/null) & pid=$!
        sleep 0.4; kill -HUP $pid; kill -USR1 $pid; wait $pid; echo "status $?"
        """)
    #expect(run.output == "status 0\n")
  }

  @Test func `an interrupt tells every θ`() throws {
    // 26 columns have 351 values, far more than 4096 bytes of text.
    let folder = try TemporaryFolder()
    let names = (1...25).map { "x\($0)" }
    let covariates = names.map { "--covariate '\($0)=normal(0,1)'" }.joined(separator: " ")
    let formula = "y ~ 1 + (\(names.joined(separator: " + ")) | g)"
    let run = try ToolProcess(
      script: """
        set -m; cd "$1"; $tool simulate '\(formula)' \(covariates) --levels g=60 --rows 3000 -o d.csv
        $tool fit '\(formula)' d.csv --optimizer bobyqa --max-evaluations 100000 --progress 2> err & pid=$!
        for k in {1..600}; do grep -q evaluation err && break; sleep 0.1; done
        kill -INT $pid; wait $pid; echo "status $?"; cat err >&2
        """, folder.path)
    #expect(run.output == "status 130\n", "\(run.errors)")
    #expect(run.errors.contains("interrupted at criterion "))
    let start = run.errors.split(separator: "--start ").last ?? ""
    let values = start.split(separator: ",").map { Double($0.drop { $0 == "\n" }.filter { $0 != "\n" }) }
    #expect(values.count == 351)
    #expect(values.allSatisfy { $0 != nil })
  }

  @Test func `an interrupted bootstrap says what is kept, and goes on from it`() throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script: """
        set -m; cd "$3"
        interrupt() { for k in {1..600}; do eval "$2" && break; sleep 0.1; done; kill -INT $1; wait $1; echo "status $?"; }
        b=(bootstrap "$1" --data "$2" --replicates 1000000 --progress)
        $tool "${b[@]}" --checkpoint kept 2> err & interrupt $! "[ -e kept ]"; cat err >&2
        $tool "${b[@]}" 2> err & interrupt $! "grep -q replicate err"; cat err >&2; rm err
        ls -A
        """, sleepstudyFormula, sleepstudyPath, folder.path)
    #expect(run.output == "status 130\nstatus 130\nkept\n")
    let kept = try folder.text("kept").split(separator: "\n").count - 2
    #expect(
      run.errors.contains(
        "interrupted: \(kept) of 1000000 replicates are kept in kept. Repeat the command to go on."))
  }

  @Test func `a checkpoint whose names hold line feeds is read again`() throws {
    let folder = try TemporaryFolder()
    let table = try String(contentsOfFile: sleepstudyPath, encoding: .utf8)
    try folder.write(
      table.replacing("Days", with: "\"Da\nys\"", maxReplacements: 1), to: "data.csv")
    let run = try ToolProcess(
      script: """
        cd "$1"; f="Reaction ~ \\`Da\\\\nys\\` + (\\`Da\\\\nys\\` | Subject)"
        for n in 20 20 40; do
          $tool bootstrap "$f" --data data.csv --replicates $n --checkpoint kept > out$n || echo failed
        done
        $tool bootstrap "$f" --data data.csv --replicates 40 > fresh; cmp fresh out40 && echo same
        """, folder.path)
    #expect(run.output == "same\n", "\(run.errors)")
  }
}
