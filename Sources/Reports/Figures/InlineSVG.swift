// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// A drawing of gnuplot's as part of a page: in the page's colours, its names unlike those of other
/// drawings, without the titles of its parts, which would pop up as hints.
///
/// Read byte by byte: in Characters a combining mark of a label would hide the bracket before it.
package struct InlineSVG {
  private let prefix: String
  package var text: String { String(decoding: bytes, as: UTF8.self) }
  private var bytes: [UInt8] = []

  private static let (open, close) = (UInt8(ascii: "<"), UInt8(ascii: ">"))
  private static let quotes = [UInt8(ascii: "'"), UInt8(ascii: "\"")]

  package init(_ svg: String, number: Int) {
    prefix = "f\(number)-"
    let start = "<svg".utf8
    let source = Array(svg.utf8)
    guard let first = source.indices.first(where: { source[$0...].starts(with: start) }) else {
      return
    }
    for part in source[first...].split(separator: Self.open) where !Self.isDropped(part) {
      let end = part.firstIndex(of: Self.close) ?? part.endIndex
      bytes.append(Self.open)
      append(tag: part[..<end])
      bytes += part[end...]
    }
  }

  /// Titles, and comments, which gnuplot makes of nothing from outside.
  private static func isDropped(_ part: ArraySlice<UInt8>) -> Bool {
    ["title>", "/title>", "!--"].contains { part.starts(with: $0.utf8) }
  }

  /// Appends a tag with the values of its attributes replaced.
  private mutating func append(tag: ArraySlice<UInt8>) {
    var rest = tag
    while let open = rest.firstIndex(where: Self.quotes.contains),
      let close = rest[(open + 1)...].firstIndex(of: rest[open])
    {
      bytes += rest[...open]
      bytes += value(rest[(open + 1)..<close], of: rest[..<open]).utf8
      bytes.append(rest[close])
      rest = rest[(close + 1)...]
    }
    bytes += rest
  }

  private func value(_ bytes: ArraySlice<UInt8>, of name: ArraySlice<UInt8>) -> String {
    let value = String(decoding: bytes, as: UTF8.self)
    let name = String(decoding: name, as: UTF8.self)
    // A white pen around some texts, which gnuplot does not use but ink as currentColor would;
    // colours that it does use are rgb(…).
    if name.hasSuffix(" color="), value == "#FFFFFF" { return "inherit" }
    if let colour = ReportStyle.variables[value] { return colour }
    if name.hasSuffix(" id=") { return prefix + value }
    if name.hasSuffix("href="), value.hasPrefix("#") { return "#" + prefix + value.dropFirst() }
    return value.replacing("url(#", with: "url(#" + prefix)
  }
}
