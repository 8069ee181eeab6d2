// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// A result that can be reported.
public protocol Reportable: Sendable {
  /// What is said of such a result, in its order.
  static var layout: ReportLayout<Self> { get }
}

extension Reportable {
  /// - Parameter notes: what else is to be known of it, such as that the fit is singular.
  public func report(notes: [String] = []) -> Report { Self.layout.report(self, notes) }
}

/// What is said of results of one kind: declared once, for all formats and for the help texts.
public struct ReportLayout<Subject: Sendable>: Sendable {
  package struct Part: Sendable {
    /// Names in JSON as a help text lists them.
    var words: [String] = []
    /// The part, given the result and its notes.
    var made: @Sendable (Subject, [String]) -> [ReportPart]
  }

  private let parts: [Part]
  private let notes: @Sendable (Subject) -> [String]
  private let jsonStyle: Report.JSONStyle
  private let page: (@Sendable (Subject) -> String)?

  package init(
    _ parts: [Part], notes: @escaping @Sendable (Subject) -> [String] = { _ in [] },
    jsonStyle: Report.JSONStyle = .levels(2), page: (@Sendable (Subject) -> String)? = nil
  ) {
    (self.parts, self.notes, self.jsonStyle, self.page) = (parts, notes, jsonStyle, page)
  }

  /// The names in the JSON object, those inside of a member in parentheses.
  public var jsonNames: String { parts.flatMap(\.words).listed }

  func report(_ subject: Subject, _ more: [String]) -> Report {
    let notes = notes(subject) + more
    var report = Report(parts.flatMap { $0.made(subject, notes) })
    (report.notes, report.jsonStyle) = (notes, jsonStyle)
    if let page { report.page = { page(subject) } }
    return report
  }
}

extension ReportLayout.Part {
  package typealias Lines = @Sendable (Subject) -> [String]

  /// What it is, in one line.
  static func title(_ text: @escaping @Sendable (Subject) -> String) -> Self {
    Self { subject, _ in [ReportPart(shown: .title(text(subject)))] }
  }

  /// A member for programs, a labelled line for people.
  static func fact(
    _ json: String, _ label: String, _ text: @escaping @Sendable (Subject) -> String
  ) -> Self {
    Self(words: [json]) { subject, _ in
      [
        ReportPart(shown: .line("\(label): \(text(subject))")) {
          [(json, .string(text(subject)))]
        }
      ]
    }
  }

  /// Members for programs.
  static func data(_ columns: Column<Subject>...) -> Self {
    Self(words: columns.compactMap(\.words)) { subject, _ in
      [
        ReportPart {
          columns.compactMap { column in column.json.map { ($0, column.value(subject)) } }
        }
      ]
    }
  }

  /// Members that are written elsewhere.
  static func members(_ members: @escaping @Sendable (Subject) -> ReportPart.Members) -> Self {
    Self { subject, _ in [ReportPart { members(subject) }] }
  }

  /// Lines for people.
  static func lines(_ lines: @escaping Lines) -> Self {
    Self { subject, _ in lines(subject).map { ReportPart(shown: .line($0)) } }
  }

  /// Lines for people that are set off; none if there are none.
  static func paragraph(_ lines: @escaping Lines) -> Self {
    Self { subject, _ in
      let lines = lines(subject)
      return lines.isEmpty ? [] : [ReportPart(shown: .paragraph(lines))]
    }
  }

  /// A table.
  ///
  /// - Parameters:
  ///   - json: the name of the array of its rows, if programs get it as such.
  ///   - rows: nil if there is no table, which is null in JSON.
  ///   - label: what stands before a row of text.
  ///   - columns: of a result, or of results in general: there names in JSON are the same.
  static func table<Rows: Sequence & SendableMetatype>(
    json: String? = nil, _ rows: @escaping @Sendable (Subject) -> Rows?,
    label: @escaping @Sendable (Rows.Element) -> String = { _ in "" },
    heading: (@Sendable (Subject) -> String)? = nil, footnotes: @escaping Lines = { _ in [] },
    width: Int = 80, isShown: @escaping @Sendable (Subject) -> Bool = { _ in true },
    columns: @escaping @Sendable (Subject?) -> [Column<Rows.Element>]
  ) -> Self {
    let words = columns(nil).compactMap(\.words).listed
    return Self(words: json.map { ["\($0) (\(words))"] } ?? []) { subject, _ in
      guard rows(subject) != nil else {
        return [ReportPart { json.map { [($0, .null)] } ?? [] }]
      }
      let table = ResultsTable(
        heading: heading?(subject), footnotes: footnotes(subject), width: width,
        columns: columns(subject), label: label, rows: { rows(subject)! })
      let members: @Sendable () -> ReportPart.Members = { json.map { [($0, table.json)] } ?? [] }
      return [ReportPart(shown: isShown(subject) ? .table(table) : nil, members: members)]
    }
  }

  /// Tables as many as the result has.
  static func tables(_ tables: @escaping @Sendable (Subject) -> [any ReportTable]) -> Self {
    Self { subject, _ in tables(subject).map { ReportPart(shown: .table($0)) } }
  }

  /// Notes for people.
  static func shownNotes(_ notes: @escaping Lines) -> Self {
    Self { subject, _ in [ReportPart(shown: .notes(notes(subject)))] }
  }

  /// What else is to be known: `messages` in JSON.
  ///
  /// - Parameters before, after: what only people are told, around the notes.
  static func notes(
    before: @escaping Lines = { _ in [] }, after: @escaping Lines = { _ in [] }
  ) -> Self {
    Self(words: ["messages"]) { subject, notes in
      [
        ReportPart(shown: .notes(before(subject) + notes + after(subject))) {
          [("messages", .strings(notes))]
        }
      ]
    }
  }
}
