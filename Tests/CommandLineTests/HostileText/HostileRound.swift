// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A table of hostile names and labels, sent through all commands and figures.
final class HostileRound {
  private let folder: TemporaryFolder
  private let seed: Int
  private let labels: [String]
  private let levels: [String]
  private let names: [String]
  private let formula: String
  private let table: String
  private let figures: Bool

  /// Without `figures` gnuplot is not run, only its commands are written.
  init(seed: Int, figures: Bool) throws {
    (folder, self.seed, self.figures) = (try TemporaryFolder(), seed, figures)
    var words = HostileWords(seed: seed)
    var names = words.names(4)
    // Marginal means cannot be asked of any name.
    if !seed.isMultiple(of: 2) { names[2] = "f" }
    self.names = names
    labels = words.labels(8)
    levels = words.labels(5)
    let q = names.map(backquoted)
    formula = "\(q[0]) ~ \(q[1]) + \(q[2]) + (1 | \(q[3]))"
    // No file of this name is a formula, a suffix or an option.
    let stem = words.word(pieces: 3).unicodeScalars.filter { !"~/".unicodeScalars.contains($0) }
    table = "./" + String(String.UnicodeScalarView(stem)) + "x.csv"
    try writeTable(&words)
  }

  private func writeTable(_ words: inout HostileWords) throws {
    var text = names.map(quotedField).joined(separator: ",") + "\n"
    for (k, label) in labels.enumerated() {
      for row in 0..<6 {
        let (noise, x) = (Double(words.next(1000)) / 500, Double(words.next(1000)) / 500)
        let level = levels[(k + row) % levels.count]
        text += "\(Double(k) + noise),\(x),\(quotedField(level)),\(quotedField(label))\n"
      }
    }
    try text.write(toFile: folder.file(table), atomically: false, encoding: .utf8)
  }

  func run() throws {
    try #require(try tool(["fit", formula, table, "--save", "m.lmm"], .text).status == 0)
    try exactTexts()
    for form in Form.allCases { try reports(form) }
    try readings()
    try drawings()
    try errors()
    // The table's own name may hold commands, too.
    let strange = try folder.contents.filter { name in
      name.contains(HostileWords.canary) && !name.hasSuffix("x.csv") && !name.hasSuffix("x.svg")
    }
    #expect(strange.isEmpty, "seed \(seed): \(strange)")
  }

  // MARK: - Commands

  private enum Form: CaseIterable {
    case text, json, csv, markdown, xml

    var format: String {
      switch self {
      case .text: "summary"
      case .json: "json"
      case .csv: "tidy"
      case .markdown: "markdown"
      case .xml: "html"
      }
    }
  }

  private func reports(_ form: Form) throws {
    let format = ["--format", form.format]
    try accepted(["fit", formula, table, "--ranef"] + format, form)
    for command in ["anova", "drop1", "ranova", "variance", "ranef"] {
      try accepted([command, "m.lmm"] + format, form)
    }
    try accepted(["confint", "m.lmm", "--method", "wald"] + format, form)
    try accepted(["emmeans", "m.lmm", names[2] == "f" ? "~ f" : "~ 1"] + format, form)
    try accepted(["contrast", "m.lmm", "--L", "0,1,0,0,0,0"] + format, form)
    try accepted(["anova", "m.lmm", formula, "--data", table] + format, form)
    try accepted(["plan", formula, table] + format, form)
    try accepted(["bootstrap", "m.lmm", "--replicates", "3", "--seed", "1"] + format, form)
    try accepted(
      ["augment", "m.lmm", "--data", table, "--influence-by", names[3]] + format, form)
  }

