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

  func show(_ progress: FitProgress) { show(Self.words(for: progress)) }

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
    case .evaluating(let point):
      return "evaluation \(point.evaluation): criterion "
        + fixedNotation(point.criterion, decimals: 4)
        + ", \(fixedNotation(point.seconds, decimals: 1)) s"
    case .residuals(let rows):
      return "residuals: \(rows) rows"
    }
  }

  private static func megabytes(_ bytes: Int) -> String {
    fixedNotation(Double(bytes) / 1e6, decimals: 1)
  }
}
