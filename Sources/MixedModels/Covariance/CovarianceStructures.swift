// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// A word around random terms, and the structure that it names.
struct StructureFamily: Sendable {
  /// What `hom = TRUE` or `FALSE` means.
  enum Homogeneity: Sendable {
    /// Both can be said; this where nothing is.
    case either(usually: Bool)
    /// The word says it.
    case always(Bool)
  }

  /// The formula's: `ar1(0 + day | subject)`.
  let word: String
  /// The word of the structure for either homogeneity.
  let kind: String
  let homogeneity: Homogeneity
  /// Whether the word takes `d`.
  let hasDimensions: Bool
  /// `d` where nothing is said.
  var usualDimensions: Int { kind == "fa" ? 1 : 2 }
  let structure: @Sendable (StructuredColumns) throws(StructureProblem) -> any CovarianceStructure

  init(
    _ word: String, kind: String? = nil, _ homogeneity: Homogeneity, hasDimensions: Bool = false,
    _ structure: @escaping @Sendable (StructuredColumns) throws(StructureProblem) -> any CovarianceStructure
  ) {
    (self.word, self.kind, self.homogeneity) = (word, kind ?? word, homogeneity)
    (self.hasDimensions, self.structure) = (hasDimensions, structure)
  }
}

/// The structures that a formula can name, beside that of `(… | g)` and `us(… | g)`, where all
/// covariance matrices are allowed, and of `(… || g)` and `diag(… | g)`, which is as many terms as
/// columns. lme4's and glmmTMB's words and defaults.
let covarianceStructures: [StructureFamily] = [
  StructureFamily("cs", .either(usually: false)) { CompoundSymmetry($0) },
  StructureFamily("homcs", kind: "cs", .always(true)) { CompoundSymmetry($0) },
  StructureFamily("ar1", .either(usually: true)) { FirstOrderAutoregressive($0) },
  StructureFamily("hetar1", kind: "ar1", .always(false)) { FirstOrderAutoregressive($0) },
  StructureFamily("ad", .either(usually: false)) { AnteDependence($0) },
  StructureFamily("toep", .either(usually: false)) { Toeplitz($0) },
  StructureFamily("homtoep", kind: "toep", .always(true)) { Toeplitz($0) },
  StructureFamily("homdiag", kind: "diag", .always(true)) { EqualVariances($0) },
  StructureFamily("ou", .either(usually: true)) { columns throws(StructureProblem) in
    try ExponentialDecay(columns, word: "ou", .rate)
  },
  StructureFamily("exp", .either(usually: true)) { columns throws(StructureProblem) in
    try ExponentialDecay(columns, word: "exp", .range)
  },
  StructureFamily("rr", .always(false), hasDimensions: true) { columns throws(StructureProblem) in
    try FactorLoadings(columns, hasSpecificEffects: false)
  },
  StructureFamily("fa", .always(false), hasDimensions: true) { columns throws(StructureProblem) in
    try FactorLoadings(columns, hasSpecificEffects: true)
  },
]

/// What a formula says of a term's covariance matrix.
struct StructureChoice: Sendable {
  let family: StructureFamily
  let isHomogeneous: Bool
  let dimensions: Int?

  /// Whether every covariance matrix of another choice is one here, for the same columns in the same order.
  func contains(_ other: StructureChoice) -> Bool {
    let (mine, theirs) = (family.kind, other.family.kind)
    if ["rr", "fa"].contains(mine) || ["rr", "fa"].contains(theirs) {
      let holds = mine == theirs || (mine == "fa" && theirs == "rr")
      return holds && dimensions ?? family.usualDimensions >= other.dimensions ?? other.family.usualDimensions
    }
    guard !isHomogeneous || other.isHomogeneous else { return false }
    if mine == theirs { return true }
    let special: [String: [String]] = [
      "toep": ["cs", "ar1", "diag"], "cs": ["diag"], "ar1": ["diag"], "ad": ["ar1", "diag"], "ou": ["exp"],
      "exp": ["ou"],
    ]
    return special[mine]?.contains(theirs) ?? false
  }
}

extension Formula {
  /// Whether all words around random terms are known, before any row is read.
  ///
  /// - Throws: `FormulaError` that points at one that is not.
  package func checkStructures() throws(FormulaError) {
    for term in randomTerms {
      guard let structure = term.structure else { continue }
      _ = try covarianceStructure(structure)
    }
  }

  /// - Throws: `FormulaError` for a word that is none, or that does not take what it is given.
  func covarianceStructure(_ word: RandomTerm.StructureWord) throws(FormulaError) -> StructureChoice {
    if !word.axes.isEmpty {
      // As it is written: another order of the factors is another term here.
      let written = String(Array(text)[word.range].filter { !$0.isWhitespace })
      let family = StructureFamily(written, .always(true)) { _ throws(StructureProblem) in
        throw StructureProblem(
          reason: "the places of its levels come from the data, so that it is simulated from a saved fit alone",
          remedy: "Save a fit with this term, and simulate from that.")
      }
      return StructureChoice(family: family, isHomogeneous: true, dimensions: nil)
    }
    // diag() with different variances is as many terms.
    let name = word.word == "diag" && word.isHomogeneous == true ? "homdiag" : word.word
    guard let family = covarianceStructures.first(where: { $0.word == name }) else {
      guard !["us", "diag"].contains(word.word) else {
        throw errorForUnsuitableStructure(
          word, reason: "it takes a random term alone", remedy: "Take out what follows the term.")
      }
      throw errorForUnknownStructure(
        word, known: ["us", "diag"] + covarianceStructures.map { $0.word })
    }
    if word.dimensions != nil, !family.hasDimensions {
      throw errorForUnsuitableStructure(
        word, reason: "it has no number of dimensions", remedy: "rr() and fa() have one.")
    }
    switch family.homogeneity {
    case .either(let usually):
      return StructureChoice(
        family: family, isHomogeneous: word.isHomogeneous ?? usually, dimensions: nil)
    case .always(let isHomogeneous):
      guard word.isHomogeneous == nil || name != word.word else {
        throw errorForUnsuitableStructure(
          word, reason: "hom says nothing here", remedy: "Take out hom.")
      }
      return StructureChoice(
        family: family, isHomogeneous: isHomogeneous, dimensions: word.dimensions)
    }
  }
}
