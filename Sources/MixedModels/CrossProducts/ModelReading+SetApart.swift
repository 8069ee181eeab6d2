// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension ModelReading {
  /// The options with the factors settled that are kept as sparse columns.
  ///
  /// - Throws: `FitError.sparseFixed`, `FitError.manyDenseColumns`, `DataError`.
  static func settled(
    _ options: FitOptions, _ formula: Formula, _ reader: TableReader, _ specification: ModelSpecification
  ) throws -> FitOptions {
    var options = options
    let factors = SetApartFactors(formula, kinds: specification.columnKinds, options)
    switch options.sparseFixed {
    case .none: break
    case .factors(let names): options.sparseFixed = .factors(try factors.names(names))
    case .automatic:
      // Kenward and Roger's method is for dense columns.
      guard factors.hasFactors, options.degreesOfFreedom != .kenwardRoger,
        let sample = try reader.sample(specification.columns.requests)
      else { return options }
      func levels(_ column: String) -> Int {
        sample.columns[specification.columns.index(column)].labels.count
      }
      let many = factors.names(levels: levels)
      try factors.checkDense(besides: many, levels: levels)
      if !many.isEmpty { options.sparseFixed = .factors(many) }
    }
    return options
  }

  /// The factors to watch while rows are read; nil where dense columns stay what they are.
  var watchedFactors: SetApartFactors? {
    guard settlesFactors, options.sparseFixed == .automatic, options.degreesOfFreedom != .kenwardRoger,
      reader.onlyOnce == nil
    else { return nil }
    let factors = SetApartFactors(
      specification.formula, kinds: specification.columnKinds, options)
    return factors.columns.isEmpty ? nil : factors
  }
}
