// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

/// Tables that can be read but once: no command waits for a second reading.
struct ReadOnceTests {
  /// Ended after ten seconds, with status 124; pipes are filled once.
  private func run(_ command: String) throws -> ToolProcess {
    let folder = try TemporaryFolder()
    // Treatment contrasts of the ten days.
    let rows = (0..<10).map { day in
      ([day] + (1..<10).map { day == $0 ? 1 : 0 }).map(String.init).joined(separator: ",") + "\n"
    }
    try folder.write("level,1,2,3,4,5,6,7,8,9\n" + rows.joined(), to: "coding.csv")
    return try ToolProcess(
      script: """
        cd "$3"; mkfifo pipe; cat "$2" > pipe 2> /dev/null & writer=$!
        $tool fit "$1" "$2" --save fit.lmm > /dev/null
        timeout 10 bash -c 'tool=$0; \(command)' "$tool" "$1" "$2" > out; status=$?
        # Not to be blocked, as other signals are by threads of a pool and so by their children.
        kill -9 $writer 2> /dev/null; exit $status
        """, sleepstudyFormula, sleepstudyPath, folder.path)
  }

  @Test(arguments: [
    "$tool anova \"$1\" \"Reaction ~ 1 + (1 | Subject)\" --data pipe",
    "$tool anova \"$1\" \"Reaction ~ 1 + (1 | Subject)\" --data <(cat \"$2\")",
    "$tool bootstrap \"$1\" \"Reaction ~ 1 + (1 | Subject)\" --data pipe --replicates 2",
    "$tool augment \"$1\" --data pipe", "$tool augment \"$1\" --data <(cat \"$2\")",
    "$tool predict \"$1\" --train pipe --data pipe", "$tool report \"$1\" --data pipe",
    "$tool plot data \"$1\" --data pipe -o a.gp",
    "$tool fit \"~ Days + (1 | Subject)\" pipe --responses /React/",
    "$tool fit \"cbind(Reaction, Days) ~ 1 + (1 | Subject)\" <(cat \"$2\")",
    "$tool fit \"$1\" pipe --residuals", "$tool fit \"$1\" pipe pipe",
    "$tool bootstrap fit.lmm --checkpoint pipe",
  ])
  func `a table that is read twice cannot be a pipe`(command: String) throws {
    let run = try run(command)
    #expect(run.status == 64 || run.status == 1, "\(run.status)")
    #expect(
      ["read once", "only once", "reads the rows twice", "count twice", "read from it first"]
        .contains { run.errors.contains($0) }, "\(run.errors)")
  }

  @Test(arguments: [
    "$tool fit \"$1\" pipe", "$tool fit \"$1\" <(cat \"$2\")",
    "$tool anova \"$1\" --data <(cat \"$2\")", "$tool augment fit.lmm --data <(cat \"$2\")",
    "$tool augment fit.lmm --data pipe --influence", "$tool predict \"$1\" --train pipe --data \"$2\"",
    "$tool predict \"$1\" --train \"$2\" --data <(cat \"$2\")",
    "$tool anova fit.lmm \"Reaction ~ 1 + (1 | Subject)\" --data pipe",
    "$tool simulate fit.lmm --data pipe",
    "$tool anova \"Reaction ~ Days + (1 | Subject)\" \"Reaction ~ 1 + (1 | Subject)\" "
      + "--data \"$2\" --factor Days --contrasts Days=@<(cat coding.csv)",
  ])
  func `a table that is read once can be one`(command: String) throws {
    let run = try run(command)
    #expect(run.status == 0, "\(run.status) \(run.errors)")
  }
}
