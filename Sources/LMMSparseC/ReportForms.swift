// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports

/// How a report is written.
enum ReportForm: String, CaseIterable {
  case json, summary, tidy, glance, markdown, html, latex

  fileprivate func text(of report: Report) -> String {
    switch self {
    case .json: report.text(as: .json)
    case .summary: report.text(as: .summary)
    case .tidy, .glance: report.text(as: .tidy)
    case .markdown: report.text(as: .markdown)
    case .html: report.text(as: .html)
    case .latex: report.text(as: .latex)
    }
  }
}

/// The forms that an answer is wanted in.
struct ReportForms {
  private let forms: [ReportForm]
  /// Whether there is a list of them.
  private let areMany: Bool
  var haveGlance: Bool { forms.contains(.glance) }
  /// One that is a table of CSV.
  static let tidy = ReportForms(forms: [.tidy], areMany: false)

  private init(forms: [ReportForm], areMany: Bool) { (self.forms, self.areMany) = (forms, areMany) }

  /// - Throws: `RequestError`
  init(_ request: Request) throws {
    let names = request.has("format") ? try request.strings("format") : ["json"]
    forms = try names.map { name in
      guard let form = ReportForm(rawValue: name) else {
        let known = joinedAsChoice(ReportForm.allCases.map(\.rawValue))
        throw request.fault("format", "takes \(known), or a list of these")
      }
      return form
    }
    if case .array? = request["format"] { areMany = true } else { areMany = false }
    guard !forms.isEmpty, Set(forms).count == forms.count else {
      throw request.fault("format", "takes a form, or a list in which none is there twice")
    }
  }

  /// A report that is its object, or a text with what has no place in it; of several forms an object with all.
  /// The form glance has a report of its own where there is one.
  func text(of report: Report, glance: Report? = nil) -> JSONText {
    if !areMany, forms[0] == .json { return JSONText(report) }
    var members = forms.map { form -> (name: String, value: JSONText.Member) in
      let text = form.text(of: form == .glance ? glance ?? report : report)
      return (areMany ? form.rawValue : "text", form == .json ? .json(text) : .value(.string(text)))
    }
    let notes = report.notes.filter { _ in areMany || [.tidy, .glance].contains(forms[0]) }
    members.append(("messages", .value(.strings(notes))))
    return JSONText(members)
  }
}