  /// What reads the rows again, or writes other forms.
  private func readings() throws {
    try accepted(["fit", formula, table, "--format", "glance"], .csv)
    try accepted(["fit", formula, table, "--verbose", "--progress"], .text)
    try accepted(["info", "m.lmm"], .text)
    try accepted(["plan", formula, table], .text)
    try accepted(["plan", formula, table, "--json"], .json)
    try accepted(["predict", "m.lmm", "--data", table], .csv)
    try accepted(["augment", "m.lmm", "--data", table], .csv)
    try accepted(["crossprod", formula, table, "-o", "x.lmm"], .text)
    try accepted(["fit", formula, "x.lmm"], .text)
    try accepted(["simulate", "m.lmm", "--data", table, "--seed", "1"], .csv)
    try accepted(
      ["bootstrap", "m.lmm", "--replicates", "3", "--seed", "1", "--checkpoint", "c.txt"], .text)
  }

  private func drawings() throws {
    let rows = ["--data", table]
    for kind in ["data", "residuals", "qq", "caterpillar", "shrinkage", "trace"] {
      try accepted(["plot", kind, "m.lmm", "-o", "f.gp"] + rows, .text)
      guard figures else { continue }
      for suffix in ["svg", "png", "pdf"] {
        try accepted(["plot", kind, "m.lmm", "-o", "f." + suffix] + rows, .text)
      }
      try expectXML(try folder.text("f.svg"), "plot \(kind)")
      try accepted(["plot", kind, "m.lmm", "--terminal"] + rows, .text)
    }
    guard figures else { return }
    try accepted(["plot", "data", "m.lmm", "--layout", "lines", "-o", "f.svg"] + rows, .text)
    try accepted(["report", "m.lmm"] + rows, .xml)
    // A file of this name is made, whatever a shell or gnuplot would make of it.
    let file = table.dropLast(4) + ".svg"
    try accepted(["plot", "caterpillar", "m.lmm", "-o", String(file)], .text)
    #expect(FileManager.default.fileExists(atPath: folder.file(String(file))))
    try profilesAndStudies()
  }

  /// Figures of tables of results, whose names are from outside, too.
  private func profilesAndStudies() throws {
    var curves = "parameter,value,zeta\n"
    var study = "design,method,replicate,converged,kind,group,term,truth,estimate\n"
    var scaling = "axis,series,x,wall_s,memory_mb\n"
    for label in labels {
      let field = quotedField(label)
      for k in 1...3 {
        curves += "\(field),\(k),\(k - 2)\n"
        study += "\(field),REML,\(k),TRUE,fixed,NA,\(quotedField(names[1])),1,\(k)\n"
        scaling += "rows,\(field),\(k)000,\(k),\(k)\n"
      }
    }
    for (kind, text) in [("profile", curves), ("study", study), ("scaling", scaling)] {
      try folder.write(text, to: "results.csv")
      try accepted(["plot", kind, "results.csv", "-o", "f.svg"], .text)
      try expectXML(try folder.text("f.svg"), "plot \(kind)")
      try accepted(["plot", kind, "results.csv", "--terminal"], .text)
    }
  }

