// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

/// Rows that would count twice.
struct RepeatedRowsTests {
  /// The table in three parts of six subjects, 1.csv to 3.csv, shards of each, and of two together.
  private func run(_ script: String) throws -> ToolProcess {
    let folder = try TemporaryFolder()
    let lines = try String(contentsOfFile: sleepstudyPath, encoding: .utf8)
      .split(separator: "\n").map(String.init)
    for part in 0..<3 {
      let rows = lines[(1 + 60 * part)..<(61 + 60 * part)]
      try folder.write(([lines[0]] + rows).joined(separator: "\n") + "\n", to: "\(part + 1).csv")
    }
    return try ToolProcess(
      script: """
        cd "$2"; f="$1"; for k in 1 2 3; do $tool crossprod "$f" $k.csv -o $k.lmm; done
        $tool crossprod "$f" 1.csv 2.csv -o 12.lmm; $tool crossprod "$f" 2.csv 3.csv -o 23.lmm
        ln -s 1.csv soft.csv; ln 1.csv hard.csv; ln -s 1.lmm soft.lmm
        \(script)
        """, sleepstudyFormula, folder.path)
  }

  @Test(arguments: [
    "fit \"$f\" 1.csv 1.csv", "fit \"$f\" 1.csv 2.csv ./1.csv", "fit \"$f\" 1.csv soft.csv",
    "fit \"$f\" 1.csv hard.csv", "fit \"$f\" 1.csv - < 1.csv", "fit \"$f\" 1.lmm 1.lmm",
    "fit \"$f\" 1.lmm soft.lmm", "fit \"$f\" 1.lmm copy.lmm", "fit \"$f\" 12.lmm 23.lmm",
    "fit \"$f\" 12.lmm 2.lmm", "fit \"$f\" 12.lmm 2.csv", "fit \"$f\" 1.lmm soft.csv",
    "fit \"$f\" 1.lmm linked.lmm", "crossprod \"$f\" 1.lmm 1.lmm -o sum.lmm",
    "crossprod \"$f\" 1.csv 1.csv -o sum.lmm", "plan \"$f\" 1.csv 1.csv",
    "anova \"$f\" --data 1.csv 1.csv", "fit \"cbind(Reaction) ~ 1 + (1 | Subject)\" 1.csv 1.csv",
  ])
  func `a file named twice and shards that overlap are refused`(command: String) throws {
    let run = try run(
      "cp 1.lmm copy.lmm; $tool crossprod \"$f\" hard.csv -o linked.lmm; $tool \(command)")
    #expect(run.status == 1, "\(run.output)")
    #expect(run.errors.contains("count twice"), "\(run.errors)")
    #expect(run.output.isEmpty)
  }

  @Test(arguments: ["1.csv 1.csv.gz", "1.csv.gz 2.csv 1.csv", "1.csv.gz 1.txt", "3.csv - 3.csv.gz < 2.csv"])
  func `a table beside itself as gzip data is refused`(files: String) throws {
    let run = try run("for k in 1 3; do gzip -c $k.csv > $k.csv.gz; done; cp 1.csv 1.txt; $tool fit \"$f\" \(files)")
    #expect(run.status == 1, "\(run.output)")
    #expect(run.errors.contains("has the same contents as \"") && run.errors.contains("count twice"), "\(run.errors)")
    #expect(run.output.isEmpty)
  }

