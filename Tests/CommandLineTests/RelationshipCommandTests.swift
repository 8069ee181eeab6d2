// SPDX-License-Identifier: GPL-2.0-or-later
import TestSupport
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
    ("calf,sire,dam\n4,1,\n4,1,2\n", "table.csv, line 3: “4” is there twice, with other parents"),
    ("gain,sex,calf\n4.5,m,4\n2.9,f,5\n", "table.csv, line 1: “calf” is column 3"),
    ("id,y,x\n4,4.5,1\n5,2.9,1\n", "table.csv, line 2: “4.5” is a number with decimals"),
    ("4,1,0\n5,3,2\n", "table.csv, line 1: this is a record"),
    ("calf,sire,dam\n4,5,\n5,4,\n", "is among its own ancestors"),
    ("calf,sire\n4,1\n", "table.csv, line 2: 2 fields, not individual, sire and dam"),
    ("calf,sire,dam\n", "there is nothing after a header line"),
    ("calf,sire,dam\n4,1,2\n", "the level “5” of calf (and 3 more) is not in its relationship"),
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
    ("a,b,v\n4,4,1\n5,5,0\n", "table.csv, line 3: the diagonal entry of “5” is 0.0"),
    (",4,5\n4,1,0.5\n5,0.4,1\n", "table.csv, line 3: the matrix is not symmetric"),
    (",4,5\n4,1\n5,0.4,1\n", "table.csv, line 2: 1 values, where the header has 2 levels"),
    ("%%MatrixMarket matrix coordinate real general\n2 3 1\n1 1 2\n", "not square"),
    ("%%MatrixMarket matrix coordinate real symmetric\n1 1 1\n2 1 2\n",
      "table.csv, line 3: not a row, a column up to 1 and a value"),
    ("a,b,v\n4,4,x\n", "table.csv, line 2: 'x' is no number"),
  ])
  func `a matrix that is no precision matrix is refused`(table: String, words: String) throws {
    let run = try fit(table, ["--precision", "calf=table.csv"])
    #expect(run.status == 1 && run.output == "")
    #expect(run.errors.contains(words), "\(run.errors)")
  }

  /// Levels 1 to 8, by columns from the diagonal down.
  private static let arrayOfEight: String = {
    var values: [Double] = []
    for column in 1...8 {
      for row in column...8 {
        let isSib = column == 4 || column == 5
        let own = isSib ? 1.0666666666666667 : 1
        values.append(row == column ? own : column == 4 && row == 5 ? -0.26666666666666666 : 0)
      }
    }
    return "%%MatrixMarket matrix array real symmetric\n8 8\n"
      + values.map { "\($0)\n" }.joined()
  }()

  /// Half sibs 4 and 5, unrelated 6, 7, 8: the pedigree, its matrix, and what the matrix's inverse is.
  @Test func `all files of a matrix say the same`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.gains, to: "gains.csv")
    let files = [
      "p.csv": "calf,sire,dam\n4,1,\n5,1,\n6,,\n7,,\n8,,\n",
      "a.csv": ",4,5,6,7,8\n4,1,0.25,0,0,0\n5,,1,0,0,0\n6,,,1,0,0\n7,,,,1,0\n8,,,,,1\n",
      "a.mtx": """
        %%MatrixMarket matrix coordinate real symmetric
        % half sibs
        5 5 6
        1 1 1
        2 2 1
        3 3 1
        4 4 1
        5 5 1
        2 1 0.25

        """,
      "a.labels": "4\n5\n6\n7\n8\n",
      "q.csv": """
        a,b,v
        4,4,1.0666666666666667
        4,5,-0.26666666666666666
        5,5,1.0666666666666667
        6,6,1
        7,7,1
        8,8,1

        """,
      "q.mtx": Self.arrayOfEight,
    ]
    for (name, text) in files { try folder.write(text, to: name) }
    try folder.write(Self.numPyOfFive(0.25), to: "n.npy")
    try folder.write("4\n5\n6\n7\n8\n", to: "n.labels")
    let runs = try [
      ["--relationship", "calf=p.csv"], ["--relationship", "calf=a.csv"],
      ["--relationship", "calf=a.mtx"], ["--relationship", "calf=n.npy"],
      ["--precision", "calf=q.csv"],
      ["--precision", "calf=q.mtx"],
    ].map { arguments in
      try ToolProcess(
        script: """
          cd "$1"; shift
          $tool fit 'gain ~ 0 + sex + (1 | calf)' gains.csv --theta 0.8 --sigma 1 "$@" \
            --format tidy --quiet
          """, [folder.path] + arguments)
    }
    func estimates(_ run: ToolProcess) -> [Double] {
      run.output.split(separator: "\n").dropFirst().prefix(2).map {
        Double($0.split(separator: ",")[3])!
      }
    }
    for run in runs { #expect(run.status == 0, "\(run.errors)") }
    let expected = estimates(runs[0])
    #expect(expected.count == 2)
    for run in runs.dropFirst() {
      for (a, b) in zip(estimates(run), expected) { #expect(abs(a - b) < 1e-12) }
    }
  }

  /// numpy.save of that matrix, with 0.25 below its diagonal and `above` above it.
  private static func numPyOfFive(_ above: Double) -> [UInt8] {
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (5, 5), }"
    let padded = header + String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    var values = (0..<25).map { $0 % 6 == 0 ? 1.0 : 0 }
    (values[1], values[5]) = (above, 0.25)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(padded.utf8)
      + values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
  }

  @Test func `an array that is no covariance matrix is refused`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.gains, to: "gains.csv")
    try folder.write(Self.numPyOfFive(0.5), to: "n.npy")
    try folder.write(Array(Self.numPyOfFive(0.25).dropLast(8)), to: "short.npy")
    for (file, words) in [
      ("n.npy", "it has 0.25 for “2” and “1”, and 0.5 for “1” and “2”"),
      ("short.npy", "short.npy: it does not have the bytes of a matrix of 5 rows"),
    ] {
      let run = try ToolProcess(
        script: "cd \"$1\"; $tool fit 'gain ~ 1 + (1 | calf)' gains.csv --relationship calf=$2",
        [folder.path, file])
      #expect(run.status == 1 && run.errors.contains(words), "\(run.errors)")
    }
  }

  @Test func `options that contradict each other are wrong command lines`() throws {
    let table = "calf,sire,dam\n4,1,\n"
    for arguments in [
      ["--relationship", "calf"],
      ["--relationship", "calf=table.csv", "--precision", "calf=table.csv"],
      ["--sigma", "0"], ["--theta", "1", "--sigma", "-1"], ["--theta", "1", "--start", "1"],
      ["--parent-groups", "calf=G"], ["--group-variance", "2", "--relationship", "calf=table.csv"],
      ["--relationship", "calf=table.csv", "--parent-groups", "calf="],
      ["--relationship", "calf=table.csv", "--parent-groups", "calf=G", "--group-variance", "0"],
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

  /// Direct and maternal effects have one pedigree, and a pipe is read once.
  @Test func `a pedigree of two factors is read once`() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "gain,sex,calf,dam\n4.5,m,4,2\n2.9,f,5,2\n3.9,f,6,2\n3.5,m,7,5\n5,m,8,6\n", to: "gains.csv")
    try folder.write("calf,sire,dam\n4,1,2\n5,3,2\n6,1,2\n7,4,5\n8,3,6\n", to: "pedigree.csv")
    let run = try ToolProcess(
      script: """
        cd "$1"; mkfifo pipe
        for p in pedigree.csv pipe; do
          if [ $p = pipe ]; then cat pedigree.csv > pipe & fi
          timeout 60 $tool fit 'gain ~ sex + (1 | calf) + (1 | dam)' gains.csv --theta 0.7,0.3 --json \
            --relationship calf=$p --relationship dam=$p > $p.json || exit 1
        done
        grep '"criterion"' pedigree.csv.json > a; grep '"criterion"' pipe.json > b; cmp a b && wc -l < a
        """, [folder.path])
    #expect(run.status == 0 && run.output.contains("1"), "\(run.errors)")
  }

  @Test func `a pedigree is never overwritten`() throws {
    let table = "calf,sire,dam\n4,1,\n5,3,2\n6,1,2\n7,4,5\n8,3,6\n"
    let run = try fit(
      table, ["--relationship", "calf=table.csv", "--theta", "1", "--output", "table.csv"])
    #expect(run.status != 0)
    #expect(run.errors.contains("table.csv"))
  }

  @Test func `groups of unknown parents are levels`() throws {
    let table = "calf,sire,dam\n4,old,old\n5,new,4\n6,new,\n7,4,5\n8,old,6\n"
    let run = try fit(
      table,
      [
        "--relationship", "calf=table.csv", "--parent-groups", "calf=old,new", "--theta", "1",
        "--ranef", "--format", "tidy", "--quiet",
      ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("ran_vals,calf,old,") && run.output.contains("ran_vals,calf,new,"))
    for (names, words) in [
      ("calf=old,newer", "“newer” is to be a group of unknown parents, and is nobody's parent"),
      ("calf=old,4", "table.csv, line 2: “4” is a group of unknown parents, and has parents"),
    ] {
      let wrong = try fit(
        table, ["--relationship", "calf=table.csv", "--parent-groups", names])
      #expect(wrong.status == 1 && wrong.errors.contains(words), "\(wrong.errors)")
    }
    let matrix = try fit(
      ",4,5,6,7,8\n4,1,,,,\n5,0,1,,,\n6,0,0,1,,\n7,0,0,0,1,\n8,0,0,0,0,1\n",
      ["--relationship", "calf=table.csv", "--parent-groups", "calf=old"])
    #expect(matrix.status == 1 && matrix.errors.contains("those of a pedigree"), "\(matrix.errors)")
  }
}
