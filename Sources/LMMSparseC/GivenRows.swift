// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow
import ModelFrames

/// The stream that a caller has handed over: it is the library's from the beginning.
///
/// `@unchecked Sendable` is not needed: it lives during one call, on its thread.
final class GivenRows {
  private let stream: UnsafeMutablePointer<ArrowArrayStream>?
  private var made: ArrowTable?

  init(_ given: UnsafeMutablePointer<ArrowArrayStream>?) {
    stream = given.map { given in
      let own = UnsafeMutablePointer<ArrowArrayStream>.allocate(capacity: 1)
      own.initialize(to: given.pointee)
      given.pointee.release = nil
      return own
    }
  }

  deinit {
    if let stream {
      stream.pointee.release?(stream)
      stream.deallocate()
    }
  }

  var areThere: Bool { stream != nil }

  /// The rows as a table; once.
  func table(_ name: String, keepsBatches: Bool) -> ArrowTable {
    let table = ArrowTable(moving: stream!, name: name, keepsBatches: keepsBatches)
    made = table
    return table
  }

  /// Gives the stream back.
  func close() { made?.close() }
}
