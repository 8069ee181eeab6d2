// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

@Suite struct PredictCommandTests {
  private let folder: TemporaryFolder
  private let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = folder.file("sleep.lmm")
    let run = try ToolProcess("fit", sleepstudyFormula, sleepstudyPath, "--save", model, "--quiet")
    try #require(run.status == 0)
    try folder.write(
      #"""
      note,Days,Subject
      "a, ""b""",0,308
      ,5,new1
      x,NA,309

      """#, to: "new.csv")
  }

  private func lines(_ run: ToolProcess) -> [String] {
    run.output.split(separator: "\n").map(String.init)
  }

  @Test func `columns are copied as they stand and predictions added`() throws {
    let run = try ToolProcess(
      "predict", model, "--data", folder.file("new.csv"), "--allow-new-levels", "--se",
      "--interval", "prediction", "--level", "0.9")
    #expect(run.status == 0 && run.errors.isEmpty)
    let lines = lines(run)
    #expect(lines[0] == "note,Days,Subject,.fitted,.se.fit,.lower,.upper")
    // R: predict(m, newdata, allow.new.levels = TRUE); standard error as in PredictionTests.
    #expect(lines[1].hasPrefix("\"a, \"\"b\"\"\",0,308,253.6636703"))
    #expect(lines[2].hasPrefix(",5,new1,303.7415346"))
    #expect(lines[3] == "x,NA,309,NA,NA,NA,NA")
    let values = lines[1].split(separator: ",").suffix(4).map { Double($0)! }
    #expect(abs(values[1] - 12.2547929788481) < 1e-7)
    // sqrt(12.2547929788481^2 + 25.5918156267252^2) * qnorm(0.95)
    #expect(abs((values[3] - values[2]) / 2 - 46.6721522) < 1e-5)
  }

  /// ggeffects 1.2.0 of lme4's fit: ggemmeans(m, "Days [0, 5, 9]"), with normal quantiles; the standard errors
  /// of ggpredict(m, "Days [0, 5, 9]", type = "random") are those of a new observation of the same subject.
  @Test func `the population's predictions are those of ggeffects`() throws {
    try folder.write("Days\n0\n5\n9\n", to: "days.csv")
    func rows(_ interval: String) throws -> [[Double]] {
      let run = try ToolProcess(
        "predict", model, "--data", folder.file("days.csv"), "--random", "none", "--se", "--interval",
        interval)
      #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
      return lines(run).dropFirst().map { $0.split(separator: ",").map { Double($0)! } }
    }
    let expected = [
      [251.405104848, 6.82455577628, 238.029221317, 264.780988380, 26.4861398136],
      [303.741534646, 9.58124161380, 284.962646156, 322.520423137, 27.3265664060],
      [345.610678485, 14.62878592253, 316.938784939, 374.282572031, 29.4778292662],
    ]
    let (means, observations) = (try rows("confidence"), try rows("prediction"))
    #expect(means.count == 3)
    for (k, theirs) in expected.enumerated() {
      for (a, b) in zip(means[k].dropFirst(), theirs) { #expect(abs(a - b) < 1e-6 * b, "\(a), \(b)") }
      let error = (observations[k][4] - observations[k][3]) / (2 * 1.959963984540054)
      #expect(abs(error - theirs[4]) < 1e-6 * theirs[4])
    }
  }

  @Test func `a new level is an error that names file, line and level, and leaves no file`() throws
  {
    let output = folder.file("out.csv")
    let run = try ToolProcess(
      "predict", model, "--data", folder.file("new.csv"), "--output", output)
    #expect(run.status == 1)
    #expect(
      run.errors.hasPrefix(
        "error: \(folder.file("new.csv")), line 3: \"new1\" in column \"Subject\""))
    #expect(run.errors.contains("--allow-new-levels"))
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test func `population predictions read standard input without the groups`() throws {
    let run = try ToolProcess(
      script: "printf 'Days\\n0\\n10\\n' | \"$tool\" predict \"$1\" --data - --random none", model)
    #expect(lines(run).count == 3)
    #expect(lines(run)[1].hasPrefix("0,251.405104"))
  }

  @Test func `a formula is fitted to the data of --train`() throws {
    let run = try ToolProcess(
      "predict", sleepstudyFormula, "--train", sleepstudyPath, "--data", folder.file("new.csv"),
      "--allow-new-levels", "--columns", "none")
    #expect(lines(run)[0] == ".fitted")
    #expect(lines(run)[1].hasPrefix("253.66367"))
    let missing = try ToolProcess(
      "predict", sleepstudyFormula, "--data", folder.file("new.csv"))
    #expect(missing.status == 64 || missing.status == 2)
    #expect(missing.errors.contains("--train"))
  }

  @Test func `separators stay, and files must have the same columns`() throws {
    try folder.write("Days;Subject\r\n1;308\r\n", to: "a.csv")
    try folder.write("Subject;Days\n308;1\n", to: "b.csv")
    let one = try ToolProcess("predict", model, "--data", folder.file("a.csv"))
    #expect(lines(one)[0] == "Days;Subject;.fitted")
    #expect(lines(one)[1].hasPrefix("1;308;273.3299"))
    let both = ["predict", model, "--data", folder.file("a.csv"), folder.file("b.csv")]
    let refused = try ToolProcess(script: "\"$tool\" \"$@\"", both)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("b.csv"))
    let bare = try ToolProcess(script: "\"$tool\" \"$@\"", both + ["--columns", "none"])
    #expect(bare.status == 0 && lines(bare)[1] == lines(bare)[2])
  }

  @Test func `a column that is there already is not written twice`() throws {
    try folder.write("Days,Subject,.fitted\n1,308,0\n", to: "again.csv")
    let run = try ToolProcess("predict", model, "--data", folder.file("again.csv"))
    #expect(run.status == 1)
    #expect(run.errors.contains("\".fitted\""))
  }

  @Test func `weights of the rows widen or narrow prediction intervals`() throws {
    let script =
      "sed '1s/$/,w/;2,$s/$/,2/' \"$1\" > \"$2\" && \"$tool\" fit \"$3\" \"$2\" --weights w --save \"$4\" --quiet >&2"
    let saved = try ToolProcess(
      script: script, sleepstudyPath, folder.file("weighted.csv"), sleepstudyFormula,
      folder.file("w.lmm"))
    try #require(saved.status == 0)
    try folder.write("Days,Subject,w\n1,308,2\n1,308,8\n", to: "own.csv")
    try folder.write("Days,Subject\n1,308\n", to: "none.csv")
    func width(_ file: String, row: Int) throws -> Double {
      let run = try ToolProcess(
        "predict", folder.file("w.lmm"), "--data", folder.file(file), "--columns", "none",
        "--interval",
        "prediction")
      #expect(run.errors.contains("have no column w") == (file == "none.csv"))
      let fields = lines(run)[row].split(separator: ",").map { Double($0)! }
      return (fields[2] - fields[1]) / (2 * 1.959963984540054)
    }
    // Constant weights of 2 give σ² twice that of the unweighted fit: σ²/2 is 25.5918156267252².
    let variance = 2 * 25.5918156267252 * 25.5918156267252
    let own = try width("own.csv", row: 1)
    let mean = own * own - variance / 2
    for (file, row, w) in [("own.csv", 2, 8.0), ("none.csv", 1, 1)] {
      #expect(abs(try width(file, row: row) - (mean + variance / w).squareRoot()) < 1e-5)
    }
  }

  /// Of an unbalanced part of the shipped table.
  @Test(arguments: [
    // R: contest1D(m, c(1, Days), ddf = …, confint = TRUE) of lmerTest; qt(0.975, 99) for residual.
    ("satterthwaite", 0, 233.86527280327, 268.49240450956, 8.11902014955),
    ("satterthwaite", 20, 403.5590538054, 532.3466538244, 30.0518156366),
    ("kenward-roger", 0, 233.99625457117, 268.36142274166, 8.13777412433),
    ("kenward-roger", 20, 402.0462220820, 533.8594855478, 30.5901447257),
    ("residual", 0, 235.068941245, 267.288736067, 8.11902014955),
    ("residual", 20, 408.323531803, 527.582175827, 30.0518156366),
  ])
  func `intervals of the population have each row's degrees of freedom`(
    _ ddf: String, _ days: Int, _ low: Double, _ high: Double, _ error: Double
  ) throws {
    let script = """
      awk -F, 'NR==1 || (NR%3!=0 && !($3~/^(308|309|310|330)$/ && $2>2))' "$1" > "$2"
      printf 'Days\\n%s\\nNA\\n' "$3" | "$tool" predict "$4" --train "$2" --data - --random none \\
        --interval confidence --se --ddf "$5" --columns none
      """
    let run = try ToolProcess(
      script: script, sleepstudyPath, folder.file("part.csv"), "\(days)", sleepstudyFormula, ddf)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let lines = lines(run)
    try #require(lines.count == 3)
    #expect(lines[2] == "NA,NA,NA,NA")
    let values = lines[1].split(separator: ",").map { Double($0)! }
    for (ours, theirs) in zip(values.dropFirst(), [error, low, high]) {
      #expect(abs(ours - theirs) < 2e-3, "\(ours) \(theirs)")
    }
  }

  @Test(arguments: [
    ["--interval", "confidence"], ["--random", "none"],
    ["--random", "none", "--interval", "prediction"],
    ["--random", "~ (1 | Subject)", "--interval", "confidence"],
  ])
  func `degrees of freedom are refused where they are not defined`(_ options: [String]) throws {
    let arguments = [model, "--data", folder.file("new.csv"), "--ddf", "satterthwaite"] + options
    let run = try ToolProcess(script: "\"$tool\" predict \"$@\"", arguments)
    #expect(run.status == 64 && run.output.isEmpty)
    #expect(run.errors.contains("goes with --random none and --interval confidence"))
  }

  @Test func `wrong command lines are told apart from failures`() throws {
    for arguments in [
      [model], [model, "--data", model], [model, "--data", "x.csv", "--random", "some"],
      [model, "--data", "x.csv", "--level", "2"],
    ] {
      let run = try ToolProcess(script: "\"$tool\" predict \"$@\"", arguments)
      #expect(run.status == 64 || run.status == 2)
    }
    #expect(try ToolProcess("predict", model, "--data", folder.file("none.csv")).status == 1)
  }
}

@Suite struct AugmentCommandTests {
  @Test func `rows get broom's columns`() throws {
    let run = try ToolProcess(
      "augment", sleepstudyFormula, "--data", sleepstudyPath, "--influence")
    #expect(run.status == 0 && run.errors.isEmpty)
    let lines = run.output.split(separator: "\n")
    #expect(lines.count == 181)
    #expect(
      lines[0] == "Reaction,Days,Subject,.fitted,.resid,.fixed,.wtres,.hat,.cooksd")
    // lme4: fitted(m)[1], resid(m)[1], hatvalues(m)[1], cooks.distance(m)[1]
    let values = lines[1].split(separator: ",").map { Double($0)! }
    for (k, theirs) in [
      (3, 253.663670398), (4, -4.103670398), (7, 0.229303013), (8, 0.00496312474),
    ] {
      #expect(abs(values[k] - theirs) < 1e-5 * abs(theirs))
    }
  }

  @Test func `groups get a table of their own`() throws {
    let run = try ToolProcess(
      "augment", sleepstudyFormula, "--data", sleepstudyPath, "--influence-by", "Subject")
    let lines = run.output.split(separator: "\n")
    #expect(lines[0] == "group,level,nobs,.cooksd,dfbeta.(Intercept),dfbeta.Days")
    #expect(lines.count == 19 && lines[1].hasPrefix("Subject,308,10,0.09241704"))
    let crossed = try ToolProcess(
      "augment", sleepstudyFormula, "--data", sleepstudyPath, "--influence-by", "Days")
    #expect(crossed.status == 1 && crossed.errors.contains("no grouping factor"))
  }

  @Test func `standard input cannot be read twice`() throws {
    let run = try ToolProcess("augment", sleepstudyFormula, "--data", "-")
    #expect(run.status == 64 || run.status == 2)
  }
}
