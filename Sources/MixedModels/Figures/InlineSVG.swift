// SPDX-License-Identifier: GPL-2.0-or-later

/// A drawing of gnuplot's as part of a page: in the page's colours, its names unlike those of other
/// drawings, without the titles of its parts, which would pop up as hints.
package struct InlineSVG {
  private let prefix: String
  package private(set) var text = ""

  package init(_ svg: String, number: Int) {
    prefix = "f\(number)-"
    guard let start = svg.firstRange(of: "<svg") else { return }
    for part in svg[start.lowerBound...].split(separator: "<") {
      if part.hasPrefix("title>") || part.hasPrefix("/title>") || part.hasPrefix("!--") { continue }
      let end = part.firstIndex(of: ">") ?? part.endIndex
      text += "<" + tag(part[..<end]) + part[end...]
    }
  }

  /// Replaces the values of attributes.
  private func tag(_ source: Substring) -> String {
    var result = ""
    var rest = source
    while let open = rest.firstIndex(where: { $0 == "'" || $0 == "\"" }),
      let close = rest[rest.index(after: open)...].firstIndex(of: rest[open])
    {
      let name = rest[..<open]
      result += name
      result.append(rest[open])
      result += value(rest[rest.index(after: open)..<close], of: name)
      result.append(rest[close])
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }

  private func value(_ value: Substring, of name: Substring) -> String {
    // A white pen around some texts, which gnuplot does not use but ink as currentColor would;
    // colours that it does use are rgb(…).
    if name.hasSuffix(" color="), value == "#FFFFFF" { return "inherit" }
    if let colour = ReportStyle.variables[String(value)] { return colour }
    if name.hasSuffix(" id=") { return prefix + value }
    if name.hasSuffix("href="), value.hasPrefix("#") { return "#" + prefix + value.dropFirst() }
    return String(value.replacing("url(#", with: "url(#" + prefix))
  }
}
