// SPDX-License-Identifier: GPL-2.0-or-later
import TestSupport
import Testing

@Suite struct `Command select` {
  @Test func `selects from a saved fit`() throws {
    let script = """
      d=$(mktemp -d); cd $d
      $tool fit "$1" "$2" --save s.lmm -o s.txt
      $tool select s.lmm; $tool select s.lmm --by aic --format tidy | cut -d, -f1,11,12
      $tool fit 'Reaction ~ Days + (Days || Subject)' s.lmm --format glance | tail -1 | cut -c1-30
      $tool select s.lmm --by aic --most 2 2>&1
      cd /; rm -r $d
      """
    let run = try ToolProcess(script: script, [sleepstudyFormula, sleepstudyPath])
    #expect(run.output.contains("* (Days || Subject)"), "\(run.output) \(run.errors)")
    #expect(run.output.contains("Selected: Reaction ~ Days + (Days || Subject)"))
    #expect(run.output.contains("Reaction ~ Days + (Days || Subject),FALSE,TRUE"), "\(run.output)")
    #expect(run.output.contains("has more than 2 submodels"))
  }
}
