// SPDX-License-Identifier: GPL-2.0-or-later
import TestSupport
import Testing

/// Little memory, and input that asks for much: every run ends soon, with its result or a message.
@Suite struct AddressSpaceTests {
  /// A run that was given up, by the system or because memory ran out, says so.
  private func expectAnEnd(_ run: ToolProcess) {
    // 127, 137, 139: the system could not even map the program and its libraries.
    #expect([0, 1, 127, 137, 139].contains(run.status), "status \(run.status): \(run.errors)")
    if run.status == 1 { #expect(run.errors.hasPrefix("error: "), "\(run.errors)") }
  }

  /// OpenBLAS asked for its buffers for ever while it was loaded.
  @Test(arguments: [30, 60, 90, 120, 150, 180, 210, 250, 300, 400])
  func `the program starts or says that it cannot, whatever the limit`(megabytes: Int) throws {
    let run = try ToolProcess(
      script: "ulimit -v $(($1 * 1024)); timeout 60 $tool --version", "\(megabytes)")
    expectAnEnd(run)
    if run.status == 1 { #expect(run.errors.contains("ulimit -v")) }
    if run.status == 0 { #expect(run.output.contains(".")) }
  }

  @Test(arguments: [250, 300, 400, 600, 900, 1400, 2200])
  func `a small fit needs little and is the same`(megabytes: Int) throws {
    let script =
      "ulimit -v $(($1 * 1024)); timeout 60 $tool fit \"$2\" \"$3\" --format glance"
    let run = try ToolProcess(script: script, "\(megabytes)", sleepstudyFormula, sleepstudyPath)
    expectAnEnd(run)
    if run.status == 0 {
      let free = try ToolProcess("fit", sleepstudyFormula, sleepstudyPath, "--format", "glance")
      #expect(run.output == free.output)
    } else {
      #expect(megabytes < 600, "\(run.errors)")
    }
  }

  /// The factor's columns meet each other: 10,000² products.
  @Test func `a fixed factor of many levels in dense columns is refused by its name`() throws {
    let run = try ToolProcess(
      script: """
        d=$(mktemp -d); awk 'BEGIN { print "id,g,y"; for (i = 0; i < 20000; i++) \
          print "p" i % 10000 "," i % 50 "," (i * 7919) % 1000 / 7 }' > $d/t.csv
        ulimit -v 2500000; timeout 100 $tool fit 'y ~ id + (1 | g)' $d/t.csv --sparse-fixed none
        status=$?; rm -r $d; exit $status
        """)
    #expect(run.status == 1 && run.output == "")
    #expect(run.errors.hasPrefix("error: the products of "), "\(run.errors)")
    #expect(run.errors.contains("(id has ") && run.errors.contains(" levels) need "))
    #expect(run.errors.contains("GiB of memory"))
  }

  @Test func `twelve thousand random terms end in a message`() throws {
    let run = try ToolProcess(
      script: """
        terms=$(for ((i = 0; i < 12000; i++)); do printf '+(1|g)'; done)
        ulimit -v 2500000; printf 'y,g\n1,a\n2,b\n4,a\n3,b\n1,c\n2,c\n' |
        timeout 100 $tool fit "y~1$terms" -
        """)
    #expect(run.status == 1)
    #expect(run.errors.contains("12000 random-effects terms"), "\(run.errors.prefix(500))")
  }

  @Test func `a million blank lines cost nothing, however many columns are read`() throws {
    let run = try ToolProcess(
      script: """
        d=$(mktemp -d); awk 'BEGIN { printf "g"; for (k = 1; k <= 1400; k++) printf ",y" k; print ""
          for (i = 0; i < 1000000; i++) print ""
          for (i = 0; i < 12; i++) { printf "%s", i % 4
            for (k = 1; k <= 1400; k++) printf ",%d", (i * k * 7919) % 1409; print "" } }' > $d/t.csv
        ulimit -v 1500000
        timeout 200 $tool fit '~ 1 + (1 | g)' $d/t.csv --responses '/y.*/' --format glance
        status=$?; rm -r $d; exit $status
        """)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.split(separator: "\n").count == 1401)
  }

  @Test func `a compressed header that grows to hundreds of megabytes is refused`() throws {
    let run = try ToolProcess(
      script: """
        ulimit -v 1500000
        head -c 100000000 /dev/zero | tr '\\0' ',' | gzip |
        timeout 100 $tool fit 'y ~ x + (1 | g)' -
        """)
    #expect(run.status == 1)
    #expect(run.errors.contains("the header line has more than 16 MiB"), "\(run.errors)")
  }

  /// Crossed factors without their core: the vectors that are kept for derivatives had a budget that
  /// knew of no limit.
  @Test(arguments: [400, 600, 900, 1400])
  func `matrix-free equations keep to the limit`(megabytes: Int) throws {
    let run = try ToolProcess(
      script: """
        d=$(mktemp -d)
        $tool simulate 'y ~ 1 + (1 | a) + (1 | b)' --levels a=6000 --levels b=5000 --rows 40000 -o $d/t.csv
        ulimit -v $(($1 * 1024))
        timeout 300 $tool fit 'y ~ 1 + (1 | a) + (1 | b)' $d/t.csv --solver matrix-free \
          --accuracy 1 --max-evaluations 2 --format glance
        status=$?; rm -r $d; exit $status
        """, "\(megabytes)")
    expectAnEnd(run)
  }
}
