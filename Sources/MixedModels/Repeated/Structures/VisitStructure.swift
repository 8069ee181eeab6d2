// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

/// The covariance matrices that the residuals of a subject at its visits may have, by the words of
/// `mmrm`, which are those of SAS but for `ad` and `adh` (`ANTE(1)`).
///
/// Words that end in h, and `us`, have a standard deviation for every visit, the others one for all.
public enum VisitStructure: String, Sendable, CaseIterable {
  /// Any covariance matrix.
  case us
  /// One correlation of all visits.
  case cs, csh
  /// ρ to the power of the number of steps between two visits.
  case ar1, ar1h
  /// A correlation for every number of steps between two visits.
  case toep, toeph
  /// A correlation for every step, and their products between visits that are further apart.
  case ad, adh
  /// ρ to the power of the time between two visits, which are numbers.
  case spExp = "sp_exp"

  /// - Throws: `FormulaError` for a word that is none.
  public init(_ term: ResidualTerm) throws(FormulaError) {
    guard let structure = VisitStructure(rawValue: term.word) else {
      throw term.errorForUnknownStructure(known: Self.allCases.map(\.rawValue))
    }
    self = structure
  }

  /// Whether every visit has a standard deviation of its own.
  public var isHeterogeneous: Bool {
    switch self {
    case .us, .csh, .ar1h, .toeph, .adh: true
    case .cs, .ar1, .toep, .ad, .spExp: false
    }
  }

  /// As reports call it.
  public var title: String {
    let correlations =
      switch self {
      case .us: "unstructured"
      case .cs, .csh: "compound symmetry"
      case .ar1, .ar1h: "first-order autoregressive"
      case .toep, .toeph: "Toeplitz"
      case .ad, .adh: "ante-dependence"
      case .spExp: "spatial exponential"
      }
    return self != .us && isHeterogeneous ? "heterogeneous \(correlations)" : correlations
  }

  /// Whether the order of the visits matters.
  var isOrdered: Bool {
    switch self {
    case .us, .cs, .csh, .spExp: false
    case .ar1, .ar1h, .toep, .toeph, .ad, .adh: true
    }
  }
}
