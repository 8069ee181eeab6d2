// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport

/// The columns of data/sleepstudy.csv.
enum Sleepstudy {
  static let rows: [(reaction: Double, days: Int, subject: Int)] = {
    let text = try! String(contentsOfFile: sleepstudyPath, encoding: .utf8)
    let lines = text.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    let places = ["Reaction", "Days", "Subject"].map { name in
      lines[0].firstIndex { $0.filter { $0 != "\"" } == name }!
    }
    return lines.dropFirst().map { fields in
      (Double(fields[places[0]])!, Int(fields[places[1]])!, Int(fields[places[2]].filter { $0 != "\"" })!)
    }
  }()

  static let reaction = rows.map { Double?.some($0.reaction) }
  static let days = rows.map { Int?.some($0.days) }
  static let subjects = rows.map { Int?.some($0.subject) }
  static let labels = rows.map { String?.some("\($0.subject)") }

  static let options = #"{"formula": "Reaction ~ Days + (Days | Subject)"}"#
  static let fileOptions = """
    {"formula": "Reaction ~ Days + (Days | Subject)", "data": "\(sleepstudyPath)"}
    """

  static func stream() -> ArrowTestStream {
    ArrowTestStream([
      "Reaction": .doubles(reaction), "Days": .numbers("l", days), "Subject": .texts("u", labels),
    ])
  }
}
