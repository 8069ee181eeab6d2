// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Signs of life on standard error: one line rewritten in place on a terminal, one line after
/// another elsewhere.
final class ProgressLine: Sendable {
  private struct State {
    var lastShown: Double
    var isVisible = false
    /// What is counted, when and where counting began, and how far it has come.
    var count: (what: String, began: Double, first: Double, last: Double)?
  }

  private let isTerminal: Bool
  private let interval: Double
  private let state: Mutex<State>

  /// nil where nothing is to be shown: by default unless standard error is a terminal.
  init?(isWanted: Bool, isUnwanted: Bool) {
    isTerminal = isatty(STDERR_FILENO) == 1
    guard !isUnwanted, isWanted || isTerminal else { return nil }
    interval = isTerminal ? 0.1 : 1
    // A fit that is over at once shows nothing on a terminal.
    state = Mutex(State(lastShown: isTerminal ? monotonicSeconds() : -.infinity))
  }

  func show(_ progress: FitProgress) {
    let left =
      switch progress {
      case .reading(let bytes, let total, _): timeLeft("reading", bytes, of: total)
      case .residuals(let bytes, let total, _): timeLeft("residuals", bytes, of: total)
      case .predicting(let bytes, let total, _): timeLeft("predicting", bytes, of: total)
      case .evaluating(let point, let usual): Self.timeLeft(point, usual)
      case .responses(let done, let all): timeLeft("responses", Double(done), of: Double(all))
      }
    show(Self.words(for: progress) + left)
  }

  /// `replicate 120 of 1000, 12 s left`, once a second's worth was done.
  func show(_ what: String, _ done: Int, of total: Int, _ suffix: String = "") {
    let left = timeLeft(what, Double(done), of: Double(total))
    show("\(what) \(done) of \(total)\(suffix)\(left)")
  }

  /// Of a search by exact gradients, once a second's worth was done: an evaluation with its gradient takes about
  /// three times as long as without, and there are two gradients for every parameter at the end.
  private static func timeLeft(_ point: TracePoint, _ usual: Int?) -> String {
    guard let usual, point.seconds > 1, (1..<usual).contains(point.evaluation) else { return "" }
    let pace = point.seconds / Double(point.evaluation)
    let steps = Double(usual - point.evaluation) + 4 * Double(point.theta.count) / 3
    return ", about \(duration(pace * steps)) left"
  }

  private func timeLeft(_ what: String, _ bytes: Int, of total: Int?) -> String {
    guard let total, total > 0 else { return "" }
    return timeLeft(what, Double(bytes), of: Double(total))
  }

  /// By the pace since this was counted first.
  private func timeLeft(_ what: String, _ done: Double, of total: Double) -> String {
    state.withLock { state in
      let now = monotonicSeconds()
      guard let count = state.count, count.what == what, done >= count.last else {
        state.count = (what, now, done, done)  // or it begins again
        return ""
      }
      state.count?.last = done
      let (seconds, part) = (now - count.began, done - count.first)
      guard seconds > 1, part > 0, done < total else { return "" }
      return ", \(Self.duration(seconds * (total - done) / part)) left"
    }
  }

  /// `12 s`, `3 min`, `2.5 h`.
  static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<99.5: "\(Int(max(seconds, 1).rounded())) s"
    case ..<5970: "\(Int((seconds / 60).rounded())) min"
    case ..<1e9: "\(fixedNotation(seconds / 3600, decimals: 1)) h"
    default: "years"
    }
  }

  /// The words are made only if they are shown.
  func show(_ words: @autoclosure () -> String) {
    state.withLock { state in
      let now = monotonicSeconds()
      guard now - state.lastShown >= interval else { return }
      state.lastShown = now
      state.isVisible = true
      let line = printableText(words(), limit: 200)
      writeToStandardError(isTerminal ? "\r\(line.prefix(78))\u{1B}[K" : line + "\n")
    }
  }

  /// Removes the line from the terminal.
  func clear() {
    state.withLock { state in
      guard isTerminal, state.isVisible else { return }
      writeToStandardError("\r\u{1B}[K")
      state.isVisible = false
    }
  }

  deinit { clear() }

  private static func words(for progress: FitProgress) -> String {
    switch progress {
    case .reading(let bytes, let totalBytes, let rows):
      let total = totalBytes.map { " of \(megabytes($0))" } ?? ""
      return "reading: \(megabytes(bytes))\(total) MB, \(rows) rows"
    case .evaluating(let point, let usual):
      let number = usual.map { point.evaluation < $0 ? " of some \($0)" : "" } ?? ""
      return "evaluation \(point.evaluation)\(number): criterion "
        + fixedNotation(point.criterion, decimals: 4)
        + ", \(fixedNotation(point.seconds, decimals: 1)) s"
    case .residuals(_, _, let rows): return "residuals: \(rows) rows"
    case .predicting(_, _, let rows): return "rows: \(rows)"
    case .responses(let done, let all): return "responses: \(done) of \(all)"
    }
  }

  private static func megabytes(_ bytes: Int) -> String {
    fixedNotation(Double(bytes) / 1e6, decimals: 1)
  }
}
