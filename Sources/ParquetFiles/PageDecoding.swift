// SPDX-License-Identifier: GPL-2.0-or-later

/// What all pages of a column have in common.
struct ColumnDecoding: Sendable {
  let type: ParquetType
  let stored: StoredType
  let isOptional: Bool
  let isUUID: Bool

  /// The list of values that pages with places refer to.
  ///
  /// - Throws: `ParquetFault`
  func dictionary(_ header: PageHeader, _ payload: Slice, _ codec: Codec) throws(ParquetFault) -> ParquetValues {
    if type == .null { return ParquetValues(type, count: header.count, Slice(Buffer(0))) }
    guard let encoding = StoredValues.Encoding(rawValue: header.encoding),
      encoding == .plain || encoding == .plainDictionary
    else { throw .malformedPage }
    let bytes = try codec.decompressed(payload, size: header.uncompressedSize)
    return try values(bytes, .plain, .all(header.count), count: header.count)
  }

  /// The values of a data page.
  ///
  /// - Throws: `ParquetFault`
  func page(
    _ header: PageHeader, _ payload: Slice, _ codec: Codec, _ dictionary: ParquetValues?
  ) throws(ParquetFault) -> ParquetValues {
    if type == .null { return ParquetValues(type, count: header.count, Slice(Buffer(0))) }
    var (bytes, levels) = try content(header, payload, codec)
    guard let encoding = StoredValues.Encoding(rawValue: header.encoding) else { throw .malformedPage }
    guard encoding.isDictionary else { return try values(bytes, encoding, levels, count: header.count) }
    guard let dictionary else { throw ParquetFault("has a page without its dictionary") }
    let places = Buffer(4 * levels.valueCount)
    if levels.valueCount > 0 {
      let width = try bytes.takeByte()
      let words = places.base.bindMemory(to: UInt32.self, capacity: levels.valueCount)
      var runs = try HybridRuns(bytes, width: width)
      try runs.decode(levels.valueCount, to: words)
      let most = (0..<levels.valueCount).reduce(0 as UInt32) { max($0, words[$1]) }
      guard most < dictionary.count else { throw ParquetFault("has places beyond the end of a dictionary") }
    }
    let spread = levels.spread(Slice(places), width: 4, count: header.count)
    return ParquetValues(
      type, .places(in: dictionary), count: header.count, spread, validity: levels.validity)
  }

  /// The bytes of the values, and which rows have one.
  private func content(
    _ header: PageHeader, _ payload: Slice, _ codec: Codec
  ) throws(ParquetFault) -> (Slice, Levels) {
    guard case .dataV2(let levelBytes, let repetitionBytes, let isCompressed) = header.kind else {
      var bytes = try codec.decompressed(payload, size: header.uncompressedSize)
      guard isOptional else { return (bytes, .all(header.count)) }
      guard header.levelEncoding == 3 else { throw .malformedPage }
      let length = try bytes.takeCount()
      let levels = try Levels(bytes.take(length), count: header.count)
      return (bytes, levels)
    }
    var rest = payload
    _ = try rest.take(repetitionBytes)
    let levels = try rest.take(levelBytes)
    let size = header.uncompressedSize - repetitionBytes - levelBytes
    guard size >= 0 else { throw .malformedPage }
    let bytes = isCompressed ? try codec.decompressed(rest, size: size) : rest
    return (bytes, isOptional ? try Levels(levels, count: header.count) : .all(header.count))
  }

  private func values(
    _ bytes: Slice, _ encoding: StoredValues.Encoding, _ levels: Levels, count: Int
  ) throws(ParquetFault) -> ParquetValues {
    let decoded = try StoredValues(bytes, encoding, stored, count: levels.valueCount)
      .meaning(type, stored, isUUID: isUUID, count: levels.valueCount)
    switch decoded {
    case .bits(let bits):
      return ParquetValues(
        type, count: count, levels.spreadBits(bits, count: count), validity: levels.validity)
    case .fixed(let slice):
      guard let width = type.width else { throw .malformedPage }
      return ParquetValues(
        type, count: count, levels.spread(slice, width: width, count: count), validity: levels.validity)
    case .texts(let texts):
      guard type == .text else { throw .malformedPage }
      return ParquetValues(
        type, count: count, levels.spreadPlaces(texts.places, count: count), texts: texts.bytes,
        validity: levels.validity)
    }
  }
}

extension Levels {
  /// The places of texts, of which missing ones are empty.
  fileprivate func spreadPlaces(_ places: Buffer, count: Int) -> Slice {
    guard let validity else { return Slice(places) }
    let spread = Buffer(8 * (count + 1))
    var next = 0
    for row in 0..<count {
      let place = places.base.load(fromByteOffset: 8 * next, as: Int64.self)
      spread.base.storeBytes(of: place, toByteOffset: 8 * row, as: Int64.self)
      let byte = validity.base.load(fromByteOffset: row >> 3, as: UInt8.self)
      next += Int(byte >> UInt8(row & 7) & 1)
    }
    let end = places.base.load(fromByteOffset: 8 * next, as: Int64.self)
    spread.base.storeBytes(of: end, toByteOffset: 8 * count, as: Int64.self)
    return Slice(spread)
  }
}
