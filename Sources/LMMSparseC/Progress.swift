// SPDX-License-Identifier: GPL-2.0-or-later
import CLMMSparse
import MixedModels

/// Tells the callback of the thread that calls, which is that of the function under way: a model that was
/// fitted in an earlier call tells the callback of the present one.
///
/// Threads that the library started have none.
struct Progress: Sendable {
  /// - Throws: `Interrupted`
  func tell(_ event: @autoclosure () -> [(name: String, value: JSONValue)]) throws {
    let callback = lmm_callback_of_thread()
    guard let report = callback.report else { return }
    if report(JSONText.object(event()).text, callback.context) != 0 { throw Interrupted() }
  }

  func tell(_ progress: FitProgress) throws {
    switch progress {
    case .reading(let bytes, let total, let rows):
      try tell([
        ("stage", .string("reading")), ("rows", .integer(rows)), ("bytes", .integer(bytes)),
        ("total_bytes", .optional(total)),
      ])
    case .evaluating(let point, _):
      try tell([
        ("stage", .string("evaluating")), ("evaluation", .integer(point.evaluation)),
        ("criterion", .number(point.criterion)), ("theta", .numbers(point.theta)),
        ("seconds", .number(point.seconds)),
      ])
    case .residuals(let bytes, let total, let rows):
      try tell([
        ("stage", .string("residuals")), ("rows", .integer(rows)), ("bytes", .integer(bytes)),
        ("total_bytes", .optional(total)),
      ])
    case .predicting(_, _, let rows): try tell([("stage", .string("rows")), ("rows", .integer(rows))])
    case .responses(let done, let all): try tell("responses", done, of: all)
    }
  }

  func tell(_ stage: String, _ done: Int, of all: Int) throws {
    try tell([("stage", .string(stage)), ("done", .integer(done)), ("of", .integer(all))])
  }

  func tell(note: String) throws {
    try tell([("stage", .string("note")), ("text", .string(note))])
  }
}
