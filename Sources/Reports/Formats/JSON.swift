// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// One JSON object with full precision.
public struct JSONFormat: ReportFormat {
  public init() {}

  public func write(_ report: Report, to output: inout some TextOutputStream) {
    let members = report.parts.flatMap { $0.members() }
    switch report.jsonStyle {
    case .levels(let depth): JSONValue.object(members).write(to: &output, breakingLines: depth)
    case .recordPerLine: writeLines(members, to: &output)
    }
    output.write("\n")
  }

  private func writeLines(_ members: ReportPart.Members, to output: inout some TextOutputStream) {
    for (k, member) in members.enumerated() {
      output.write(k == 0 ? "{\n" : ",\n")
      JSONValue.string(member.name).write(to: &output)
      output.write(": ")
      guard case .elements(let count, let element) = member.value else {
        member.value.write(to: &output)
        continue
      }
      output.write("[")
      for k in 0..<count {
        output.write(k == 0 ? "\n" : ",\n")
        element(k).write(to: &output)
      }
      output.write("\n]")
    }
    output.write("\n}")
  }
}

extension ReportFormat where Self == JSONFormat {
  public static var json: JSONFormat { JSONFormat() }
}
