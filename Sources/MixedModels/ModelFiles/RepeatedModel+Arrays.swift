// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The sums by missingness pattern in a model file.
///
/// `visits/patterns.npy` has on every line a pattern's arm, its visits and its subjects;
/// `visits/visits.npy` the visits' places among the levels, pattern after pattern, and how many raw columns
/// their rows have entries in; `visits/columns.npy` these columns, of which y is 0; `visits/blocks.npy` for
/// every two visits s ≤ t of a pattern the sums, the columns of s by those of t, row-major.
enum SavedPatterns {
  static let patterns = "visits/patterns.npy"
  static let visits = "visits/visits.npy"
  static let columns = "visits/columns.npy"
  static let blocks = "visits/blocks.npy"

  /// - Throws: `FitError` for levels that are the same number; what the archive throws.
  static func write(_ products: CrossProducts, to archive: inout ArchiveWriter) throws {
    guard let (residual, visitLevels, armLevels) = try levels(products) else { return }
    try visitLevels.checkDistinct(residual.visit)
    let all = products.patterns.map { $0.placed(visits: visitLevels.rank, arms: armLevels?.rank) }
    try archive.add(
      patterns, shape: [all.count, 3],
      all.flatMap { [Int32($0.arm), Int32($0.visits.count), Int32($0.subjects)] })
    let lines = all.flatMap { pattern in
      zip(pattern.visits, pattern.columns).flatMap { [Int32($0), Int32($1.count)] }
    }
    try archive.add(visits, shape: [lines.count / 2, 2], lines)
    let columns = all.flatMap { $0.columns.flatMap(\.self) }
    try archive.add(Self.columns, shape: [columns.count], columns)
    let sums = all.flatMap { $0.blocks.flatMap(\.self) }
    try archive.add(blocks, shape: [sums.count], sums)
  }

  /// The levels of visits and arms in the order that the file's own options give them; nil where residuals are
  /// independent.
  private static func levels(
    _ products: CrossProducts
  ) throws -> (residual: BoundResidual, visits: FactorLevels, arms: FactorLevels?)? {
    let specification = products.specification
    guard let residual = specification.residual else { return nil }
    let builder = DesignBuilder(products: products, options: FitOptions().adopting(specification))
    return (
      residual, try builder.levels(of: residual.visit), try residual.arm.map { try builder.levels(of: $0) }
    )
  }

  /// - Parameter products: Of the same file; their rows are those of the patterns.
  /// - Throws: `ArchiveError`; `MalformedMember` for patterns that cannot be those of the rows.
  static func read(_ archive: ArchiveReader, _ products: CrossProducts) throws -> [VisitPattern] {
    guard let (_, visitLevels, armLevels) = try levels(products) else { return [] }
    let all = try read(
      archive, products, visits: visitLevels.labels.count, arms: armLevels?.labels.count ?? 1)
    return all.map { $0.placed(visits: visitLevels.codes, arms: armLevels?.codes) }
  }

  private static func read(
    _ archive: ArchiveReader, _ products: CrossProducts, visits visitCount: Int, arms: Int
  ) throws -> [VisitPattern] {
    let (shape, heads) = try archive.integers(patterns)
    let (visitShape, lines) = try archive.integers(visits)
    let (_, columns) = try archive.integers(Self.columns)
    let (_, sums) = try archive.doubles(blocks)
    guard shape.count == 2, shape[1] == 3, visitShape.count == 2, visitShape[1] == 2 else {
      throw MalformedMember(name: patterns, "it has another shape")
    }
    guard sums.allSatisfy(\.isFinite) else { throw MalformedMember(name: blocks, "a value is not finite") }
    var (line, column, sum, rows) = (0, 0, 0, 0)
    let width = products.fixed.directory.count
    var all: [VisitPattern] = []
    for k in 0..<shape[0] {
      let (arm, m, subjects) = (Int(heads[3 * k]), Int(heads[3 * k + 1]), Int(heads[3 * k + 2]))
      guard (0..<arms).contains(arm), (1...visitCount).contains(m), subjects > 0,
        line + m <= visitShape[0]
      else { throw MalformedMember(name: patterns, "line \(k) is no pattern") }
      let own = (line..<line + m).map { (visit: Int(lines[2 * $0]), count: Int(lines[2 * $0 + 1])) }
      line += m
      guard own.allSatisfy({ (0..<visitCount).contains($0.visit) && (0...width).contains($0.count) }),
        zip(own, own.dropFirst()).allSatisfy({ $0.visit < $1.visit })
      else { throw MalformedMember(name: visits, "pattern \(k) has no ascending visits") }
      var lists: [[Int32]] = []
      for (_, count) in own {
        guard column + count <= columns.count else {
          throw MalformedMember(name: Self.columns, "it is too short")
        }
        let list = Array(columns[column..<column + count])
        guard list.allSatisfy({ (0..<width).contains(Int($0)) }), Set(list).count == count else {
          throw MalformedMember(name: Self.columns, "pattern \(k) has other columns")
        }
        lists.append(list)
        column += count
      }
      var parts: [[Double]] = []
      for s in 0..<m {
        for t in s..<m {
          let size = own[s].count * own[t].count
          guard sum + size <= sums.count else {
            throw MalformedMember(name: blocks, "it is too short")
          }
          parts.append(Array(sums[sum..<sum + size]))
          sum += size
        }
      }
      let (product, isTooLarge) = m.multipliedReportingOverflow(by: subjects)
      let (total, isTooMany) = rows.addingReportingOverflow(product)
      guard !isTooLarge, !isTooMany else { throw MalformedMember(name: patterns, "too many subjects") }
      rows = total
      all.append(
        VisitPattern(
          arm: arm, visits: own.map(\.visit), subjects: subjects, columns: lists, blocks: parts))
    }
    guard line == visitShape[0], column == columns.count, sum == sums.count else {
      throw MalformedMember(name: blocks, "there is more than the patterns have")
    }
    guard rows == products.observations else {
      throw MalformedMember(
        name: patterns, "it is of \(rows) rows, and the cross-products of \(products.observations)")
    }
    try check(all, products)
    return all
  }

  /// Over all patterns and visits the sums of a visit with itself are [y X]ᵀW[y X].
  private static func check(_ all: [VisitPattern], _ products: CrossProducts) throws(MalformedMember) {
    let fixed = products.fixed.matrix
    let q = fixed.rows
    var half = [Double](repeating: 0, count: q * q)
    for pattern in all { pattern.addHalf(.identity(pattern.visits.count), to: &half, q) }
    for i in 0..<q {
      for j in 0..<q {
        let size = (fixed[i, i] * fixed[j, j]).squareRoot()
        guard abs(half[i * q + j] + half[j * q + i] - fixed[i, j]) <= 1e-8 * size else {
          throw MalformedMember(name: blocks, "its sums are not those of fixed/sums.npy")
        }
      }
    }
  }
}

extension FactorLevels {
  /// The first raw code of every level.
  fileprivate var codes: [Int] { labels.indices.map { level in rank.firstIndex(of: level)! } }
}
