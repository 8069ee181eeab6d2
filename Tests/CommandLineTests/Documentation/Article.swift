// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport

/// An article of the documentation, as its blocks of code.
struct Article {
  struct Block: Equatable {
    /// Empty for outputs.
    var language = ""
    var text = ""
  }

  let name: String
  let blocks: [Block]

  static let all: [Article] = {
    let folder = Files.root.appendingPathComponent("Sources/MixedModels/MixedModels.docc")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".md") }.sorted().map { name in
      let path = folder.appendingPathComponent(name)
      return Article(name, (try? String(contentsOf: path, encoding: .utf8)) ?? "")
    }
  }()

  init(_ name: String, _ text: String) {
    var blocks: [Block] = []
    var open: Block?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        if let block = open {
          blocks.append(block)
          open = nil
        } else {
          open = Block(language: String(line.dropFirst(3)), text: "")
        }
      } else {
        open?.text += line + "\n"
      }
    }
    (self.name, self.blocks) = (name, blocks)
  }

  /// The output that is shown right behind a block of Swift; nil if there is none.
  static func output(of code: String) -> String? {
    for article in all {
      guard let index = article.blocks.firstIndex(of: Block(language: "swift", text: code)) else {
        continue
      }
      let next = article.blocks.dropFirst(index + 1).first
      return next?.language == "" ? next?.text : nil
    }
    return nil
  }
}

/// The pieces of a test's source that articles show: what is between `// shown` and `// end`.
enum ShownCode {
  static func pieces(of file: String) throws -> [String] {
    let lines = try String(contentsOfFile: file, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var pieces: [String] = []
    var open: [String]?
    for line in lines {
      switch line.trimmingCharacters(in: .whitespaces) {
      case "// shown": open = []
      case "// end":
        if let piece = open { pieces.append(text(piece)) }
        open = nil
      default: open?.append(line)
      }
    }
    return pieces
  }

  /// Without the indentation, and with the names that a reader would use for files.
  private static func text(_ lines: [String]) -> String {
    let indents = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }
    let indent = indents.min() ?? 0
    return lines.map { line in
      String(line.dropFirst(indent))
        .replacing(/Files\.data\("([^"]*)"\)/) { "\"data/\($0.1)\"" }
        .replacing(/folder\.file\(("[^"]*")\)/) { "\($0.1)" } + "\n"
    }.joined()
  }
}

extension String {
  /// Numbers with more than six decimals to five digits: others differ between machines.
  var withShortNumbers: String {
    replacing(/-?[0-9]+\.[0-9]{7,}(e-?[0-9]+)?/) {
      String(format: "%.5g", Double($0.output.0) ?? .nan)
    }
    // The far tail of the studentized range has no more digits: the kernels of the BLAS show in them.
    .replacing(/[0-9]\.[0-9]+e-(09|[1-9][0-9])/) {
      String(format: "%.1e", Double($0.output.0) ?? .nan)
    }
  }
}
