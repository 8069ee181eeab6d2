// SPDX-License-Identifier: GPL-2.0-or-later
import Synchronization

/// What those who read messages call the settings and actions that messages speak of.
///
/// A front such as the command-line tool has its own and installs it once, before anything else:
/// messages are composed early or late, on any thread. Without, they name the library's own API.
public protocol Vocabulary: Sendable {
  func words(for setting: Setting) -> String
  func words(for action: Action) -> String
}

extension Vocabulary {
  /// Puts these words into all messages of the process from now on.
  public func install() { Installed.vocabularies.withLock { $0 = self } }
}

/// The vocabulary in force.
enum Installed {
  fileprivate static let vocabularies = Mutex<any Vocabulary>(SwiftVocabulary())

  static var vocabulary: any Vocabulary { vocabularies.withLock { $0 } }
}
