// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

/// What emmeans gave for the reference fits; see Fits/README.md.
struct ReferenceMeans: Decodable, Sendable {
  struct Differences: Decodable, Sendable {
    let contrast: [String]
    let estimate: [Double]
    let se: [Double]
    let df: [Double]
    let t: [Double]
    let p_unadjusted: [Double]
    let p_tukey: [Double]
  }
  struct Means: Decodable, Sendable {
    let emmean: [Double]
    let se: [Double]
    let df: [Double]
    let lower: [Double]
    let upper: [Double]
    let pairs: Differences?
  }
  let spec: String
  let kenward_roger: Means
  let satterthwaite: Means

  private struct File: Decodable { let emmeans: [ReferenceMeans]? }

  static let all: [(id: String, means: ReferenceMeans)] = Files.references.flatMap { id in
    (try! Files.reference(File.self, fit: id).emmeans ?? []).map { (id, $0) }
  }
}
