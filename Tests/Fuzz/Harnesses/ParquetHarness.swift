// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

private let formulas = [
  "y ~ x + f + n + ok + (1 | g)", "y ~ day + at + price + large + (1 | id)", "x ~ gone + small + (f | t)",
]

/// A Parquet file, and fits to columns of the files in the corpus.
@Sendable func feedParquet(_ bytes: UnsafeRawBufferPointer) {
  let table = ParquetTable(path: inMemory(bytes))
  var options = FitOptions()
  options.reading.threads = 1 + bytes.count % 2
  options.reading.chunkBytes = 1 << 10
  options.maximumEvaluations = 3
  for formula in formulas {
    saying { _ = try Fit(Formula(formula), data: [table], options: options) }
  }
}
