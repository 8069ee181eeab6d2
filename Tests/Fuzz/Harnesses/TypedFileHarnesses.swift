// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

private let formulas = [
  "y ~ x + f + n + ok + (1 | g)", "y ~ day + at + price + large + (1 | id)", "x ~ gone + small + (f | t)",
]

/// A Parquet file.
@Sendable func feedParquet(_ bytes: UnsafeRawBufferPointer) {
  feedTypedFile(ParquetTable(path: inMemory(bytes)), bytes.count, formulas)
}

/// An Arrow file with a footer, or a stream of batches.
@Sendable func feedArrow(_ bytes: UnsafeRawBufferPointer) {
  let lists = ["I(g == \"b\") ~ 1 + (1 | k)"]  // files whose lists of values grow
  feedTypedFile(ArrowFileTable(path: inMemory(bytes)), bytes.count, formulas + lists)
}

/// Fits to columns of the files in the corpus.
private func feedTypedFile(_ table: some TableSource, _ byteCount: Int, _ formulas: [String]) {
  var options = FitOptions()
  options.reading.threads = 1 + byteCount % 2
  options.reading.chunkBytes = 1 << 10
  options.maximumEvaluations = 3
  for formula in formulas {
    saying { _ = try Fit(Formula(formula), data: [table], options: options) }
  }
}
