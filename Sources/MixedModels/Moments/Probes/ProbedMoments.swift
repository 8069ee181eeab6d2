// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// `CovarianceMoments` without a dense B: exact but for the traces tr(BE_rBE_s) and tr(BE_r) of
/// groups with many random effects, which are means over random probes (Hutchinson 1990).
///
/// For z of independent signs on the rows of one group, E zᵀBE_rBE_sz is the trace for s of that group
/// and any r. Of a group with few rows all unit vectors are taken, which is exact; so is a pair with
/// one such group. B is applied by conjugate gradients, so that memory is that of some vectors.
struct ProbedMoments: Sendable {
  /// With the traces' means.
  let mean: CovarianceMoments
  /// Traces and single traces of every probe.
  let samples: [(traces: [Double], singles: [Double])]

  /// Means without one of the probes.
  var leavingOneOut: [CovarianceMoments] {
    let n = Double(samples.count)
    return samples.map { sample in
      var moments = mean
      for k in moments.traces.indices {
        moments.traces[k] = (n * mean.traces[k] - sample.traces[k]) / (n - 1)
      }
      for k in moments.singleTraces.indices {
        moments.singleTraces[k] = (n * mean.singleTraces[k] - sample.singles[k]) / (n - 1)
      }
      return moments
    }
  }

  static let standardCount = 32
  /// Vectors that go through A together.
  private static let width = 8

  /// nil if conjugate gradients do not end.
  init?(
    _ model: LinearMixedModel, _ parameters: [CovarianceParameter], factors: [[Double]],
    probes: Int, threads: Int, seed: UInt64 = 1
  ) {
    guard let operation = RandomEffectsOperator(model, factors: factors),
      var moments = Self.exactPart(model, parameters, operation)
    else { return nil }
    let groups = model.groups.indices.filter { g in parameters.contains { $0.group == g } }
    let isSmall = groups.map { operation.rows(of: $0).count <= probes }
    var jobs: [Job] = []
    for (g, isSmall) in zip(groups, isSmall) {
      let vectors = isSmall ? operation.rows(of: g).count : probes
      for first in stride(from: 0, to: vectors, by: Self.width) {
        jobs.append(
          Job(
            group: g, vectors: first..<min(first + Self.width, vectors), isExact: isSmall,
            seed: seed))
      }
    }
    var results = [[ProbeProducts]?](repeating: nil, count: jobs.count)
    results.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let buffer = buffer  // every entry is written by one thread
      inParallel(jobs.count, threads: threads) { [jobs] k in
        buffer[k] = jobs[k].products(operation, model, parameters)
      }
    }
    guard results.allSatisfy({ $0 != nil }) else { return nil }
    let small = Set(zip(groups, isSmall).filter(\.1).map(\.0))
    var samples = (0..<probes).map { _ in
      (traces: moments.traces, singles: moments.singleTraces)
    }
    for (job, result) in zip(jobs, results) {
      for (vector, products) in zip(job.vectors, result ?? []) {
        for (s, σ) in parameters.enumerated() where σ.group == job.group {
          if job.isExact {
            moments.singleTraces[s] += products.singles[s]
          } else {
            samples[vector].singles[s] += products.singles[s]
          }
          for (r, ρ) in parameters.enumerated() {
            let pair = CovarianceMoments.pair(max(r, s), min(r, s))
            // Both orders of a pair come, and count half, unless one is exact and the other not.
            let isAlone = job.isExact != small.contains(ρ.group)
            let share = r == s ? 1 : !isAlone ? 0.5 : job.isExact ? 1 : 0
            let value = share * products.traces[s * parameters.count + r]
            if job.isExact {
              moments.traces[pair] += value
            } else {
              samples[vector].traces[pair] += value
            }
          }
        }
      }
    }
    // What is exact is part of every sample.
    for k in samples.indices {
      for i in moments.traces.indices { samples[k].traces[i] += moments.traces[i] }
      for i in moments.singleTraces.indices { samples[k].singles[i] += moments.singleTraces[i] }
    }
    for i in moments.traces.indices {
      moments.traces[i] = samples.reduce(0) { $0 + $1.traces[i] } / Double(probes)
    }
    for i in moments.singleTraces.indices {
      moments.singleTraces[i] = samples.reduce(0) { $0 + $1.singles[i] } / Double(probes)
    }
    (mean, self.samples) = (moments, samples)
  }

  /// All but the traces: p solves for H, and p for every parameter.
  private static func exactPart(
    _ model: LinearMixedModel, _ parameters: [CovarianceParameter],
    _ operation: RandomEffectsOperator
  ) -> CovarianceMoments? {
    let p = model.fixedEffectCount
    var moments = CovarianceMoments(p: p, count: parameters.count)
    guard p > 0 else { return moments }
    let C = operation.fixedProducts(model)
    guard let (image, solution) = operation.projected(C, width: p) else { return nil }
    moments.absorbed = operation.gram(operation.spherical(C, width: p), solution, width: p)
    let H = zip(C, image).map { $0 - $1 }
    let EH = parameters.map { operation.pattern($0, H, width: p) }
    for (s, own) in EH.enumerated() {
      add(operation.gram(own, H, width: p), to: &moments.HEH, s, p)
      guard let V = operation.covarianceProduct(own, width: p) else { return nil }
      for r in s..<parameters.count {
        add(
          operation.gram(EH[r], V, width: p), to: &moments.HEBEH, CovarianceMoments.pair(r, s), p)
      }
    }
    return moments
  }

  private static func add(_ part: [Double], to sums: inout [Double], _ index: Int, _ p: Int) {
    for k in 0..<p * p { sums[index * p * p + k] += part[k] }
  }
}