  @Test(arguments: [
    ("1.csv 3.csv copy.csv", "copy.csv has the same contents as 1.csv; if it is a copy"),
    ("2.csv.gz 1.csv a/1.csv.gz", "a/1.csv.gz has the same contents as 1.csv; if it is a copy"),
    ("1.csv 1.tsv", "1.csv and 1.tsv have one name but for its ending; if they hold the same rows"),
    ("s.feather copy.arrow", "copy.arrow has the same contents as s.feather; if it is a copy"),
    ("s.feather s.csv", "s.feather and s.csv have one name but for its ending; if they hold the same rows"),
    ("12.lmm 2.csv.gz", "12.lmm was made of 2.csv, and 2.csv.gz has one name with it but for its ending"),
    ("12.lmm 2gz3.lmm", "12.lmm was made of 2.csv, and 2gz3.lmm of 2.csv.gz, which have one name but for"),
  ])
  func `files that may hold the same rows are told of`(files: String, note: String) throws {
    let feather = Files.test("ModelFramesTests/Data/Arrow/sleepstudy.feather").path
    let run = try run(
      """
      cp 1.csv copy.csv; mkdir a; gzip -c 1.csv > a/1.csv.gz; gzip -c 2.csv > 2.csv.gz; tr , '\t' < 3.csv > 1.tsv
      cp "\(feather)" s.feather; cp s.feather copy.arrow; cp 1.csv s.csv
      $tool crossprod "$f" 3.csv 2.csv.gz -o 2gz3.lmm; $tool fit "$f" \(files) --format glance
      """)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains(note) && run.errors.contains("count twice"), "\(run.errors)")
  }

  @Test func `files of one size, of one name elsewhere or without rows are nothing to tell of`() throws {
    let run = try run(
      """
      mkdir a; gzip -c 1.csv > a/2.csv.gz; head -1 1.csv > none.csv; cp none.csv empty.csv; sed 's/,9,/,7,/' 2.csv > b.csv
      $tool fit "$f" 2.csv a/2.csv.gz none.csv empty.csv b.csv --format glance
      """)
    #expect(run.status == 0 && run.errors == "", "\(run.errors)")
  }

  @Test func `shards of different rows are added up without a word`() throws {
    let run = try run(
      """
      $tool fit "$f" 1.lmm 2.lmm 3.lmm --format glance; $tool fit "$f" 12.lmm 3.csv --format glance
      $tool fit "$f" 1.csv 23.lmm --format glance
      """)
    let lines = run.output.split(separator: "\n")
    #expect(lines.count == 6 && lines.allSatisfy { $0.hasPrefix("nobs") || $0.hasPrefix("180,") })
    #expect(run.errors == "")
  }

  @Test func `files of one name that hold other rows are told of`() throws {
    // Made elsewhere: the same name, other rows.
    let elsewhere = try run(
      """
      mkdir a b; cp 1.csv a/part.csv; cp 2.csv b/part.csv
      for d in a b; do (cd $d; $tool crossprod "$f" part.csv -o part.lmm); done
      $tool fit "$f" a/part.lmm b/part.lmm --format glance
      $tool crossprod "$f" a/part.lmm b/part.lmm -o sum.lmm
      """)
    #expect(elsewhere.output.contains("\n120,"))
    let note = "note: a/part.lmm and b/part.lmm were both made of part.csv; if that was one file"
    #expect(elsewhere.errors.split(separator: "\n").count { $0.hasPrefix(note) } == 2)
    // A table that was written anew after its rows went into a shard.
    let later = try run(
      "sleep 0.1; cp 2.csv 1.csv; $tool fit \"$f\" 1.lmm 1.csv --json")
    #expect(later.status == 0)
    #expect(later.output.contains("1.lmm was made of a file 1.csv, too"))
  }

  @Test func `shards of standard input and of no rows have no names to compare`() throws {
    let run = try run(
      """
      for k in 1 2; do $tool crossprod "$f" - < $k.csv -o in$k.lmm; done; cp in1.lmm copy.lmm
      head -1 1.csv > none.csv; for k in 1 2; do $tool crossprod "$f" none.csv -o none$k.lmm; done
      $tool fit "$f" in1.lmm in2.lmm none1.lmm none2.lmm --format glance; $tool fit "$f" in1.lmm copy.lmm
      """)
    #expect(run.output.contains("\n120,"))
    #expect(
      run.errors
        == "error: copy.lmm: its rows are those of in1.lmm, and would count twice. Leave one of them out.\n"
    )
  }
}
