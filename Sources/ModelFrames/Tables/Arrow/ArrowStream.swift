// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The consumer's side of an Arrow stream, which it owns.
final class ArrowStream {
  private let name: String
  private let stream: UnsafeMutablePointer<ArrowArrayStream>
  private var known: [ArrowColumnDescription]?
  /// What ended the stream, nil while it goes on or after its regular end.
  private var failure: DataError?
  private var isAtEnd = false

  init(moving source: UnsafeMutablePointer<ArrowArrayStream>, name: String) {
    self.name = name
    stream = .allocate(capacity: 1)
    stream.initialize(to: source.pointee)
    source.pointee.release = nil
  }

  deinit {
    stream.pointee.release?(stream)
    stream.deallocate()
  }

  /// The columns by the stream's schema.
  ///
  /// - Throws: `DataError`
  func columns() throws(DataError) -> [ArrowColumnDescription] {
    if let known { return known }
    guard stream.pointee.release != nil, let getSchema = stream.pointee.get_schema else {
      throw refusal("the stream was released before it was read")
    }
    var schema = ArrowSchema()
    let code = getSchema(stream, &schema)
    guard code == 0 else { throw streamError(code) }
    guard let release = schema.release else { throw refusal("the stream has no schema") }
    defer { release(&schema) }
    let columns = try ArrowColumnDescription.columns(of: schema, name)
    known = columns
    return columns
  }

  /// The next batch; nil after the last.
  ///
  /// - Throws: `DataError`
  func next() throws(DataError) -> ArrowBatch? {
    if let failure { throw failure }
    if isAtEnd { return nil }
    do throws(DataError) {
      let columns = try columns()
      guard let getNext = stream.pointee.get_next else {
        throw refusal("the stream has no batches to give")
      }
      var array = ArrowArray()
      let code = getNext(stream, &array)
      guard code == 0 else { throw streamError(code) }
      guard array.release != nil else {
        isAtEnd = true
        return nil
      }
      return try ArrowBatch(moving: array, columns: columns.count, name)
    } catch {
      failure = error
      throw error
    }
  }

  /// What the producer says of its error, or else the system's words for the code.
  private func streamError(_ code: Int32) -> DataError {
    let words = stream.pointee.get_last_error.flatMap { $0(stream) }.map { String(cString: $0) }
    let reason = words.flatMap { $0.isEmpty ? nil : $0 } ?? String(cString: strerror(code))
    return DataError(.streamFailed(reason), file: name)
  }

  private func refusal(_ words: String) -> DataError { DataError(.malformedBatch(words), file: name) }
}

/// One batch of rows, released when nobody looks at it any more.
///
/// `@unchecked Sendable`: nothing of it changes.
final class ArrowBatch: ArrowRowBatch, @unchecked Sendable {
  let array: UnsafePointer<ArrowArray>
  private let owned: UnsafeMutablePointer<ArrowArray>
  var rowCount: Int { Int(array.pointee.length) }

  /// - Throws: `DataError` unless it is a struct of so many columns, each as long as it is.
  init(moving source: ArrowArray, columns: Int, _ name: String) throws(DataError) {
    owned = .allocate(capacity: 1)
    owned.initialize(to: source)
    array = UnsafePointer(owned)
    if let words = Self.fault(source, columns) {
      throw DataError(.malformedBatch(words), file: name)
    }
  }

  func place(ofRow row: Int) -> RowPlace? { nil }

  func bytesRead(upTo row: Int) -> Int { 0 }

  func piece(
    _ column: Int, _ description: ArrowColumnDescription, _ rows: Range<Int>, of table: String
  ) throws(DataError) -> ArrowPiece {
    do throws(ArrowColumn.Fault) {
      return ArrowPiece(column: try ArrowColumn(self, column: column, description.type), rows: rows)
    } catch {
      throw DataError(.malformedBatch(error.words), file: table, column: description.name)
    }
  }

  deinit {
    owned.pointee.release?(owned)
    owned.deallocate()
  }

  /// Why an array is no batch; nil if it is one.
  private static func fault(_ array: ArrowArray, _ columns: Int) -> String? {
    guard array.length >= 0, array.offset >= 0, array.length < 1 << 53, array.offset < 1 << 53 else {
      return "a batch of \(array.length) rows from row \(array.offset) on"
    }
    guard array.n_children == columns, columns == 0 || array.children != nil else {
      return "a batch has \(array.n_children) columns, and the schema \(columns)"
    }
    for k in 0..<columns where array.children[k] == nil { return "column \(k + 1) of a batch is not there" }
    return nil
  }
}

/// A column as the schema describes it.
struct ArrowColumnDescription {
  let name: String
  let type: ArrowType

  /// - Throws: `DataError` for a schema that is no table's.
  fileprivate static func columns(
    of schema: ArrowSchema, _ table: String
  ) throws(DataError) -> [ArrowColumnDescription] {
    guard let format = schema.format, String(cString: format) == "+s" else {
      let format = schema.format.map { String(cString: $0) } ?? ""
      throw DataError(
        .malformedBatch("the stream is one of arrays of the format “\(format)”, not of tables"), file: table)
    }
    guard schema.n_children > 0, schema.n_children <= Int32.max, let children = schema.children else {
      throw DataError(.noColumns, file: table)
    }
    var columns: [ArrowColumnDescription] = []
    for k in 0..<Int(schema.n_children) {
      guard let child = children[k] else {
        throw DataError(.malformedBatch("column \(k + 1) of the schema is not there"), file: table)
      }
      let name = child.pointee.name.map { String(cString: $0) } ?? ""
      columns.append(ArrowColumnDescription(name: name, type: ArrowType(child.pointee)))
    }
    return columns
  }
}
