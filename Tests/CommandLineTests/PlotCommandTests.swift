// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

/// Whether gnuplot can be run here.
private let isGnuplotInstalled =
  (try? ToolProcess(script: "gnuplot --version >/dev/null 2>&1"))?.status == 0

@Suite struct PlotCommandTests {
  private let folder: TemporaryFolder
  private let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = folder.file("sleep.lmm")
    let fit = try ToolProcess("fit", sleepstudyFormula, sleepstudyPath, "--save", model)
    #expect(fit.status == 0)
  }

  @Test(
    .enabled(if: isGnuplotInstalled),
    arguments: ["data", "residuals", "qq", "caterpillar", "shrinkage", "profile", "trace"],
    ["svg", "png"])
  func `every kind is drawn to a file`(_ kind: String, _ suffix: String) throws {
    let file = folder.file("figure.\(suffix)")
    let run = try ToolProcess("plot", kind, model, "--data", sleepstudyPath, "-o", file)
    #expect(run.status == 0 && run.errors.isEmpty && run.output.isEmpty, "\(run.errors)")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    #expect(bytes.starts(with: suffix == "svg" ? Data("<?xml".utf8) : Data([0x89, 0x50])))
    #expect(try folder.contents == ["figure.\(suffix)", "sleep.lmm"])
  }

  @Test(.enabled(if: isGnuplotInstalled))
  func `marginal means and coefficients are drawn`() throws {
    for (arguments, words) in [
      (["means", model, "--means", "~ Days", "--at", "Days=0,5,9"], "Marginal means by Days"),
      (["means", model, "--means", "~ 1", "--trends", "Days"], "Marginal slopes of Days"),
      (["coefficients", model], "Coefficients with 95 % intervals"),
    ] {
      let run = try ToolProcess(arguments: ["plot"] + arguments + ["--terminal"])
      #expect(run.status == 0 && run.output.contains(words), "\(run.errors)\(run.output)")
    }
  }

  @Test(.enabled(if: isGnuplotInstalled))
  func `the terminal's width is kept to`() throws {
    let run = try ToolProcess(
      script: "COLUMNS=50 $tool plot caterpillar $1 --terminal", model)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("Subject: Days"))
    #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 50 })
  }

  @Test func `wrong command lines say what is meant`() throws {
    for (arguments, words) in [
      (["plot", "caterpilar", model, "-o", "a.svg"], "did you mean caterpillar?"),
      (["plot", "qq", model, "-o", "a.sgv"], "did you mean .svg?"),
      (["plot", "qq", model], "-o qq.svg"),
      (["plot", "scaling", model, "-o", "a.svg"], "is drawn from a table"),
      (["plot", "residuals", model, "-o", "a.svg"], "after --data"),
      (["plot", "qq", model, "--x", "Days", "-o", "a.svg"], "--x is for the figure data"),
      (
        ["plot", "qq", model, "--layout", "lines", "-o", "a.svg"], "--layout is for the figure data"
      ),
      (["plot", "data", model, "--layout", "line", "-o", "a.svg"], "'panels' and 'lines'"),
      (["plot", "means", model, "-o", "a.svg"], "--means '~ f'"),
      (["plot", "qq", model, "--means", "~ Days", "-o", "a.svg"], "--means is for the figure means"),
      (["plot", "qq", model, "--at", "Days=1", "-o", "a.svg"], "are for the figure means"),
      (
        ["plot", "means", model, "--means", "~ Days", "--trends", "Days", "--type", "response", "-o", "a.svg"],
        "leave --type response out"
      ),
    ] {
      let run = try ToolProcess(script: "\"$tool\" \"$@\"", arguments)
      #expect(run.status == 64 && run.errors.contains(words), "\(run.errors)")
    }
  }

  @Test func `without gnuplot the error names its package`() throws {
    let file = folder.file("old.svg")
    try folder.write("as it was", to: "old.svg")
    let run = try ToolProcess(
      script: "PATH=/nonexistent; \"$tool\" plot qq \"$1\" -o \"$2\"", model, file)
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("error: ") && run.errors.contains("apt-get install gnuplot-nox"))
    #expect(try folder.text("old.svg") == "as it was")
  }

  @Test func `commands can be had without gnuplot`() throws {
    let file = folder.file("figure.gp")
    let run = try ToolProcess(
      script: "PATH=/nonexistent; \"$tool\" plot trace \"$1\" -o \"$2\"", model, file)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try folder.text("figure.gp").contains("set terminal svg"))
  }

  @Test func `rows of another table are refused`() throws {
    try folder.write("Reaction,Days,Subject\n250,0,308\n260,1,308\n", to: "other.csv")
    let run = try ToolProcess(
      "plot", "residuals", model, "--data", folder.file("other.csv"), "-o", folder.file("a.svg"))
    #expect(run.status == 1 && run.errors.contains("2 are complete, and the fit has 180"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("a.svg")))
  }

  @Test(arguments: ["caterpillar", "trace", "profile"])
  func `a figure without tests takes no degrees of freedom`(kind: String) throws {
    let run = try ToolProcess(
      "plot", kind, model, "--ddf", "kenward-roger", "-o", folder.file("a.svg"))
    #expect(run.status == 64 && run.errors.contains("\(kind) tests nothing"), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("a.svg")))
  }

  @Test func `a profile is drawn from its table`() throws {
    try folder.write(
      "parameter,value,zeta,deviance\nsd,1,-2,5\nsd,2,0,1\nsd,3,1.5,3.25\n", to: "curves.csv")
    let run = try ToolProcess(
      "plot", "profile", folder.file("curves.csv"), "-o", folder.file("a.gp"))
    #expect(run.status == 0, "\(run.errors)")
    #expect(try folder.text("a.gp").contains("1.0 -2.0\n2.0 0.0\n3.0 1.5"))
    // The search for an interval's end can go far beyond it.
    try folder.write(
      "parameter,value,zeta\nsd,1,-2\nsd,2,0\nsd,3,1.5\nsd,7e17,300\n", to: "curves.csv")
    let far = try ToolProcess(
      "plot", "profile", folder.file("curves.csv"), "-o", folder.file("c.gp"))
    #expect(far.status == 0, "\(far.errors)")
    let script = try folder.text("c.gp")
    #expect(script.contains("3.0 1.5") && !script.contains("e+17") && script.contains("[-3.0:3.0]"))
    let wrong = try ToolProcess("plot", "profile", sleepstudyPath, "-o", folder.file("b.gp"))
    #expect(wrong.status == 1 && wrong.errors.contains("value"))
  }

  @Test(.enabled(if: isGnuplotInstalled))
  func `scaling is drawn from its table`() throws {
    try folder.write(
      """
      axis,series,x,wall_s,cpu_s,memory_mb
      rows,slopes,10000,0.02,0.03,20
      rows,slopes,100000,0.1,0.2,22
      threads,slopes,1,1,1,30
      threads,slopes,2,0.6,1.1,31

      """, to: "scaling.csv")
    let run = try ToolProcess(
      "plot", "scaling", folder.file("scaling.csv"), "-o", folder.file("s.svg"))
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test(.enabled(if: isGnuplotInstalled))
  func `a report of a model file says what it lacks`() throws {
    let file = folder.file("page.html")
    let run = try ToolProcess("report", model, "-o", file)
    #expect(run.status == 0, "\(run.errors)")
    let page = try folder.text("page.html")
    #expect(
      page.hasPrefix("<!DOCTYPE html>") && page.contains("Name the files of the fit after --data"))
    let whole = try ToolProcess("report", model, "--data", sleepstudyPath)
    #expect(whole.status == 0 && whole.output.contains("Residuals against fitted"))
  }
}

