// SPDX-License-Identifier: GPL-2.0-or-later

/// How R codes the cells of two factors, `f:h` with or without `f` and `h`, by treatment contrasts.
///
/// Cells have effects d = m + fⱼ + hₖ + (fh)ⱼₖ, as far as these terms have columns; the columns of the first levels are
/// left out as R leaves them out, and of the others R drops those that depend on columns before. Modulo the indicators
/// of cells that are kept, the columns before the interaction make additive functions on the other cells, the edges of a
/// graph with the levels as its vertices; so the indicator of one of these cells depends on the columns before just where
/// it is a bridge, and in the end they are a forest: cells without a column first, and then from the last column to the
/// first those that close no circle. In every tree the cells' effects tell its levels' effects from a root's, which is 0.
///
/// Coordinates are m, and the kept columns' coefficients in R's order: as many as there are cells.
struct CellCoding: Sendable {
  /// Levels of both factors that occur together, as the cells are numbered.
  private let cells: [(Int, Int)]
  /// Of every cell both levels as vertices, one and the same of a factor that has no term.
  private let ends: [(Int, Int)]
  /// The vertex whose effect m is.
  private let common: Int
  /// The vertices whose effects have m in them.
  private let withCommon: Range<Int>
  /// Vertices of the forest but roots, each behind the vertex that the cell connects it with.
  private let tree: [(vertex: Int, cell: Int, parent: Int)]
  /// Place in `tree` of every vertex; nil for roots.
  private let place: [Int?]
  private let coordinates: [Coordinate]
  /// Columns that are no coordinates, numbered over all terms, and what they are of: not those of cells that are empty.
  private let dropped: [(column: Int, of: Coordinate)]
  /// The columns of each margin and of the interaction, in R's order, and which coordinates they are.
  let terms: [[Column]]

  struct Column {
    /// Of the first and the second factor; nil where it is none of its.
    let levels: (Int?, Int?)
    /// nil for one that R drops.
    let coordinate: Int?
  }

  fileprivate enum Coordinate {
    case common
    case level(vertex: Int)
    case cell(Int)
  }

  /// - Parameters:
  ///   - cells: That occur: levels of the first and of the second factor.
  ///   - counts: Levels of both.
  ///   - margins: The factors with a term of their own, in the order of these terms.
  init(_ cells: [(Int, Int)], _ counts: (Int, Int), margins: [Int]) {
    self.cells = cells
    withCommon = margins.first == 1 ? counts.0..<counts.0 + counts.1 : 0..<counts.0
    common = withCommon.lowerBound
    let ends = cells.map { (margins.contains(0) ? $0.0 : 0, counts.0 + (margins.contains(1) ? $0.1 : 0)) }
    self.ends = ends
    // Contrasts of one factor stand beside the other's term.
    let (first, second) = (margins.contains(1) ? 1 : 0, margins.contains(0) ? 1 : 0)
    let count = counts.0 + counts.1
    var components = LevelComponents(count: count)
    var (edges, isInForest) = ([[(cell: Int, vertex: Int)]](repeating: [], count: count), cells.map { _ in false })
    func order(_ c: Int) -> Int {
      let (a, b) = cells[c]
      return a < first || b < second ? -1 : (counts.1 - b) * counts.0 - a
    }
    for c in cells.indices.sorted(by: { (order($0), $0) < (order($1), $1) }) {
      let (a, b) = ends[c]
      guard components.root(a) != components.root(b) else { continue }
      components.join(a, b)
      isInForest[c] = true
      edges[a].append((c, b))
      edges[b].append((c, a))
    }
    // Of the margin that comes last R drops the last level of every component but the first level's.
    let last = margins.count == 2 ? margins[1] : margins == [1] ? 0 : 1
    let (start, end) = last == 0 ? (0, counts.0) : (counts.0, count)
    var roots: [Int] = []
    var hasRoot = [Bool](repeating: false, count: count)
    for vertex in [start] + (start + 1..<max(end, start + 1)).reversed() where !edges[vertex].isEmpty {
      let component = components.root(vertex)
      if !hasRoot[component] { roots.append(vertex) }
      hasRoot[component] = true
    }
    var tree: [(vertex: Int, cell: Int, parent: Int)] = []
    var place = [Int?](repeating: nil, count: count)
    let isRoot = Set(roots)
    var next = roots
    while let vertex = next.popLast() {
      for (cell, other) in edges[vertex] where place[other] == nil && !isRoot.contains(other) {
        place[other] = tree.count
        tree.append((other, cell, vertex))
        next.append(other)
      }
    }
    (self.tree, self.place) = (tree, place)
    var coordinates = [Coordinate.common]
    func add(_ coordinate: Coordinate) -> Int {
      coordinates.append(coordinate)
      return coordinates.count - 1
    }
    var terms = margins.map { margin -> [Column] in
      (1..<max(margin == 0 ? counts.0 : counts.1, 1)).map { level in
        let vertex = margin == 0 ? level : counts.0 + level
        let coordinate = isRoot.contains(vertex) ? nil : add(.level(vertex: vertex))
        return Column(levels: margin == 0 ? (level, nil) : (nil, level), coordinate: coordinate)
      }
    }
    var cellOf = [Int](repeating: -1, count: counts.0 * counts.1)
    for (c, (a, b)) in cells.enumerated() { cellOf[b * counts.0 + a] = c }
    terms.append(
      (second..<max(counts.1, second)).flatMap { b in
        (first..<max(counts.0, first)).map { a -> Column in
          let c = cellOf[b * counts.0 + a]
          return Column(levels: (a, b), coordinate: c < 0 || isInForest[c] ? nil : add(.cell(c)))
        }
      })
    (self.coordinates, self.terms) = (coordinates, terms)
    dropped = terms.joined().enumerated().compactMap { column, own in
      guard own.coordinate == nil else { return nil }
      switch own.levels {
      case (let a?, let b?):
        let c = cellOf[b * counts.0 + a]
        return c < 0 ? nil : (column, .cell(c))
      case (let a?, nil): return (column, .level(vertex: a))
      case (nil, let b?): return (column, .level(vertex: counts.0 + b))
      case (nil, nil): return nil
      }
    }
    precondition(coordinates.count == cells.count, "columns that R keeps, and the constant, span the cells")
  }
}

