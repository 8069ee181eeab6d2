// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The levels of a term `ar1(row):ar1(column)`: where those of the data stand, and those that the axes have
/// besides.
struct LevelGrid {
  let axes: LevelAxes
  /// Of levels without rows, which follow those of the data.
  let missing: [String]

  /// A table that says rows and columns has not many times as many cells as plots.
  private static let mostCells = (factor: 20, besides: 10_000)

  /// - Throws: `FitError.axes` where levels have no places along an axis; `FitError` for levels that the
  ///   options do not list.
  init(_ bound: BoundRandomTerm, _ words: [String], cellSet: Int, builder: DesignBuilder) throws {
    let text = bound.label
    let groups = try GroupLevels(bound.grouping, cellSet: cellSet, builder: builder)
    let factors = try bound.grouping.map { try builder.levels(of: $0) }
    let codes = bound.grouping.count == 1 ? nil : builder.factorCodes(cellSet)
    // Of every level of the data the levels of the factors.
    var components = [[Int]](repeating: [], count: groups.labels.count)
    for (cell, level) in groups.rank.enumerated() where components[level].isEmpty {
      components[level] = bound.grouping.indices.map { k in
        factors[k].rank[codes.map { Int($0[bound.grouping[k].source]![cell]) } ?? cell]
      }
    }
    let places = try words.indices.map { k in
      try words[k] == AxisTerm.independent
        ? AxisPlaces(factors[k].labels)
        : AxisPlaces(factors[k].labels, word: words[k], name: bound.grouping[k].name, term: text)
    }
    let pieces = Pieces(words, components)
    let cells = pieces.cells(places, components)
    guard cells <= Double(Self.mostCells.factor * groups.labels.count + Self.mostCells.besides) else {
      throw FitError.axes(
        text,
        "has \(Int(min(cells, 1e15))) cells along its axes, and rows in \(groups.labels.count) of them. Name the rows and columns of one field, and the field itself beside them, as field:\(text), where there are several"
      )
    }
    self.init(text, words, bound.grouping.map(\.name), places, components, pieces)
  }

  private init(
    _ text: String, _ words: [String], _ names: [String], _ places: [AxisPlaces], _ components: [[Int]],
    _ pieces: Pieces
  ) {
    let along = pieces.along
    var builder = GridBuilder(axisCount: along.count, levels: components.count)
    for members in pieces.members {
      let own = members.map { components[$0] }
      let positions = along.map { k in places[k].positions(own.map { $0[k] }) }
      let known = own.map { level in along.map { places[$0].position[level[$0]] } }
      builder.addPiece(positions, at: known, members) { cell in
        var next = 0
        return words.indices.map { k in
          if words[k] == AxisTerm.independent { return places[k].labels[own[0][k]] }
          defer { next += 1 }
          return places[k].label(positions[next][cell[next]])
        }.joined(separator: ":")
      }
    }
    missing = builder.missing
    let order = builder.edgeOrder
    axes = LevelAxes(
      text: text,
      axes: along.enumerated().map { n, k in
        LevelAxis(name: names[k], parameter: places[k].parameter, pieces: builder.steps[n])
      },
      levelPlaces: builder.levelPlaces, edges: order.map { builder.edges[$0] },
      edgePlaces: builder.edgePlaces.map { places in order.map { places[$0] } },
      sizes: builder.sizes, pieceNames: pieces.names(places, components), positions: builder.levelPositions, pieces: builder.pieces)
  }
}

/// Which levels of the data hang together: those with the same levels of the independent factors.
private struct Pieces {
  /// Factors along which levels are correlated.
  let along: [Int]
  /// In the order of their first level.
  let members: [[Int]]

  init(_ words: [String], _ components: [[Int]]) {
    along = words.indices.filter { words[$0] != AxisTerm.independent }
    let apart = words.indices.filter { words[$0] == AxisTerm.independent }
    var pieceOf: [[Int]: Int] = [:]
    var members: [[Int]] = []
    for (level, own) in components.enumerated() {
      let key = apart.map { own[$0] }
      let piece = pieceOf[key] ?? members.count
      if piece == members.count {
        pieceOf[key] = piece
        members.append([])
      }
      members[piece].append(level)
    }
    self.members = members
  }

  /// Their levels of the independent factors.
  func names(_ places: [AxisPlaces], _ components: [[Int]]) -> [String] {
    let apart = places.indices.filter { !along.contains($0) }
    return members.map { members in
      apart.map { places[$0].labels[components[members[0]][$0]] }.joined(separator: ":")
    }
  }

