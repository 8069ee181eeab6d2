// SPDX-License-Identifier: GPL-2.0-or-later

/// The values of a page without the missing ones, as they are stored.
enum StoredValues {
  /// One after another, of one size.
  case fixed(Slice)
  /// Bit by bit, the lowest first.
  case bits(Slice)
  case texts(Texts)

  /// Bytes of any number.
  struct Texts {
    /// Of 8 bytes, one more than there are texts.
    let places: Buffer
    let bytes: Buffer
    let count: Int

    /// Room for texts of these lengths, one after another.
    ///
    /// - Throws: `ParquetFault` for more bytes than a page can have.
    init(_ lengths: some Collection<Int>) throws(ParquetFault) {
      count = lengths.count
      places = Buffer(8 * (lengths.count + 1))
      var end = 0
      let words = places.base.bindMemory(to: Int64.self, capacity: count + 1)
      words[0] = 0
      for (k, length) in lengths.enumerated() {
        guard length >= 0, length <= Int(Int32.max) else { throw .malformedPage }
        end += length
        words[k + 1] = Int64(end)
      }
      guard end <= 1 << 32 else { throw .malformedPage }
      bytes = Buffer(end)
    }

    @inline(__always)
    func place(_ k: Int) -> Int { Int(places.base.load(fromByteOffset: 8 * k, as: Int64.self)) }

    func text(_ k: Int) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(start: bytes.base + place(k), count: place(k + 1) - place(k))
    }
  }
}

extension StoredValues {
  /// Encodings by their numbers in the format.
  enum Encoding: Int {
    case plain = 0
    case plainDictionary = 2
    case runs = 3
    case bitPacked, delta, deltaLength, deltaBytes, dictionary, split

    var isDictionary: Bool { self == .plainDictionary || self == .dictionary }
  }

  /// - Parameters:
  ///   - bytes: All of them belong to the values.
  ///   - count: Values that are there.
  /// - Throws: `ParquetFault`
  init(
    _ bytes: Slice, _ encoding: Encoding, _ type: StoredType, count: Int
  ) throws(ParquetFault) {
    var bytes = bytes
    switch (encoding, type) {
    case (.plain, .boolean): self = .bits(try bytes.take((count + 7) / 8))
    case (.runs, .boolean): self = .bits(try Self.booleans(&bytes, count))
    case (.plain, .bytes): self = .texts(try Self.plainTexts(bytes, count))
    case (.deltaLength, .bytes): self = .texts(try Self.lengthsAndTexts(&bytes, count))
    case (.deltaBytes, .bytes), (.deltaBytes, .fixed):
      let texts = try Self.prefixesAndSuffixes(&bytes, count)
      self = try type == .bytes ? .texts(texts) : .fixed(Self.evenTexts(texts, type.width!))
    case (.delta, .int32), (.delta, .int64):
      self = .fixed(try Self.deltas(&bytes, type, count))
    case (.plain, _): self = .fixed(try bytes.take(count * type.width!))
    case (.split, _) where type.width != nil: self = .fixed(try Self.joined(bytes, type.width!, count))
    default:
      throw ParquetFault(
        "has a page in an encoding that is not read (\(encoding.rawValue))",
        remedy: "Write it again with the defaults of the program.")
    }
  }

  private static func booleans(_ bytes: inout Slice, _ count: Int) throws(ParquetFault) -> Slice {
    let length = try bytes.takeCount()
    let words = Buffer(4 * count)
    defer { withExtendedLifetime(words) {} }
    let values = words.base.bindMemory(to: UInt32.self, capacity: count)
    var runs = try HybridRuns(bytes.take(length), width: 1)
    try runs.decode(count, to: values)
    let bits = Buffer((count + 7) / 8)
    for k in 0..<bits.count {
      var byte: UInt8 = 0
      for row in 8 * k..<min(8 * k + 8, count) { byte |= UInt8(values[row] & 1) << UInt8(row & 7) }
      bits.base.storeBytes(of: byte, toByteOffset: k, as: UInt8.self)
    }
    return Slice(bits)
  }