@Suite struct `Command plot study` {
  private let folder: TemporaryFolder
  private let table: String

  init() throws {
    folder = try TemporaryFolder()
    table = folder.file("replicates.csv")
  }

  private func plot(_ arguments: String...) throws -> ToolProcess {
    try ToolProcess(script: "\"$tool\" plot study \"$@\"", arguments)
  }

  private func study() throws {
    let run = try ToolProcess(
      "study", "y ~ x + (1 | g)", "--levels", "g=5,8", "--rows-per", "g=6", "--replicates", "30",
      "--replicates-file", table, "--figures", folder.file("own.gp"))
    try #require(run.status == 0, "\(run.errors)")
  }

  @Test func `it draws what the study itself draws, but for the response's name`() throws {
    try study()
    for (parameter, own) in [("x", "own-x.gp"), (nil, "own-var_-Intercept--g.gp")] {
      let file = folder.file("table.gp")
      let run = try ToolProcess(
        script: "\"$tool\" plot study \"$@\"",
        [table, "-o", file] + (parameter.map { ["--parameter", $0] } ?? []))
      #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
      let (drawn, ours) = (try folder.text("table.gp"), try folder.text(own))
      #expect(ours.contains("units of y") && ours.contains("'truth: "))
      #expect(ours.contains("set xlabel 'number of levels of g'"))
      #expect(ours.contains("('5' 0, '8' 1)"))
      #expect(drawn == ours.replacing("units of y", with: "units of the response"))
    }
  }

