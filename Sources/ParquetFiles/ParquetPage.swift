// SPDX-License-Identifier: GPL-2.0-or-later
import Synchronization

/// A page of a column: read and decoded when somebody wants its values, once, and kept as long as it is.
package final class ParquetPage: Sendable {
  private let file: FileBytes
  private let place: Int
  private let header: PageHeader
  private let codec: Codec
  private let decoding: ColumnDecoding
  /// Of a data page whose values are places in it.
  private let dictionary: ParquetPage?
  private let decoded = Mutex<Result<ParquetValues, ParquetFault>?>(nil)

  init(
    _ file: FileBytes, _ place: Int, _ header: PageHeader, _ codec: Codec, _ decoding: ColumnDecoding,
    dictionary: ParquetPage?
  ) {
    (self.file, self.place, self.header) = (file, place, header)
    (self.codec, self.decoding, self.dictionary) = (codec, decoding, dictionary)
  }

  var count: Int { header.count }

  /// - Throws: `ParquetFault`, every time the same.
  package func values() throws(ParquetFault) -> ParquetValues {
    try decoded.withLock { (known) -> Result<ParquetValues, ParquetFault> in
      if let known { return known }
      let result = Result { () throws(ParquetFault) in try decode() }
      known = result
      return result
    }.get()
  }

  private func decode() throws(ParquetFault) -> ParquetValues {
    let payload = Slice(try file.read(place, header.compressedSize))
    if case .dictionary = header.kind { return try decoding.dictionary(header, payload, codec) }
    return try decoding.page(header, payload, codec, dictionary?.values())
  }
}
