// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
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

  static let all: [(id: String, means: ReferenceMeans)] = {
    let folder = Files.tests.appendingPathComponent("Reference/Fits")
    return ReferenceFit.all.flatMap { reference in
      let data = try! Data(contentsOf: folder.appendingPathComponent("\(reference.id).json"))
      let file = try! JSONDecoder().decode(File.self, from: data)
      return (file.emmeans ?? []).map { (reference.id, $0) }
    }
  }()
}