extension CellCoding {
  /// The coordinate of m.
  var base: Int { 0 }

  /// The coordinates of effects d.
  func coordinates(_ d: ArraySlice<Double>) -> [Double] {
    let first = d.startIndex
    var effects = place.map { _ in 0.0 }
    for (vertex, cell, parent) in tree { effects[vertex] = d[first + cell] - effects[parent] }
    return coordinates.map { coordinate in
      switch coordinate {
      case .common: effects[common]
      case .level(let vertex): withCommon.contains(vertex) ? effects[vertex] - effects[common] : effects[vertex]
      case .cell(let c): d[first + c] - effects[ends[c].0] - effects[ends[c].1]
      }
    }
  }

  /// A coordinate as a combination of effects: of those on the ways to a root.
  func function(_ coordinate: Int) -> [(level: Int, value: Double)] {
    var shares: [Int: Double] = [:]
    func add(_ vertex: Int, _ sign: Double) {
      var (vertex, sign) = (vertex, sign)
      while let step = place[vertex] {
        shares[tree[step].cell, default: 0] += sign
        (vertex, sign) = (tree[step].parent, -sign)
      }
    }
    switch coordinates[coordinate] {
    case .common: add(common, 1)
    case .level(let vertex):
      add(vertex, 1)
      if withCommon.contains(vertex) { add(common, -1) }
    case .cell(let c):
      shares[c] = 1
      add(ends[c].0, -1)
      add(ends[c].1, -1)
    }
    return shares.filter { $0.value != 0 }.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
  }

  /// The effects' coefficients in a combination Σ cᵢeᵢ(d) of coordinates.
  func weights(_ c: [Double]) -> [Double] {
    var (weights, ofVertices) = (cells.map { _ in 0.0 }, place.map { _ in 0.0 })
    for (value, coordinate) in zip(c, coordinates) where value != 0 {
      switch coordinate {
      case .common: ofVertices[common] += value
      case .level(let vertex):
        ofVertices[vertex] += value
        if withCommon.contains(vertex) { ofVertices[common] -= value }
      case .cell(let cell):
        weights[cell] += value
        ofVertices[ends[cell].0] -= value
        ofVertices[ends[cell].1] -= value
      }
    }
    for (vertex, cell, parent) in tree.reversed() {
      weights[cell] += ofVertices[vertex]
      ofVertices[parent] -= ofVertices[vertex]
    }
    return weights
  }

  /// The coordinates' coefficients in a combination Σ sⱼdⱼ of effects.
  func averages(_ s: [Double]) -> [Double] {
    let ofVertices = sums(s)
    return coordinates.map { $0.share(s, ofVertices) }
  }

  /// Whether Σ sⱼdⱼ has of the columns that were dropped what is said: then it is the same combination of R's
  /// coefficients however columns are chosen.
  ///
  /// - Parameter c: Of dropped columns, numbered over all terms.
  func isDetermined(_ s: [Double], _ c: [Int: Double]) -> Bool {
    let (limit, ofVertices) = (1e-9 * s.reduce(0) { $0 + abs($1) }, sums(s))
    var c = c
    for (column, what) in dropped {
      guard abs((c.removeValue(forKey: column) ?? 0) - what.share(s, ofVertices)) <= limit else { return false }
    }
    // Nothing tells of cells that are empty.
    return c.values.allSatisfy { $0 == 0 }
  }

  private func sums(_ s: [Double]) -> [Double] {
    var sums = place.map { _ in 0.0 }
    for (value, (a, b)) in zip(s, ends) {
      sums[a] += value
      sums[b] += value
    }
    return sums
  }
}

extension CellCoding.Coordinate {
  /// Its coefficient in Σ sⱼdⱼ.
  fileprivate func share(_ s: [Double], _ ofVertices: [Double]) -> Double {
    switch self {
    case .common: s.reduce(0, +)
    case .level(let vertex): ofVertices[vertex]
    case .cell(let c): s[c]
    }
  }
}
