// SPDX-License-Identifier: GPL-2.0-or-later
import Benchmark
import MixedModels
import ModelFrames
import Studies

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = Benchmark.Configuration(
    metrics: [.wallClock, .cpuTotal, .throughput, .peakMemoryResident], maxDuration: .seconds(5),
    maxIterations: 10_000)
  formulaBenchmarks()
  readingBenchmarks()
  criterionBenchmarks()
}

private func formulaBenchmarks() {
  let formulas = [
    "intercepts": "y ~ x + (1 | g)",
    "maximal": "y ~ a * b * c + poly(x, 3) + log(z) + (1 + a * b | subj) + (1 + a || item/list)",
  ]
  for (name, text) in formulas.sorted(by: { $0.key < $1.key }) {
    Benchmark("Formula, \(name)", configuration: .init(scalingFactor: .kilo)) { benchmark in
      for _ in benchmark.scaledIterations { blackHole(try Formula(text)) }
    }
  }
}

/// Reading dominates where the model uses little of the table, products where it uses much.
private func readingBenchmarks() {
  let models = [
    ("slopes100k", "reading 1 of 5 columns", "y ~ 1 + (1 | g)"),
    ("slopes100k", "slopes", "y ~ x1 + x2 + x3 + (1 + x1 | g)"),
    ("slopes100k", "wide", "y ~ poly(x1, 4, raw = TRUE) * x2 * x3 + (1 + x1 + x2 | g)"),
    ("ratings100k", "crossed", "y ~ 1 + (1 | user) + (1 | item)"),
  ]
  for (workload, name, text) in models {
    Benchmark("Cross-products, \(workload), \(name)") { benchmark, input in
      for _ in benchmark.scaledIterations {
        blackHole(try CrossProducts(input.formula, data: [input.data]))
      }
    } setup: {
      (formula: try Formula(text), data: try simulated(workload))
    }
  }
}

private func criterionBenchmarks() {
  for workload in ["slopes100k", "ratings100k", "maximal24k", "threelevel1m"] {
    for solver in ["absorb", "cholmod"] {
      Benchmark("Criterion, \(workload), \(solver)") { benchmark, criterion in
        for _ in benchmark.scaledIterations {
          blackHole(try criterion.function(criterion.function.start))
        }
      } setup: {
        try CriterionOfWorkload(workload, solver: solver)
      }
      Benchmark("Gradient, \(workload), \(solver)") { benchmark, criterion in
        for _ in benchmark.scaledIterations {
          blackHole(try criterion.function.gradient(criterion.function.start))
        }
      } setup: {
        try CriterionOfWorkload(workload, solver: solver)
      }
    }
  }
}

/// The suite runs one benchmark on one thread.
private struct CriterionOfWorkload: @unchecked Sendable {
  let function: Criterion

  init(_ workload: String, solver: String) throws {
    var options = FitOptions()
    options.solver = solver
    let formula = try Formula(SimulationDesign(workload: workload).formula)
    function = try Criterion(formula, data: [simulated(workload)], options: options)
  }
}

/// A workload's table in memory.
private func simulated(_ workload: String) throws -> DataSource {
  var bytes: [UInt8] = []
  try Simulation(SimulationDesign(workload: workload), seed: 1).writeCSV { bytes += $0 }
  return .bytes(bytes, name: workload)
}