  /// Of all pieces, those without rows among them.
  func cells(_ places: [AxisPlaces], _ components: [[Int]]) -> Double {
    members.reduce(0) { sum, members in
      sum + along.reduce(1) { product, k in product * places[k].length(members.map { components[$0][k] }) }
    }
  }
}

/// Cells of pieces, numbered: levels of the data as they are, the others behind them.
private struct GridBuilder {
  private(set) var steps: [[[Double]]]
  private(set) var levelPlaces: [[Int32]]
  private(set) var levelPositions: [[Double]]
  private(set) var pieces: [Int32]
  private(set) var sizes: [Int] = []
  private(set) var missing: [String] = []
  private(set) var edges: [(row: Int32, column: Int32)] = []
  private(set) var edgePlaces: [[Int32]]
  private let levels: Int
  private var firstLevel: [Int32]
  private var firstPair: [Int32]

  init(axisCount: Int, levels: Int) {
    self.levels = levels
    steps = Array(repeating: [], count: axisCount)
    edgePlaces = Array(repeating: [], count: axisCount)
    levelPlaces = Array(repeating: Array(repeating: 0, count: levels), count: axisCount)
    levelPositions = Array(repeating: Array(repeating: 0, count: levels), count: axisCount)
    pieces = Array(repeating: 0, count: levels)
    (firstLevel, firstPair) = (Array(repeating: 0, count: axisCount), Array(repeating: 0, count: axisCount))
  }

  /// By column, then row.
  var edgeOrder: [Int] {
    edges.indices.sorted { (edges[$0].column, edges[$0].row) < (edges[$1].column, edges[$1].row) }
  }

  /// - Parameters:
  ///   - positions: Of every axis, ascending.
  ///   - known: Of the levels of the data, for every axis.
  ///   - label: Of a cell, by its places among the positions.
  mutating func addPiece(
    _ positions: [[Double]], at known: [[Double]], _ members: [Int], label: ([Int]) -> String
  ) {
    let counts = positions.map(\.count)
    let strides = counts.indices.map { k in counts[(k + 1)...].reduce(1, *) }
    let cells = counts.reduce(1, *)
    let places = positions.map { axis in
      Dictionary(uniqueKeysWithValues: axis.enumerated().map { ($1, $0) })
    }
    var number = [Int32](repeating: -1, count: cells)
    for (level, own) in zip(members, known) {
      let cell = own.indices.reduce(0) { $0 + places[$1][own[$1]]! * strides[$1] }
      number[cell] = Int32(level)
    }
    func coordinates(_ cell: Int) -> [Int] { counts.indices.map { cell / strides[$0] % counts[$0] } }
    for cell in 0..<cells {
      let at = coordinates(cell)
      if number[cell] < 0 {
        number[cell] = Int32(levels + missing.count)
        missing.append(label(at))
        pieces.append(0)
        for k in counts.indices {
          levelPlaces[k].append(0)
          levelPositions[k].append(0)
        }
      }
      let level = Int(number[cell])
      pieces[level] = Int32(sizes.count)
      for k in counts.indices {
        levelPlaces[k][level] = firstLevel[k] + Int32(at[k])
        levelPositions[k][level] = positions[k][at[k]]
      }
    }
    for cell in 0..<cells { addEdges(of: cell, coordinates(cell), counts, strides, number) }
    for k in counts.indices {
      steps[k].append(zip(positions[k].dropFirst(), positions[k]).map { $0 - $1 })
      firstLevel[k] += Int32(counts[k])
      firstPair[k] += Int32(counts[k] - 1)
    }
    sizes.append(cells)
  }

  /// To the neighbours of a cell that follow it: at most one step along every axis, the first of them ahead.
  private mutating func addEdges(
    of cell: Int, _ at: [Int], _ counts: [Int], _ strides: [Int], _ number: [Int32]
  ) {
    var moves: [[Int]] = [[]]
    for k in counts.indices {
      moves = moves.flatMap { move in
        [-1, 0, 1].compactMap { step in
          let isFirst = move.allSatisfy { $0 == 0 }
          guard 0..<counts[k] ~= at[k] + step, step >= 0 || !isFirst else { return nil }
          return move + [step]
        }
      }
    }
    for move in moves where move.contains(where: { $0 != 0 }) {
      let other = move.indices.reduce(cell) { $0 + move[$1] * strides[$1] }
      let (a, b) = (number[cell], number[other])
      edges.append((max(a, b), min(a, b)))
      for k in move.indices {
        edgePlaces[k].append(
          move[k] == 0
            ? firstLevel[k] + Int32(at[k]) : ~(firstPair[k] + Int32(min(at[k], at[k] + move[k]))))
      }
    }
  }
}
