// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension ModelReading {
  /// One pass over rows that are correlated with those before them of the same subject; a second one
  /// where the first shows that they are in another order, with all rows in memory.
  ///
  /// - Throws: `DataError`, which names both lines of a time that a subject has twice; `FitError`.
  func serialProducts(_ serial: BoundSerial) throws -> CrossProducts {
    do {
      var products = try productsInOrder()
      try products.checkSteps()
      products.finish()
      return products
    } catch let found as Found where found.isDisorder {
      guard reader.sources.allSatisfy(\.canBeReadAgain) else {
        throw DataError(
          .unsuitable(
            "rows of \(found.subject) follow those of others, or of later times, and a stream is read once.",
            remedy:
              "Sort the rows by \(serial.term.subject) and \(serial.term.visit), or write them to a file first."
          ), at: found.places[0])
      }
      do {
        var products = try sortedProducts(serial)
        try products.checkSteps()
        products.finish()
        products.notes.append(
          "rows are not in the order of \(serial.term.subject) and \(serial.term.visit): the table was read twice, and all rows were kept in memory"
        )
        return products
      } catch let found as Found { throw found.error(serial) }
    } catch let found as Found {
      throw found.error(serial)
    }
  }

  private func productsInOrder() throws -> CrossProducts {
    var order = SerialOrder(specification)!
    let (basis, steps) = (specification.basis, specification.basis.serial!)
    var products = try crossProducts(
      also: { rows, _ in SerialRows(rows, basis, steps) },
      consume: { rows, places, products in
        do { try order.add(rows, places) } catch let found as SerialOrder.Contradiction {
          throw Found(
            found, products, specification.serial!,
            places: found.rows.map { $0.place.rows!.place(ofRow: $0.place.rowOfChunk($0.row)) })
        }
      })
    products.addSteps(between: order.between)
    return products
  }

  /// A contradiction with the subject's label, and where the rows stand.
  private struct Found: Error {
    let kind: SerialRows.Fault.Kind
    /// `Subject “308”`
    let subject: String
    let places: [RowPlace]

    init(
      _ found: SerialOrder.Contradiction, _ products: CrossProducts, _ serial: BoundSerial,
      places: [RowPlace]
    ) {
      guard case .factor(let levels) = products.cellSets[serial.cellSet] else {
        preconditionFailure("subjects are the levels of a factor")
      }
      (kind, self.places) = (found.kind, places)
      subject = "\(serial.subject.name) “\(levels.label(found.subject))”"
    }

    var isDisorder: Bool { kind == .disorder }

    func error(_ serial: BoundSerial) -> DataError {
      let (place, time) = (places.last!, serial.term.visit)
      let earlier = places[0].description
      switch kind {
      case .disorder:
        return DataError(
          .unsuitable(
            "\(subject) is not in order.", remedy: "Sort the rows by \(serial.term.subject) and \(time)."
          ), at: place)
      case .sameTime:
        return DataError(
          .unsuitable(
            "\(subject) has the same \(time) here and in \(earlier).",
            remedy:
              "A subject has one row at a time: take one out, or correct the time or the subject."),
          at: place)
      case .fraction:
        return DataError(
          .unsuitable(
            "\(subject) has a \(time) here that is no whole number of steps after the one in \(earlier).",
            remedy:
              "ar1 counts steps. Use a column of whole numbers, or \(Setting.residual("car1(\(time) | \(serial.term.subject))"))."
          ), at: place)
      }
    }
  }
}

extension ModelReading {
  /// The same with rows in any order: all are kept in memory, and sorted.
  private func sortedProducts(_ serial: BoundSerial) throws -> CrossProducts {
    let basis = specification.basis
    var kept = KeptRows(basis, serial)
    var products = try crossProducts(
      also: { rows, _ in rows.withoutSource(basis) },
      consume: { rows, places, _ in
        do { try kept.add(rows, places.cells) } catch let shortage as MemoryShortage {
          throw FitError.memoryShortage(shortage.description)
        }
      })
    products.forgetSteps()
    var sorted = CrossProducts(specification)
    var order = SerialOrder(specification)!
    for rows in kept.sorted() {
      let places = try sorted.add(CrossProducts(specification, rows: rows.block))
      do {
        try order.add(SerialRows(rows.block, basis, basis.serial!), places)
      } catch let found as SerialOrder.Contradiction {
        // The row before the first one of a block is the last of the block before.
        let keys = found.rows.map { place, row in
          place.chunk == rows.block.place.chunk ? rows.keys[row] : rows.before!
        }
        throw Found(found, sorted, serial, places: try self.places(of: keys))
      }
    }
    products.addSteps(between: sorted)
    products.addSteps(between: order.between)
    return products
  }
}

/// The rows of a table that are to be sorted by subject and time.
private struct KeptRows {
  private let basis: RawBasis
  private let serial: BoundSerial
  private var blocks: [RowBlock] = []
  private var order: [Row] = []
  private let rowBytes: Int

  private struct Row {
    let subject: Int32
    let block: Int32
    let row: Int32
    let time: Double
  }

  init(_ basis: RawBasis, _ serial: BoundSerial) {
    (self.basis, self.serial) = (basis, serial)
    let numbers = 3 + basis.atoms.reduce(0) { $0 + $1.degree }
    rowBytes = 8 * numbers + 4 * basis.cellSets.count + MemoryLayout<Row>.stride
  }

  /// - Parameter maps: Codes among all rows, of every cell set.
  /// - Throws: `MemoryShortage`
  mutating func add(_ block: RowBlock, _ maps: [[Int32]]) throws {
    guard block.count > 0 else { return }
    let subjects = block.cells[serial.cellSet]
    for row in 0..<block.count {
      order.append(
        Row(
          subject: maps[serial.cellSet][Int(subjects[row])], block: Int32(blocks.count),
          row: Int32(row), time: block.times[row]))
    }
    blocks.append(block)
    let bytes = order.count * rowBytes
    guard bytes > 64 << 20 else { return }
    try requireMemory(
      Double(bytes / 4 + 64 << 20), for: "\(order.count) rows that are not sorted",
      remedy:
        "Sort the rows by \(serial.term.subject) and \(serial.term.visit): then none is kept.")
  }

  /// Some thousand rows at a time, with where each stands, and the row before them.
  func sorted() -> some Sequence<(block: RowBlock, keys: [RowKey], before: RowKey?)> {
    let rows = order.sorted {
      ($0.subject, $0.time, $0.block, $0.row) < ($1.subject, $1.time, $1.block, $1.row)
    }
    func key(_ row: Row) -> RowKey { RowKey(blocks[Int(row.block)].place, row: Int(row.row)) }
    return stride(from: 0, to: rows.count, by: 4096).lazy.map { first in
      let own = rows[first..<min(first + 4096, rows.count)]
      var places: [Int32: Int] = [:]
      var used: [RowBlock] = []
      let picked = own.map { row -> (block: Int, row: Int) in
        let place = places[row.block] ?? used.count
        if place == used.count {
          used.append(blocks[Int(row.block)])
          places[row.block] = place
        }
        return (place, Int(row.row))
      }
      let block = RowBlock(
        picking: picked, of: used, basis,
        place: RowBlockPlace(chunk: first / 4096, rows: nil, kept: nil))
      return (block, own.map(key), first > 0 ? key(rows[first - 1]) : nil)
    }
  }
}
