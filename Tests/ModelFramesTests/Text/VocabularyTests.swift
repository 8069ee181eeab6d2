// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import ModelFrames
import Testing

@Suite struct VocabularyTests {
  @Test(
    arguments: [
      (.start, "FitOptions.start"),
      (.solver(), "FitOptions.solver"),
      (.solver("matrix-free"), #"FitOptions.solver = "matrix-free""#),
      (.restrictedLikelihood, "FitOptions.criterion = .reml"),
      (.omitsMissing(false), "FitOptions.omitsMissing = false"),
      (.contrasts(.sum), #"FitOptions.contrasts["COLUMN"] = .sum"#),
      (.categoricalColumn("my y"), #"ReadingOptions.categoricalColumns = ["my y"]"#),
      (.missingText("a,b"), #"ReadingOptions.missingTexts = ["a,b"]"#),
      (.missingText("\u{1b}[2J"), #"ReadingOptions.missingTexts = ["\u{1b}[2J"]"#),
      (.encoding(.windows1252), "ReadingOptions.encoding = .windows1252"),
      (.degreesOfFreedom(), "DegreesOfFreedomMethod"),
      (
        .degreesOfFreedom(["kenward-roger", "residual", "none"]),
        "DegreesOfFreedomMethod.kenwardRoger, .residual or .none"
      ),
      (.gridValues(of: "x", "1,2"), #"MeansOptions.values["x"] = ["1", "2"]"#),
      (.simulation(.rowsPer), "SimulationSettings.rowsPer"),
      (
        .simulation(.covariates, "x=normal(5,2)"),
        #"SimulationSettings.covariates = ["x=normal(5,2)"]"#
      ),
    ] as [(Setting, String)])
  func `the library's words are its properties`(setting: Setting, words: String) {
    #expect(SwiftVocabulary().words(for: setting) == words)
    #expect(setting.description == words)  // no other vocabulary is installed
  }

  @Test func `the library's words for what can be done are its methods`() {
    let unpacking = Action.unpack(by: "xz -dc")
    #expect(SwiftVocabulary().words(for: unpacking) == "Unpack it: xz -dc FILE > TABLE")
    #expect("\(Action.saveFit)" == "FittedModel.save(to:)")
  }

  @Test func `names from outside cannot steer a terminal`() {
    let message: MessageText = "add \(Setting.gridValues(of: "x\u{202e}\n"))"
    #expect(message.description == #"add MeansOptions.values["x\u{202e}\n"]"#)
  }

  /// Whoever calls a library has no command line. Style sheets name their variables so.
  @Test func `no text of the libraries names an option`() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../Sources").standardizedFileURL
    var (files, found) = (0, [String]())
    for library in ["NumericalMethods", "ModelFrames", "MixedModels", "Reports"] {
      let folder = sources.appendingPathComponent(library).path
      for path in try FileManager.default.subpathsOfDirectory(atPath: folder)
      where path.hasSuffix(".swift") && !path.hasSuffix("ReportStyle.swift") {
        files += 1
        let text = try String(contentsOfFile: folder + "/" + path, encoding: .utf8)
        found += Self.options(in: text).map { "\(library)/\(path):\($0)" }
      }
    }
    #expect(files > 300)
    #expect(found == [], "say \\(Setting…), whose words are the front's")
  }

  @Test func `comments may name options, other lines may not`() {
    let code = """
      /// What `--start` gives.
      let a = "try --start"  // --start
      let b = "1 -- 2" // --start
      """
    #expect(Self.options(in: code) == ["2: --start"])
  }

  /// Line numbers and options, outside of comments.
  private static func options(in text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { k, line in
      let code = line.prefix(
        upTo: line.firstRange(of: /(^|\s)\/\/(\/|\s)/)?.lowerBound ?? line.endIndex)
      return code.matches(of: /--[a-z][a-z-]*/).map { "\(k + 1): \($0.output)" }
    }
  }
}
