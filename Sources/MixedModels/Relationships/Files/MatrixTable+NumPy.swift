// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

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

extension MatrixTable {
  /// The entries of a NumPy array, those below the diagonal; levels as those of a MatrixMarket file.
  ///
  /// - Throws: `DelimitedTextError` for what is no number, or not symmetric; `MemoryShortage`.
  init(numPy array: NumPyMatrix, _ file: RelationshipFile) throws {
    let n = array.size
    let labels = try Self.labels(file.path, count: n)
    try requireMemory(
      24 * Double(n) * Double(n + 1), for: "the entries of a matrix of \(n) levels",
      remedy: "Give the inverse, if it is sparse.")
    var entries: [(row: String, column: String, value: Double)] = []
    for i in 0..<n {
      for j in 0...i {
        let (value, other) = (array[i, j], array[j, i])
        guard value.isFinite, value == other else {
          throw file.problem(
            nil,
            value.isFinite && other.isFinite
              ? "the matrix is not symmetric: it has \(value) for “\(labels[i])” and “\(labels[j])”, and \(other) for “\(labels[j])” and “\(labels[i])”"
              : "the entry of “\(labels[i])” and “\(labels[j])” is no number")
        }
        if value != 0 || i == j { entries.append((labels[i], labels[j], value)) }
      }
    }
    self.init(entries, lines: [])
  }
}