  @Test func `parameters are named, and names that are not there are told`() throws {
    try study()
    let sigma = try plot(table, "--parameter", "sigma", "-o", folder.file("s.gp"))
    #expect(sigma.status == 0, "\(sigma.errors)")
    #expect(try folder.text("s.gp").contains("Estimated residual standard deviation"))
    let wrong = try plot(table, "--parameter", "var_Intercept|g", "-o", folder.file("w.gp"))
    #expect(wrong.status == 1 && wrong.errors.contains("did you mean var_(Intercept)|g?"))
    #expect(wrong.errors.contains("sigma^2"))
  }

  @Test func `replicates that did not converge take no part`() throws {
    try folder.write(
      """
      design,method,replicate,converged,singular,kind,group,term,truth,estimate
      g = 5,REML,1,TRUE,FALSE,fixed,NA,x,1,0.5
      g = 5,REML,2,FALSE,FALSE,fixed,NA,x,1,77
      g = 5,REML,3,TRUE,FALSE,fixed,NA,x,1,NA

      """, to: "replicates.csv")
    let run = try plot(table, "-o", folder.file("a.gp"))
    #expect(run.status == 0, "\(run.errors)")
    let script = try folder.text("a.gp")
    #expect(script.contains(" 0.5\n") && !script.contains(" 77.0\n"))
    #expect(script.contains("of x: 3 replicates"))
  }

  @Test(.enabled(if: isGnuplotInstalled))
  func `designs that differ in several numbers have labels of several lines`() throws {
    var lines = "design,method,replicate,converged,kind,group,term,truth,estimate\n"
    for levels in [4, 8] {
      for rows in [5, 20] {
        for k in 1...3 {
          lines +=
            "\"g = \(levels), rows per g = \(rows)\",REML,\(k),TRUE,var,g,(Intercept),1,0.\(k + rows)\n"
        }
      }
    }
    try folder.write(lines, to: "replicates.csv")
    let run = try plot(table, "-o", folder.file("a.svg"))
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let svg = try folder.text("a.svg")
    for words in ["g = 4", "rows per g = 20", "design", "truth: 1"] {
      #expect(svg.contains(words), "\(words)")
    }
    #expect(!svg.contains("g = 4, rows"))
    let text = try ToolProcess(
      script: "COLUMNS=70 \"$tool\" plot study \"$1\" --terminal", table)
    #expect(text.status == 0 && text.errors.isEmpty, "\(text.errors)")
    #expect(text.output.contains("Estimated variance") && text.output.contains("truth: 1"))
  }

  @Test(arguments: [
    ("design,method\nx,REML\n", "replicate"),
    ("", "empty"),
    ("g = 5,REML,1,TRUE,fixed,NA,x,1,0.5\ng = 5,REML,2,TRUE,fixed,NA,x,2,0.5\n", "several studies"),
    ("g = 5,REML,1,TRUE,slope,NA,x,1,0.5\n", "row 1: the kind “slope”"),
    ("g = 5,AGQ,1,TRUE,fixed,NA,x,1,0.5\n", "“AGQ” is neither REML nor ML"),
    ("g = 5,REML,NA,TRUE,fixed,NA,x,1,0.5\n", "the replicate has no number"),
    ("g = 5,REML,1,FALSE,fixed,NA,x,1,0.5\n", "no estimate of x"),
  ])
  func `other tables are refused in words`(_ lines: String, _ words: String) throws {
    let header = "design,method,replicate,converged,kind,group,term,truth,estimate\n"
    try folder.write(lines.hasPrefix("g = ") ? header + lines : lines, to: "replicates.csv")
    let run = try plot(table, "-o", folder.file("a.gp"))
    #expect(run.status == 1 && run.errors.hasPrefix("error: "), "\(run.errors)")
    #expect(run.errors.contains(words), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("a.gp")))
  }

  @Test func `a model or another figure's option is a wrong command line`() throws {
    for (arguments, words) in [
      (["study", "a.lmm", "-o", "a.svg"], "is drawn from a table"),
      (["trace", "a.lmm", "--parameter", "x", "-o", "a.svg"], "is for the figure study"),
    ] {
      let run = try ToolProcess(script: "\"$tool\" plot \"$@\"", arguments)
      #expect(run.status == 64 && run.errors.contains(words), "\(run.errors)")
    }
  }
}
