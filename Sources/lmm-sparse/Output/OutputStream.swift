// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods

/// Where the bytes of a report go.
struct OutputStream {
  let descriptor: Int32
  /// Or a name, for errors.
  let path: String

  func write(_ text: String) throws(OutputError) {
    try write(Array(text.utf8))
  }

  func write(_ bytes: [UInt8]) throws(OutputError) {
    guard bytes.withUnsafeBytes({ writeAll($0, to: descriptor) }) else {
      throw OutputError(path: path, .init())
    }
  }

  var sink: ByteSink {
    ByteSink { bytes in
      guard writeAll(bytes, to: descriptor) else { throw OutputError(path: path, .init()) }
    }
  }
}
