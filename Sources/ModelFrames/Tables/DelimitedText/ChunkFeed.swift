// SPDX-License-Identifier: GPL-2.0-or-later

/// A chunk to be parsed, or the error that stands in its place.
enum ChunkWork: Sendable {
  case text(TextChunk, index: Int, ParsePlan)
  case failure(TextFailure)
}

/// The chunks of all sources in order, each with the plan of its source; ends after an error.
final class ChunkFeed {
  private var upcoming: TextChunk?
  private let stream: TextStream
  private let makePlan: (SourceLayout) throws(DataError) -> ParsePlan
  private var plan: ParsePlan?
  private var index = 0
  private var isFinished = false

  init(
    _ first: TextChunk?, _ stream: TextStream,
    makePlan: @escaping (SourceLayout) throws(DataError) -> ParsePlan
  ) {
    upcoming = first
    self.stream = stream
    self.makePlan = makePlan
  }

  /// Whether there is one chunk at most, not worth a thread.
  var isShort: Bool { stream.isExhausted }

  func next() -> ChunkWork? {
    if isFinished { return nil }
    do throws(TextFailure) {
      guard let text = try nextText() else {
        isFinished = true
        return nil
      }
      let plan = try plan(for: text)
      index += 1
      return .text(text, index: index - 1, plan)
    } catch {
      isFinished = true
      return .failure(error)
    }
  }

  private func nextText() throws(TextFailure) -> TextChunk? {
    if let text = upcoming {
      upcoming = nil
      return text
    }
    return try stream.next()
  }

  private func plan(for text: TextChunk) throws(TextFailure) -> ParsePlan {
    if let plan, plan.layout.source == text.layout.source { return plan }
    do throws(DataError) {
      let new = try makePlan(text.layout)
      plan = new
      return new
    } catch {
      throw TextFailure(error: error)
    }
  }
}
