// SPDX-License-Identifier: GPL-2.0-or-later
import Testing

/// Pedigrees and precision matrices on the command line.
@Suite struct `Relationships on the command line` {
  private static let gains = "gain,sex,calf\n4.5,m,4\n2.9,f,5\n3.9,f,6\n3.5,m,7\n5,m,8\n"

  private func fit(_ table: String, _ arguments: [String]) throws -> ToolProcess {
    let folder = try TemporaryFolder()
    try folder.write(Self.gains, to: "gains.csv")
    try folder.write(table, to: "table.csv")
    return try ToolProcess(
      script: "cd \"$1\"; shift; $tool fit 'gain ~ 0 + sex + (1 | calf)' gains.csv \"$@\"",
      [folder.path] + arguments)
  }

  @Test(arguments: [
    ("calf,sire,dam\n4,1,\n4,1,2\n", "table.csv, line 3: “4” is there twice"),
    ("calf,sire,dam\n4,5,\n5,4,\n", "is among its own ancestors"),
    ("calf,sire\n4,1\n", "table.csv, line 2: 2 fields, not individual, sire and dam"),
    ("calf,sire,dam\n", "there is nothing after a header line"),
    ("calf,sire,dam\n4,1,2\n", "the level “5” of calf is not in its relationship"),
    ("calf,sire,dam\n,1,2\n", "table.csv, line 2: the individual has no name"),
  ])
  func `a pedigree that is none is refused`(table: String, words: String) throws {
    let run = try fit(table, ["--relationship", "calf=table.csv"])
    #expect(run.status == 1 && run.output == "")
    #expect(run.errors.hasPrefix("error: ") && run.errors.contains(words), "\(run.errors)")
  }

  @Test(arguments: [
    ("a,b,v\n4,4,1\n4,4,1\n", "table.csv, line 3: “4” has two diagonal entries"),
    ("a,b,v\n4,4,1\n4,5,0.1\n", "table.csv, line 3: “5” has no diagonal entry"),
    ("a,b,v\n4,4,1\n5,5,1\n4,5,3\n", "not positive definite"),
    ("a,b,v\n4,4,x\n", "table.csv, line 2: 'x' is no number"),
  ])
  func `a matrix that is no precision matrix is refused`(table: String, words: String) throws {
    let run = try fit(table, ["--precision", "calf=table.csv"])
    #expect(run.status == 1 && run.output == "")
    #expect(run.errors.contains(words), "\(run.errors)")
  }

  @Test func `options that contradict each other are wrong command lines`() throws {
    let table = "calf,sire,dam\n4,1,\n"
    for arguments in [
      ["--relationship", "calf"],
      ["--relationship", "calf=table.csv", "--precision", "calf=table.csv"],
      ["--sigma", "2"], ["--theta", "1", "--sigma", "-1"], ["--theta", "1", "--start", "1"],
    ] {
      #expect(try fit(table, arguments).status == 64, "\(arguments)")
    }
  }

  /// Mrode (2014), example 3.1: animal 1 has no record, û = 0.0984, and the mean of females is 3.4044.
  @Test func `an ancestor without records is no new level`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.gains, to: "gains.csv")
    try folder.write(
      "calf,sire,dam\n4,1,\n5,3,2\n6,1,2\n7,4,5\n8,3,6\n", to: "pedigree.csv")
    try folder.write("sex,calf\nf,1\nf,9\n", to: "new.csv")
    let run = try ToolProcess(
      script: """
        cd "$1"
        $tool fit 'gain ~ 0 + sex + (1 | calf)' gains.csv --relationship calf=pedigree.csv \
          --theta 0.70710678118654757 --save m.lmm --quiet > fit.txt
        $tool predict m.lmm --data new.csv --allow-new-levels
        $tool predict m.lmm --data new.csv
        """, [folder.path])
    #expect(run.output.hasPrefix("sex,calf,.fitted\nf,1,3.50287458"), "\(run.output)")
    #expect(run.output.contains("\nf,9,3.40443000"))
    #expect(run.errors.contains("new.csv, line 3: \"9\" in column \"calf\""), "\(run.errors)")
  }

  @Test func `a pedigree is never overwritten`() throws {
    let table = "calf,sire,dam\n4,1,\n5,3,2\n6,1,2\n7,4,5\n8,3,6\n"
    let run = try fit(
      table, ["--relationship", "calf=table.csv", "--theta", "1", "--output", "table.csv"])
    #expect(run.status != 0)
    #expect(run.errors.contains("table.csv"))
  }
}
