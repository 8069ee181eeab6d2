// SPDX-License-Identifier: GPL-2.0-or-later
import ParquetFiles
import Synchronization

/// The buffers of a batch in a file, read where somebody wants their values.
///
/// Of those that are not compressed the wanted part is read; the others are decompressed once, as a whole, and
/// stay as long as the batch.
final class ArrowBatchBody: Sendable {
  let layout: ArrowBatchLayout
  private let file: FileBytes
  private let wholes = Mutex<[Int: Whole]>([:])

  private final class Whole: Sendable {
    let buffer = Mutex<Result<Buffer, ArrowFileFault>?>(nil)
  }

  init(_ file: FileBytes, _ layout: ArrowBatchLayout) { (self.file, self.layout) = (file, layout) }

  /// Some bytes of a buffer: those from the first of them on.
  ///
  /// - Throws: `ArrowFileFault` where the buffer has fewer.
  func part(_ index: Int, _ wanted: Range<Int>) throws(ArrowFileFault) -> (base: UnsafeRawPointer, owner: Buffer) {
    guard layout.codec == nil else {
      let buffer = try whole(index)
      guard wanted.upperBound <= buffer.count else { throw .shortColumn }
      return (UnsafeRawPointer(buffer.base + wanted.lowerBound), buffer)
    }
    let range = try layout.range(ofBuffer: index)
    guard wanted.upperBound <= range.count else { throw .shortColumn }
    let buffer = try file.bytes(range.lowerBound + wanted.lowerBound, wanted.count)
    return (UnsafeRawPointer(buffer.base), buffer)
  }

  /// Whether a buffer has no bytes.
  func isEmpty(_ index: Int) throws(ArrowFileFault) -> Bool { try layout.range(ofBuffer: index).isEmpty }

  /// - Throws: `ArrowFileFault`, every time the same.
  func whole(_ index: Int) throws(ArrowFileFault) -> Buffer {
    let whole = wholes.withLock { wholes in
      if let known = wholes[index] { return known }
      let new = Whole()
      wholes[index] = new
      return new
    }
    return try whole.buffer.withLock { (known) -> Result<Buffer, ArrowFileFault> in
      if let known { return known }
      let result = Result { () throws(ArrowFileFault) in try read(index) }
      known = result
      return result
    }.get()
  }

  private func read(_ index: Int) throws(ArrowFileFault) -> Buffer {
    let range = try layout.range(ofBuffer: index)
    guard let codec = layout.codec, !range.isEmpty else { return try file.bytes(range.lowerBound, range.count) }
    guard range.count >= 8 else { throw .shortColumn }
    let stored = try file.bytes(range.lowerBound, range.count)
    let size = stored.base.loadUnaligned(as: Int64.self)
    // What does not get smaller is stored as it is.
    if size == -1 { return try file.bytes(range.lowerBound + 8, range.count - 8) }
    guard size >= 0 else { throw .shortColumn }
    defer { withExtendedLifetime(stored) {} }
    return try codec.decompressed(UnsafeRawBufferPointer(rebasing: stored.bytes[8...]), size: Int(size))
  }
}

extension FileBytes {
  /// - Throws: `ArrowFileFault` where the file ends before, or cannot be read.
  func bytes(_ place: Int, _ count: Int) throws(ArrowFileFault) -> Buffer {
    do throws(ParquetFault) { return try read(place, count) } catch {
      throw error.remedy.map { ArrowFileFault(error.words, remedy: $0) } ?? ArrowFileFault(error.words)
    }
  }
}
