// SPDX-License-Identifier: GPL-2.0-or-later
import TestSupport
import Testing

@Suite struct `Command pool` {
  @Test func `pools saved fits`() throws {
    let script = """
      d=$(mktemp -d); cd $d
      $tool fit "$1" "$2" --save a.lmm -o a.txt; sed '2,20s/,[0-9]*,308/,3,308/' "$2" > b.csv
      $tool fit "$1" b.csv --save b.lmm -o b.txt
      $tool pool a.lmm b.lmm --format tidy; $tool pool a.lmm b.lmm --json | grep -c '"fmi"'
      $tool pool a.lmm; echo $?; $tool pool "$1" a.lmm 2>&1 | head -1; $tool pool a.lmm b.csv 2>&1 | head -1
      cd /; rm -r $d
      """
    let run = try ToolProcess(script: script, [sleepstudyFormula, sleepstudyPath])
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(
      lines.first
        == "term,m,estimate,std.error,statistic,df,p.value,conf.low,conf.high,ubar,b,dfcom,riv,lambda,fmi",
      "\(run.output) \(run.errors)")
    #expect(lines[1].hasPrefix("(Intercept),2,") && lines[2].hasPrefix("Days,2,"))
    #expect(lines.contains("64"))
    #expect(lines.contains { $0.contains("pool takes fits, and '") })
    #expect(lines.contains { $0.contains("'b.csv' is no model file") })
  }
}
