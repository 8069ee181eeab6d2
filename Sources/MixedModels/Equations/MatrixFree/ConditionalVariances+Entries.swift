// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension ConditionalVariances {
  /// The diagonal of E², exactly: what probes of 1 / (1 + x) − 1 + x need not find.
  func addSquares(_ entries: CoreEntries) {
    core.forEachPart { part in
      let m = system.core[part.member].size
      for pair in entries.pairs where pair.rows == part.member {
        for place in part.places {
          let target = own.start + core.blockStarts[part.member] + place * m * m
          pair.E.forEachPartner(place) { _, k in
            let E = pair.E.values.start + k * m * pair.E.width
            for x in 0..<pair.E.width {
              for c in 0..<m { for r in 0..<m { target[c * m + r] += E[x * m + r] * E[x * m + c] } }
            }
          }
        }
      }
    }
  }

  /// Eight probes z, by solutions x = (I + E)⁻¹z: h(E)z less E²z for the core, g(E)z for the leading levels.
  ///
  /// - Throws: `FitError.slowSpectrum`.
  func add(
    _ z: Panel, _ weights: Lanes, _ entries: CoreEntries, _ solver: CoreSolver,
    _ answer: CoreSolver.Answer, _ scratch: CoreSolver.Scratch
  ) throws {
    let algebra = PanelAlgebra(team: core.team, count: z.count)
    try solver.solve(z, answer, scratch)
    let (first, second) = (scratch.p, scratch.image)
    entries.apply(z, result: first)  // (I + E)z
    entries.apply(first, result: second)  // (I + 2E + E²)z
    algebra.forEach { _, rows in
      for s in rows {
        let Ez = first[s] - z[s]
        let EEz = second[s] - z[s] - 2 * Ez
        image[s] = answer.w[s] - z[s] + Ez - EEz
      }
    }
    addCore(image, z, weights, counts: true)
    algebra.forEach { _, rows in for s in rows { image[s] = answer.w[s] - z[s] } }
    core.project(image, t: self.answer)
    core.project(z, t: probe)
    addLeading(self.answer, probe, weights, counts: true)
    count += 8
  }
}