/// What one vector z of a group gives.
private struct ProbeProducts {
  /// zᵀBE_sz for the group's parameters s.
  var singles: [Double]
  /// zᵀBE_rBE_sz at s · parameters + r, for the group's s and every r.
  var traces: [Double]
}

/// Some vectors of one group that go through B together.
private struct Job: Sendable {
  let group: Int
  let vectors: Range<Int>
  /// Whether they are unit vectors.
  let isExact: Bool
  let seed: UInt64

  private static let purpose: UInt64 = 0x4b52_7072

  func products(
    _ operation: RandomEffectsOperator, _ model: LinearMixedModel,
    _ parameters: [CovarianceParameter]
  ) -> [ProbeProducts]? {
    let width = vectors.count
    let z = start(operation, width)
    guard let w = operation.covarianceProduct(z, width: width) else { return nil }
    let m = parameters.count
    var products = vectors.map { _ in
      ProbeProducts(
        singles: Array(repeating: 0, count: m), traces: Array(repeating: 0, count: m * m))
    }
    for (s, σ) in parameters.enumerated() where σ.group == group {
      let Ez = operation.pattern(σ, z, width: width)
      for (c, value) in operation.inner(w, Ez, width: width).enumerated() {
        products[c].singles[s] = value
      }
      let isWhole = model.groups[group].size == 1  // E_sz is z
      guard let v = isWhole ? w : operation.covarianceProduct(Ez, width: width) else {
        return nil
      }
      for (r, ρ) in parameters.enumerated() {
        let Ev = operation.pattern(ρ, v, width: width)
        for (c, value) in operation.inner(w, Ev, width: width).enumerated() {
          products[c].traces[s * m + r] = value
        }
      }
    }
    return products
  }

  private func start(_ operation: RandomEffectsOperator, _ width: Int) -> [Double] {
    var z = [Double](repeating: 0, count: operation.count * width)
    let rows = operation.rows(of: group)
    for (c, vector) in vectors.enumerated() {
      if isExact {
        z[(rows.lowerBound + vector) * width + c] = 1
        continue
      }
      var stream = RandomStream(
        seed: seed, purpose: Self.purpose, block: UInt64(vector) << 16 | UInt64(group))
      var (bits, left): (UInt64, Int) = (0, 0)
      for row in rows {
        if left == 0 { (bits, left) = (stream.next(), 64) }
        z[row * width + c] = bits & 1 == 0 ? 1 : -1
        (bits, left) = (bits >> 1, left - 1)
      }
    }
    return z
  }
}
