// SPDX-License-Identifier: GPL-2.0-or-later
import Synchronization

/// Keeps a program whose pipes are each filled but once from opening one again, which would wait
/// for ever or find it empty.
///
/// A library's user may well open a named pipe again, so a program asks for this.
package enum SecondReadings {
  /// Pipes that were opened; nil where opening them again is nobody's business.
  private static let opened = Mutex<Set<FileStatus.Identity>?>(nil)

  /// From now on a pipe can be opened once.
  package static func refuse() {
    opened.withLock { $0 = $0 ?? [] }
  }

  /// Why a source cannot be opened; nil if it can, and then it counts as opened.
  static func refusal(of source: DataSource) -> DataError? {
    guard let status = source.status, !status.isRegular, !status.isCharacterDevice else {
      return nil
    }
    let isFirst = opened.withLock { $0?.insert(status.identity).inserted ?? true }
    return isFirst ? nil : DataError(.cannotReadAgain, file: source.name)
  }
}
