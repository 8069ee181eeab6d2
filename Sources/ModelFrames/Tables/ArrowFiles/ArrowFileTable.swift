// SPDX-License-Identifier: GPL-2.0-or-later
import ParquetFiles

/// Arrow and Feather files, of which only the columns that are asked for are read, batch by batch.
///
/// What columns are, their types say, as those of an `ArrowTable` do: the same rows are the same numbers, to the
/// last bit, from a stream in memory and from here.
public struct ArrowFileTable: TableOfFiles, Hashable {
  /// A path, that of a folder with such files, in folders or not, or a pattern such as `data/*.arrow`.
  public let name: String

  public init(path: String) { name = path }

  static let endings = [".arrow", ".feather", ".ipc", ".arrows"]

  private static func ending(of name: String) -> String? {
    let name = name.lowercased()
    return endings.first { name.hasSuffix($0) }
  }

  /// Whether a name is one of Arrow files, or that of a file that begins as one.
  public static func isMeant(by argument: String) -> Bool {
    ending(of: argument) != nil || fileBytes(argument, 8) == ArrowFile.magic + [0, 0]
      || isFolder(argument, of: endings)
  }

  var files: [String] { filesMeant(by: name, inFolders: Self.ending(of: name).map { [$0] } ?? Self.endings) }

  /// Of all files; what is no file counts nothing.
  public var byteCount: Int? { size(of: files) }

  public func open(_ options: ReadingOptions) throws(DataError) -> any TableReading {
    let pass = try ArrowFilePass(files)
    return try ArrowReading(pass, name: name, columns: pass.columns, options)
  }
}

/// One pass over the batches of some files, in their order.
final class ArrowFilePass: ArrowBatchSource {
  let columns: [ArrowColumnDescription]
  private let files: [String]
  private let first: ArrowFile
  private var file: ArrowFile
  private var nextFile = 1
  private var nextBatch = 0
  /// Of the file, before the next batch.
  private var rows = 0
  /// Of the files before this one.
  private var bytes = 0

  /// - Throws: `DataError`
  init(_ files: [String]) throws(DataError) {
    self.files = files
    first = try ArrowFile(files[0])
    file = first
    columns = first.schema.columns.map { ArrowColumnDescription(name: $0.name, type: $0.type) }
  }

  func batch(_ index: Int) throws(DataError) -> (any ArrowRowBatch)? {
    while nextBatch == file.batches.count {
      bytes += file.bytes.count
      guard nextFile < files.count else { return nil }
      (file, nextBatch, rows) = (try ArrowFile(files[nextFile]), 0, 0)
      nextFile += 1
    }
    let batch = try ArrowFileBatch(file, nextBatch, first: first, firstRow: rows, bytesBefore: bytes)
    (nextBatch, rows) = (nextBatch + 1, rows + batch.rowCount)
    return batch
  }
}

/// A batch of a file, whose columns are read where somebody wants some rows of them.
final class ArrowFileBatch: ArrowRowBatch {
  private let file: ArrowFile
  /// The one that says what columns are.
  private let first: ArrowFile
  private let body: ArrowBatchBody
  private let batch: ArrowFile.Batch
  /// In the file.
  private let firstRow: Int
  private let bytesBefore: Int

  /// - Throws: `DataError`
  init(
    _ file: ArrowFile, _ index: Int, first: ArrowFile, firstRow: Int, bytesBefore: Int
  ) throws(DataError) {
    (self.file, self.first, self.firstRow) = (file, first, firstRow)
    batch = file.batches[index]
    self.bytesBefore = bytesBefore
    do throws(ArrowFileFault) {
      guard case .batch(let table) = try ArrowFile.message(file.bytes, batch.block).header else {
        throw .malformedMetadata
      }
      body = ArrowBatchBody(file.bytes, try ArrowBatchLayout(table, batch.block))
    } catch {
      throw error.error(file.path)
    }
  }

  var rowCount: Int { body.layout.rowCount }

  func place(ofRow row: Int) -> RowPlace? { RowPlace(file: file.path, row: firstRow + row + 1) }

  func bytesRead(upTo row: Int) -> Int {
    let share = Double(batch.block.bodyBytes) * Double(row) / Double(max(rowCount, 1))
    return bytesBefore + batch.block.body + Int(share)
  }

  func piece(
    _ column: Int, _ description: ArrowColumnDescription, _ rows: Range<Int>, of table: String
  ) throws(DataError) -> ArrowPiece {
    let own = try self.column(column, description)
    if case .unreadable(let format) = own.type {
      throw DataError(
        .malformedBatch("values of the Arrow type \(ArrowType.described(format)) cannot be used"), file: file.path, column: own.name)
    }
    do throws(ArrowFileFault) {
      var list: ArrowFileColumn?
      if let id = own.dictionary {
        guard let dictionary = batch.dictionaries[id] else { throw ArrowFileFault("has no list of the values it means") }
        list = try dictionary.values()
      }
      let values = try body.column(own, rows: rows, list: list)
      let shifted = rows.lowerBound - values.firstRow..<rows.upperBound - values.firstRow
      return ArrowPiece(column: values.values, rows: shifted, owner: values)
    } catch {
      throw error.error(file.path, column: own.name)
    }
  }

  /// A column by its place in the first file, and by its name in the others.
  private func column(
    _ place: Int, _ description: ArrowColumnDescription
  ) throws(DataError) -> ArrowFileSchema.Column {
    guard file !== first else { return file.schema.columns[place] }
    let found = file.schema.columns.filter { $0.name == description.name }
    guard let column = found.first else {
      let names = file.schema.columns.map(\.name)
      throw DataError(.unknownColumn(available: names), file: file.path, column: description.name)
    }
    guard found.count == 1 else { throw DataError(.duplicateColumn, file: file.path, column: column.name) }
    if let known = description.type.words, let other = column.type.words, known != other {
      throw DataError(
        .unsuitable("has \(other), and in \(first.path) it has \(known).", remedy: "Write both files with one type."),
        file: file.path, column: column.name)
    }
    return column
  }
}
