// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A square array of NumPy's format .npy, versions 1 to 3, of numbers of 4 or 8 bytes.
struct NumPyMatrix {
  let size: Int
  private let bytes: [UInt8]
  /// Of the first value.
  private let start: Int
  private let isDouble: Bool

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// - Throws: `DelimitedTextError` for other arrays, and for a file that ends too early.
  init(_ bytes: [UInt8], name: String) throws(DelimitedTextError) {
    func fail(_ problem: String) -> DelimitedTextError {
      DelimitedTextError(name: name, line: nil, problem: problem)
    }
    guard bytes.count > 12 else { throw fail("the NumPy file ends in its header") }
    let isShort = bytes[6] == 1  // the header's length has two bytes, else four
    let width = isShort ? 2 : 4
    let length = (0..<width).reduce(0) { $0 + Int(bytes[8 + $1]) << (8 * $1) }
    start = 8 + width + length
    guard bytes.count >= start else { throw fail("the NumPy file ends in its header") }
    let header = String(decoding: bytes[(8 + width)..<start], as: UTF8.self)
    guard let descr = header.firstMatch(of: /'descr': *'([^']*)'/)?.output.1,
      ["<f8", "<f4"].contains(descr)
    else { throw fail("its numbers are not of 4 or 8 bytes, little-endian. Save it as float64") }
    guard let shape = header.firstMatch(of: /'shape': *\((\d+), *(\d+)\)/)?.output,
      shape.1 == shape.2, let size = Int(shape.1), (1...(1 << 20)).contains(size)
    else { throw fail("it is no square matrix") }
    isDouble = descr == "<f8"
    guard bytes.count == start + size * size * (isDouble ? 8 : 4) else {
      throw fail("it does not have the bytes of a matrix of \(size) rows")
    }
    (self.size, self.bytes) = (size, bytes)
  }

  subscript(_ i: Int, _ j: Int) -> Double {
    let place = i * size + j
    return bytes.withUnsafeBytes { raw in
      isDouble
        ? Double(bitPattern: raw.loadUnaligned(fromByteOffset: start + 8 * place, as: UInt64.self))
        : Double(
          Float(bitPattern: raw.loadUnaligned(fromByteOffset: start + 4 * place, as: UInt32.self)))
    }
  }
}