  /// Refusals quote what they refuse.
  private func errors() throws {
    let long = String(repeating: labels[0], count: 4000)
    for arguments in [
      ["fit", "`y` ~ " + backquoted(labels[4] + "?") + " + (1 | g)", table],
      ["fit", "\(backquoted(names[3])) ~ 1 + (1 | \(backquoted(names[2])))", table],
      ["fit", labels[5] + "~" + labels[6], table], ["fit", formula, table + labels[7]],
      ["fit", formula, table, "--" + labels[4]], [labels[6]], ["info", "./" + labels[7] + ".lmm"],
      ["contrast", "m.lmm", "--hypothesis", labels[5]],
      ["contrast", "m.lmm", "--hypothesis", long],
      ["plot", "caterpillar", "m.lmm", "--group", labels[6], "-o", "g.svg"],
      ["plot", labels[4], "m.lmm", "-o", "g.svg"], ["plot", "qq", "m.lmm", "-o", labels[5]],
      ["plot", "qq", "m.lmm", "--group", long, "-o", "g.svg"], ["fit", long, table],
    ] where !arguments.contains(where: { $0.utf8.contains(0) }) {
      let run = try tool(arguments, .text)
      #expect(
        run.status > 0 && run.status < 128, "seed \(seed), \(arguments.map { $0.prefix(80) })")
      #expect(!run.errors.isEmpty && run.errors.unicodeScalars.count < 7000)
    }
  }

  /// JSON and CSV give labels and names back as they are.
  private func exactTexts() throws {
    let run = try tool(["ranef", "m.lmm", "--json"], .json)
    let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    let terms = (object as? [String: Any])?["ranef"] as? [[String: Any]]
    let group = try #require(terms?.first?["group"] as? String)
    try accepted(["augment", "m.lmm", "--data", table, "--influence-by", group], .csv)
    let read = try #require(terms?.first?["levels"] as? [String])
    let scalars = { (texts: [String]) in Set(texts.map { Array($0.unicodeScalars) }) }
    #expect(scalars(read) == scalars(labels), "seed \(seed)")
    let tidy = try tool(["ranef", "m.lmm", "--format", "tidy"], .csv)
    let records = try #require(csvRecords(tidy.output))
    #expect(scalars(records.dropFirst().map { $0[2] }) == scalars(labels), "seed \(seed)")
    let augmented = try tool(["augment", "m.lmm", "--data", table], .csv)
    let header = try #require(csvRecords(augmented.output)?.first)
    #expect(scalars(Array(header.prefix(4))) == scalars(names), "seed \(seed)")
  }

  // MARK: - Runs

  private func accepted(_ arguments: [String], _ form: Form) throws {
    let run = try tool(arguments, form)
    #expect(run.status == 0, "seed \(seed), \(arguments): \(run.errors)")
  }

  /// Runs the program in the folder; whatever it says must be harmless.
  private func tool(_ arguments: [String], _ form: Form) throws -> ToolProcess {
    let run = try ToolProcess(
      script: "cd \"$1\"; shift; \"$tool\" \"$@\"", [folder.path] + arguments)
    let what = "seed \(seed), \(arguments.map { String($0.prefix(80)) })"
    #expect(rawScalars(run.errors).isEmpty, "\(what) on standard error")
    // gnuplot indents its lines by tabs.
    let raw = rawScalars(run.output).subtracting(form == .xml ? ["\t"] : [])
    if form != .csv { #expect(raw.isEmpty, "\(what)") }
    guard run.status == 0, !run.output.isEmpty else { return run }
    switch form {
    case .json:
      #expect(throws: Never.self, "\(what)") {
        try JSONSerialization.jsonObject(with: Data(run.output.utf8))
      }
    case .csv: #expect(csvRecords(run.output) != nil, "\(what) is no CSV")
    case .xml: try expectXML(run.output, what)
    case .markdown: expectRows(run.output, what)
    case .text: break
    }
    return run
  }

  /// Control characters and marks of direction but the end of a line.
  private func rawScalars(_ text: String) -> Set<Unicode.Scalar> {
    Set(text.unicodeScalars).filter { scalar in
      switch scalar.properties.generalCategory {
      case .control: scalar != "\n"
      case .lineSeparator, .paragraphSeparator: true
      case .format: scalar.value != 0x200C && scalar.value != 0x200D
      default: false
      }
    }
  }

  /// All rows of a table have the cells of its header, and nothing is HTML.
  private func expectRows(_ text: String, _ what: String) {
    var cells: Int?
    for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
      #expect(!line.contains("<") && !line.contains(">"), "\(what): \(String(line))")
      guard line.starts(with: "|".unicodeScalars) else {
        cells = nil
        continue
      }
      var (count, isEscaped) = (0, false)
      for scalar in line {
        if scalar == "|", !isEscaped { count += 1 }
        isEscaped = scalar == "\\" && !isEscaped
      }
      #expect(count == cells ?? count, "\(what): \(String(line))")
      cells = count
    }
  }

  private func expectXML(_ text: String, _ what: String) throws {
    let start = ["<html", "<?xml", "<section>"].lazy.compactMap { text.range(of: $0) }.first
    let parser = XMLParser(data: Data(text[try #require(start).lowerBound...].utf8))
    #expect(parser.parse(), "\(what), seed \(seed): line \(parser.lineNumber)")
  }
}
