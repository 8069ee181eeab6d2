// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

/// The commands of the articles are run, and print what is shown.
///
/// Blocks marked `sh` are run, in one folder for an article; a block without a language behind one
/// is its output, in which a line `…` stands for any lines.
@Suite struct `Commands of the articles` {
  static let articles = Article.all.filter { $0.blocks.contains { $0.language == "sh" } }

  @Test func `there are articles with commands`() { #expect(Self.articles.count >= 4) }

  @Test(arguments: articles)
  func `commands print what is shown`(article: Article) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("data"),
      withDestinationPath: Files.root.appendingPathComponent("data").path)
    for (block, next) in zip(article.blocks, article.blocks.dropFirst() + [.init()])
    where block.language == "sh" {
      let run = try ToolProcess(
        script: "cd \"$1\" && PATH=\"$(dirname \"$tool\"):$PATH\" && \(block.text)", folder.path)
      #expect(run.status == 0 && run.errors == "", "\(block.text)\(run.errors)")
      guard next.language == "" else { continue }
      #expect(
        Self.isOutput(run.output, shown: next.text),
        "\(block.text)\nprints\n\(run.output)\nand shown is\n\(next.text)")
    }
  }

  @Test(arguments: [("python", "spark_shards.py"), ("bash", "slurm_shards.sh")])
  func `programs for shards are quoted as they are`(language: String, name: String) throws {
    let article = try #require(Article.all.first { $0.name == "Shards.md" })
    let path = Files.root.appendingPathComponent("Tests/Shards/\(name)")
    let program = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
      .filter { !$0.hasPrefix("# ") }
    let blocks = article.blocks.filter { $0.language == language }
    #expect(!blocks.isEmpty)
    for block in blocks {
      #expect(program.contains(block.text.split(separator: "\n")), "\(block.text)")
    }
  }

  /// Whether text is what is shown, but for blanks at the ends of lines and what `…` leaves out.
  static func isOutput(_ output: String, shown: String) -> Bool {
    func lines(_ text: String) -> [Substring] {
      var lines = text.withShortNumbers.split(separator: "\n", omittingEmptySubsequences: false)
        .map { $0.replacing(/[ ]+$/, with: "") }
      while lines.last?.isEmpty == true { lines.removeLast() }
      return lines
    }
    var rest = lines(output)[...]
    let pieces = lines(shown).split(separator: "…", omittingEmptySubsequences: false)
    for (k, piece) in pieces.enumerated() {
      let starts = k == 0 ? [rest.startIndex] : Array(rest.indices) + [rest.endIndex]
      let start = starts.first { start in
        rest[start...].starts(with: piece)
          && (k < pieces.count - 1 || piece.isEmpty || rest.endIndex - start == piece.count)
      }
      guard let start else { return false }
      rest = rest[(start + piece.count)...]
    }
    return rest.isEmpty || pieces.count > 1 && pieces.last!.isEmpty
  }

  @Test func `outputs are compared line by line`() {
    #expect(Self.isOutput("a\nb \n", shown: "a\nb\n"))
    #expect(!Self.isOutput("a\nb\n", shown: "a\n"))
    #expect(!Self.isOutput("a\n", shown: "a\nb\n"))
    #expect(Self.isOutput("a\nb\nc\nd\n", shown: "a\n…\nd\n"))
    #expect(Self.isOutput("a\nb\nc\nd\n", shown: "…\nc\n…\n"))
    #expect(!Self.isOutput("a\nb\nc\nd\n", shown: "…\nc\n"))
    #expect(!Self.isOutput("a\nb\n", shown: "b\n…\n"))
  }
}

extension Article: CustomTestStringConvertible {
  var testDescription: String { name }
}
