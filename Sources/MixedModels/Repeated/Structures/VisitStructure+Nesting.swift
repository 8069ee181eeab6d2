// SPDX-License-Identifier: GPL-2.0-or-later

extension VisitStructure {
  /// Whether every covariance matrix of `other` is one of this structure, whatever the visits.
  func contains(_ other: VisitStructure) -> Bool {
    self == other || Self.contained(in: self).contains(other)
  }

  private static func contained(in structure: VisitStructure) -> Set<VisitStructure> {
    switch structure {
    case .us: Set(allCases)
    case .toeph: [.toep, .csh, .cs, .ar1h, .ar1]
    case .toep: [.cs, .ar1]
    case .adh: [.ad, .ar1h, .ar1]
    case .ad: [.ar1]
    case .csh: [.cs]
    case .ar1h: [.ar1]
    case .cs, .ar1, .spExp: []
    }
  }
}

extension RepeatedModel {
  /// Whether every set of covariance matrices of `smaller` is one of this model's.
  func contains(_ smaller: RepeatedModel) -> Bool {
    visits == smaller.visits && term.visit == smaller.term.visit
      && term.subject == smaller.term.subject
      && (smaller.term.arm == nil || smaller.term.arm == term.arm)
      && covariance.structure.contains(smaller.covariance.structure)
  }
}
