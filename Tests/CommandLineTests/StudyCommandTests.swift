// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

@Suite struct `Command study` {
  @Test func `without arguments it studies schools and draws two figures`() throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script: "cd \"$1\" && $tool study --replicates 60", folder.path)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.hasPrefix("Monte-Carlo study, 60 responses of each of 3 designs (seed 1)\n"))
    for words in [
      "\nFormula: math ~ physics + (1 | school)\n",
      "\nschool = 100   (rows: 3000; groups: school, 100)",
      "\nREML physics ", "\nML var_(Intercept)|school ", "ML - REML", "-Truth/J",
    ] { #expect(run.output.contains(words), "\(words)") }
    if run.errors.contains("not installed") {
      #expect(try folder.contents == [])
    } else {
      #expect(run.errors == "figures: study-slope.svg, study-variance.svg\n")
      for name in ["study-slope.svg", "study-variance.svg"] {
        let figure = try folder.text(name)
        #expect(figure.contains("<svg") && figure.contains("</svg>"))
        #expect(figure.contains("number of levels of school") && figure.contains("units of math"))
      }
    }
    #expect(try folder.contents.allSatisfy { $0.hasPrefix("study-") })
  }

  @Test func `the numbers do not depend on threads, and are in JSON and CSV`() throws {
    let folder = try TemporaryFolder()
    let script = """
      cd "$1"; shift
      for n in 1 2; do
        $tool study "$@" --threads $n --json --replicates-file r$n.csv --output o$n.json || exit 1
      done
      cmp r1.csv r2.csv && cmp o1.json o2.json && echo same
      """
    let run = try ToolProcess(
      script: script,
      [
        folder.path, "y ~ x + (1 + x | g)", "--beta", "1,0.5", "--sd", "g=1,0.5", "--corr", "g=0.3",
        "--levels", "g=10,20", "--rows-per", "g=8", "--replicates", "40", "--seed", "3",
        "--profile",
      ])
    #expect(run.output == "same\n", "\(run.output)\(run.errors)")
    let json = try jsonObject(folder.text("o1.json"))
    #expect(json["replicates"] as? Int == 40 && json["seed"] as? Int == 3)
    let designs = try #require(json["designs"] as? [[String: Any]])
    #expect(designs.map { $0["rows"] as? Int } == [80, 160])
    #expect(designs[1]["varied"] as? [String: String] == ["g": "20"])
    let methods = try #require(designs[0]["methods"] as? [[String: Any]])
    #expect(methods.map { $0["method"] as? String } == ["REML", "ML"])
    let slope = try #require(methods[0]["parameters"] as? [[String: Any]])[1]
    #expect(slope["name"] as? String == "x" && slope["truth"] as? Double == 0.5)
    let (bias, error) = (
      try #require(slope["bias"] as? Double), try #require(slope["bias_se"] as? Double)
    )
    #expect(abs(bias) < 4 * error)
    let likelihood = try #require(methods[1]["parameters"] as? [[String: Any]])[1]
    #expect(try #require(likelihood["profile_coverage"] as? Double) > 0.7)
    #expect(
      likelihood["profile_intervals"] as? Int == 40 && slope["profile_intervals"] as? Int == 0)
    let records = try folder.text("r1.csv").split(separator: "\n")
    #expect(records.count == 1 + 2 * 2 * 40 * 9)
    #expect(
      records[0].hasPrefix("design,method,replicate,converged,singular,kind,group,term,truth,"))
    #expect(records[1].hasPrefix("g = 10,REML,1,TRUE,"))
  }

  @Test func `figures are named by what they show`() throws {
    let folder = try TemporaryFolder()
    let run = try ToolProcess(
      script:
        "cd \"$1\" && $tool study 'y ~ x + (1 | g)' --replicates 20 --figures a.gp --format tidy",
      folder.path)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try folder.contents == ["a-var_-Intercept--g.gp", "a-x.gp"])
    #expect(run.errors == "figures: a-x.gp, a-var_-Intercept--g.gp\n")
    #expect(run.output.hasPrefix("design,rows,method,kind,group,term,truth,count,mean,bias,"))
    #expect(run.output.split(separator: "\n").count == 1 + 2 * 6)
    // A formula draws nothing unless it is asked to.
    let quiet = try ToolProcess(
      script:
        "cd \"$1\" && rm * && $tool study 'y ~ x + (1 | g)' --replicates 20 --method ml && ls",
      folder.path)
    #expect(try folder.contents == [] && quiet.errors == "")
    #expect(!quiet.output.contains("REML x"))
  }

  static let wrong: [(arguments: [String], status: Int32, words: String)] = [
    (["--levels", "school=3"], 64, "--levels belongs to a formula"),
    (["--beta", "1,2"], 64, "--beta belongs to a formula"),
    (["--replicates", "1"], 64, "at least 2"),
    (["--level", "1"], 64, "between 0 and 1"),
    (["--method", "mle"], 64, "--method takes reml, ml or reml,ml"),
    (["--threads", "0"], 64, "at least 1"),
    (["--profile", "--method", "reml"], 64, "--profile is for fits by maximum likelihood"),
    (["--figures", "a", "--no-figures"], 64, "exclude each other"),
    (["--replicates-file", "-"], 64, "needs --output FILE"),
    (["y ~ x + (1 | g)", "--levels", "g=2,x"], 64, "no number of levels"),
    (["y ~ x + (1 | g)", "--rows", "40,ten"], 64, "'ten' is no number of rows"),
    (["y ~ x + (1 | g)", "--sigma", "0"], 64, "positive --sigma"),
    (["y ~ x + (1 | g", "--replicates", "2"], 1, "never closed"),
    (["y ~ x + (1 | g)", "--levels", "g=1", "--replicates", "2"], 1, "one level only"),
    (
      ["y ~ x + (1 | g)", "--figures", "/no/where/a", "--replicates", "2"], 1,
      "cannot write to /no/where"
    ),
  ]

  @Test(arguments: wrong.indices)
  func `a wrong command line fails and says what is wrong`(index: Int) throws {
    let (arguments, status, words) = Self.wrong[index]
    let run = try ToolProcess(script: "cd /tmp; $tool study \"$@\"", arguments)
    #expect(run.status == status, "\(run.errors)")
    #expect(
      run.output == "" && run.errors.hasPrefix("error: ") && run.errors.contains(words),
      "\(run.errors)")
  }
}
