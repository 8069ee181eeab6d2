// SPDX-License-Identifier: GPL-2.0-or-later
import TestSupport
import Testing

@Suite struct `Stored fits` {
  @Test func `are shown without a search, in any form`() throws {
    let script = """
      d=$(mktemp -d); cd $d
      $tool fit "$1" "$2" --save s.lmm --format tidy > fit.csv
      $tool summary s.lmm --format tidy -o a.csv && cmp a.csv fit.csv && $tool fit s.lmm --format tidy | cmp - fit.csv && echo same
      $tool fit s.lmm --digits 2 --format latex | grep '^Days'
      $tool fit s.lmm --ml 2> e; echo $?; $tool fit s.lmm --save t.lmm 2>> e; echo $?; $tool fit s.lmm --digits 3 --json 2>> e; echo $?
      $tool summary s.lmm --data "$2" 2>> e; echo $?; grep '^error' e
      cd /; rm -r $d
      """
    let run = try ToolProcess(script: script, [sleepstudyFormula, sleepstudyPath])
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(lines.first == "same", "\(run.output) \(run.errors)")
    #expect(lines.contains(#"Days & 10.5 & 1.5 & 17 & 6.8 & $3\times10^{-6}$ \\"#), "\(lines)")
    #expect(lines.filter { $0 == "64" }.count == 4)
    #expect(lines.contains { $0.contains("--ml would make another fit than the one in s.lmm") })
  }

  /// A search that begins where it ended is over at once, and a smaller model takes what it has.
  @Test func `refits begin where an older fit ended`() throws {
    let script = """
      d=$(mktemp -d); cd $d
      $tool fit "$1" "$2" --save s.lmm -o cold.txt
      $tool fit "$1" "$2" --start s.lmm --format glance; $tool fit "$1" s.lmm --format glance
      $tool fit "$1" "$2" --start s.lmm --json | grep -o '"evaluations": [0-9]*'
      $tool fit 'Reaction ~ Days + (1 | Subject)' "$2" --start s.lmm --format glance
      $tool fit 'Reaction ~ 1 + (1 | Days)' "$2" --start s.lmm 2>&1
      $tool fit "$1" "$2" --start s.lmm -o s.lmm 2>&1
      cd /; rm -r $d
      """
    let run = try ToolProcess(script: script, [sleepstudyFormula, sleepstudyPath])
    let lines = run.output.split(separator: "\n").map(String.init)
    func criterion(_ line: String) -> Double? { Double(line.split(separator: ",")[5]) }
    let (warm, cold) = (criterion(lines[1]), criterion(lines[3]))
    #expect(abs(warm! - cold!) < 1e-9 && abs(warm! - 1743.628272) < 1e-6, "\(lines)")
    #expect(lines[4].split(separator: " ").last.flatMap { Int($0) }! < 10)
    #expect(abs(criterion(lines[6])! - 1786.465085) < 1e-6)
    #expect(lines[7].contains("--start names a fit with other covariance parameters"))
    #expect(lines[8].contains("it is read as input"))
  }
}
