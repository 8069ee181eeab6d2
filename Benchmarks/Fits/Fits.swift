// SPDX-License-Identifier: GPL-2.0-or-later
import Benchmark
import Foundation
import MixedModels
import ModelFrames

/// Whole fits, reading included, of the data sets in `data`.
private let fits = [
  ("dyestuff", "Yield ~ 1 + (1 | Batch)"),
  ("sleepstudy", "Reaction ~ Days + (Days | Subject)"),
  ("pastes", "strength ~ 1 + (1 | batch/cask)"),
  ("penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"),
  ("cake", "angle ~ recipe * temperature + (1 | recipe:replicate)"),
  ("machines", "score ~ Machine + (Machine | Worker)"),
  ("chem97", "score ~ gcsecnt + (1 | lea/school)"),
  ("insteval", "y ~ service + (1 | s) + (1 | d)"),
]

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = Benchmark.Configuration(
    metrics: [.wallClock, .cpuTotal, .peakMemoryResident], maxDuration: .seconds(5),
    maxIterations: 1000)
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../data").standardizedFileURL.path
  for (name, text) in fits {
    Benchmark("Fit, \(name)") { benchmark in
      let formula = try Formula(text)
      for _ in benchmark.scaledIterations {
        blackHole(try Fit(formula, data: [.file("\(folder)/\(name).csv")]))
      }
    }
  }
}
