// SPDX-License-Identifier: GPL-2.0-or-later

import ModelFrames

/// `FACTOR=N`, `FACTOR=N in PARENT` or `FACTOR=N per PARENT`.
struct LevelStatement {
  let factor: String
  let count: Int
  let parent: String?
  /// Whether `count` is that of every level of the parent.
  let isPerParent: Bool

  /// - Throws: `SimulationError` that says what can be written.
  init(_ text: String) throws(SimulationError) {
    guard let equals = text.firstIndex(of: "=") else {
      throw .stated(
        .levels, " takes FACTOR=N, FACTOR=N in PARENT or FACTOR=N per PARENT, not '\(text)'.")
    }
    factor = String(text[..<equals]).withoutOuterBlanks.unquotedName
    var rest = String(text[text.index(after: equals)...]).withoutOuterBlanks
    let perParent = rest.cutTail(after: " per ")
    let inParent = perParent == nil ? rest.cutTail(after: " in ") : nil
    (parent, isPerParent) = ((perParent ?? inParent)?.unquotedName, perParent != nil)
    guard let count = Int(rest) else {
      throw .stated(.levels, " '\(text)': '\(rest)' is no number of levels.")
    }
    guard (1...SimulationDesign.maximumLevels).contains(count) else {
      throw .levels(factor, count)
    }
    self.count = count
  }
}

/// Which factors there are, how many levels they have and which are nested in which.
struct FactorTree {
  private(set) var names: [String]
  private(set) var parents: [String: String] = [:]
  private(set) var counts: [String: Int] = [:]

  private static let defaultCount = 30
  private static let defaultCountPerParent = 10

  /// `nested` are the pairs that the formula writes as `outer/inner`, `labelled` the numbers of levels
  /// of factors whose labels were stated.
  ///
  /// - Throws: `SimulationError` for a factor that is none, or levels that cannot be nested so.
  init(
    names: [String], nested: [(inner: String, outer: String)], labelled: [String: Int],
    statements: [String]
  ) throws(SimulationError) {
    self.names = names
    for (inner, outer) in nested where labelled[inner] == nil && labelled[outer] == nil {
      parents[inner] = outer
    }
    counts = labelled
    var stated: [String: LevelStatement] = [:]
    for text in statements {
      let statement = try LevelStatement(text)
      for name in [statement.factor, statement.parent].compactMap(\.self)
      where !names.contains(name) || labelled[name] != nil {
        throw .stated(
          .levels,
          labelled[name] == nil
            ? " '\(text)': the formula groups by no '\(name)'. It groups by \(names.joined(separator: ", "))."
            : " '\(text)': the labels of \(name) are stated, and so are its levels."
        )
      }
      guard stated.updateValue(statement, forKey: statement.factor) == nil else {
        throw .stated(.levels, " for '\(statement.factor)' is there twice.")
      }
      if let parent = statement.parent { parents[statement.factor] = parent }
    }
    for name in names { try count(name, stated, path: []) }
  }

  private mutating func count(
    _ name: String, _ stated: [String: LevelStatement], path: [String]
  ) throws(SimulationError) {
    guard counts[name] == nil else { return }
    guard !path.contains(name) else {
      throw .stated(.levels, ": \(name) is nested in itself.")
    }
    let statement = stated[name]
    guard let parent = parents[name] else {
      counts[name] = statement?.count ?? Self.defaultCount
      return
    }
    try count(parent, stated, path: path + [name])
    let outer = counts[parent] ?? 1
    if let statement, !statement.isPerParent {
      guard statement.count >= outer else {
        throw .stated(
          .levels, ": \(statement.count) levels of \(name) cannot lie in \(outer) of \(parent).")
      }
      counts[name] = statement.count
      return
    }
    let (product, overflow) = outer.multipliedReportingOverflow(
      by: statement?.count ?? Self.defaultCountPerParent)
    guard !overflow, product <= SimulationDesign.maximumLevels else {
      throw .levels(name, product)
    }
    counts[name] = product
  }

  /// The factors that `name` is nested in, the innermost first.
  func ancestors(of name: String) -> [String] {
    var chain: [String] = []
    var current = name
    while let parent = parents[current] {
      chain.append(parent)
      current = parent
    }
    return chain
  }

  /// The factors that no other is nested in.
  var innermost: [String] {
    names.filter { name in !parents.values.contains(name) }
  }
}
