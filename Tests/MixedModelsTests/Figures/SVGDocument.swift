// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What a well-formed document of XML holds.
final class SVGDocument: NSObject, XMLParserDelegate {
  struct Malformed: Error {
    let line: Int
    let reason: String
  }

  /// The text of every `text` element.
  private(set) var texts: [String] = []
  private(set) var counts: [String: Int] = [:]
  private var isInText = false

  init(_ source: String) throws {
    super.init()
    let parser = XMLParser(data: Data(source.utf8))
    parser.delegate = self
    guard parser.parse() else {
      throw Malformed(
        line: parser.lineNumber, reason: "\(parser.parserError as (any Error)?)")
    }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    counts[name, default: 0] += 1
    if name == "text" {
      texts.append("")
      isInText = true
    }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if isInText { texts[texts.count - 1] += string }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    if name == "text" { isInText = false }
  }
}