  /// Each text stands behind its length.
  private static func plainTexts(_ bytes: Slice, _ count: Int) throws(ParquetFault) -> Texts {
    guard count <= bytes.count / 4 else { throw .shortPage }
    var rest = bytes
    var lengths: [Int] = []
    lengths.reserveCapacity(count)
    for _ in 0..<count {
      let length = try rest.takeCount()
      _ = try rest.take(length)
      lengths.append(length)
    }
    let texts = try Texts(lengths)
    var place = 0
    for (k, length) in lengths.enumerated() {
      place += 4
      (texts.bytes.base + texts.place(k)).copyMemory(from: bytes.base + place, byteCount: length)
      place += length
    }
    return texts
  }

  private static func lengths(_ bytes: inout Slice, _ count: Int) throws(ParquetFault) -> [Int] {
    let lengths = try DeltaNumbers.decode(&bytes, most: count)
    guard lengths.count == count else { throw .malformedPage }
    return lengths.map { Int($0) }
  }

  private static func lengthsAndTexts(
    _ bytes: inout Slice, _ count: Int
  ) throws(ParquetFault) -> Texts {
    let texts = try Texts(lengths(&bytes, count))
    let all = try bytes.take(texts.bytes.count)
    texts.bytes.base.copyMemory(from: all.base, byteCount: all.count)
    return texts
  }

  /// Each text begins as the one before.
  private static func prefixesAndSuffixes(
    _ bytes: inout Slice, _ count: Int
  ) throws(ParquetFault) -> Texts {
    let prefixes = try lengths(&bytes, count)
    let suffixes = try lengthsAndTexts(&bytes, count)
    var sizes: [Int] = []
    sizes.reserveCapacity(count)
    for k in 0..<count {
      guard prefixes[k] >= 0, prefixes[k] <= sizes.last ?? 0 else { throw .malformedPage }
      sizes.append(prefixes[k] + suffixes.text(k).count)
    }
    let texts = try Texts(sizes)
    for k in 0..<count {
      let target = texts.bytes.base + texts.place(k)
      if prefixes[k] > 0 {
        target.copyMemory(from: texts.bytes.base + texts.place(k - 1), byteCount: prefixes[k])
      }
      let suffix = suffixes.text(k)
      if suffix.count > 0 {
        (target + prefixes[k]).copyMemory(from: suffix.baseAddress!, byteCount: suffix.count)
      }
    }
    return texts
  }

  private static func evenTexts(_ texts: Texts, _ width: Int) throws(ParquetFault) -> Slice {
    guard (0..<texts.count).allSatisfy({ texts.text($0).count == width }) else { throw .malformedPage }
    return Slice(texts.bytes)
  }

  private static func deltas(
    _ bytes: inout Slice, _ type: StoredType, _ count: Int
  ) throws(ParquetFault) -> Slice {
    let numbers = try DeltaNumbers.decode(&bytes, most: count)
    guard numbers.count == count else { throw .malformedPage }
    let width = type.width!
    let buffer = Buffer(count * width)
    for (k, number) in numbers.enumerated() {
      if width == 8 {
        buffer.base.storeBytes(of: number, toByteOffset: 8 * k, as: Int64.self)
      } else {
        buffer.base.storeBytes(of: Int32(truncatingIfNeeded: number), toByteOffset: 4 * k, as: Int32.self)
      }
    }
    return Slice(buffer)
  }

  /// All first bytes, then all second ones, and so on.
  private static func joined(_ bytes: Slice, _ width: Int, _ count: Int) throws(ParquetFault) -> Slice {
    guard bytes.count == count * width else { throw .shortPage }
    let buffer = Buffer(count * width)
    let (from, to) = (
      bytes.base.assumingMemoryBound(to: UInt8.self),
      buffer.base.bindMemory(to: UInt8.self, capacity: count * width)
    )
    for byte in 0..<width {
      for k in 0..<count { to[k * width + byte] = from[byte * count + k] }
    }
    return Slice(buffer)
  }
}
