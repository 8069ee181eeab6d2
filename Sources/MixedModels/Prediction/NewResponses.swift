// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

/// A table of rows as text with responses of a fitted model added to it, drawn row by row:
/// Xβ̂ + Zb + ε on the scale of the model's response, ε ~ N(0, σ²/w), or correlated within subjects as the
/// model has it.
///
/// The responses depend on the model, the rows and the seed alone; each has random numbers of its
/// own, so that more of them begin with the fewer.
public struct NewResponses: Sendable {
  public enum RandomEffects: String, Sendable, CaseIterable {
    /// Drawn anew for every response, lme4's `re.form = NA`.
    case new
    /// The conditional modes, lme4's `use.u = TRUE`.
    case kept
  }

  fileprivate let predictor: LinearPredictor
  fileprivate let names: [String]
  private let seed: UInt64
  private let input: RowTable.InputColumns
  fileprivate var options: PredictionOptions
  /// Per response and group: b of the working columns, level after level.
  private let effects: [[[Double]]]

  /// - Throws: `OutOfRange`; `InferenceError` if the random effects of so many responses do not fit
  ///   in memory.
  public init(
    _ predictor: LinearPredictor, count: Int, seed: UInt64, random: RandomEffects = .new,
    input: RowTable.InputColumns = .all, options: PredictionOptions = PredictionOptions()
  ) throws {
    try ValueRange.responses.check(count, "the number of responses")
    (self.predictor, self.seed, self.input) = (predictor, seed, input)
    names = (1...count).map { "sim_\($0)" }
    self.options = options
    // Correlated residuals come with their variances.
    self.options.wantsRowVariances = predictor.fitted.repeatedModel == nil
    self.options.wantsCorrelations = true
    guard random == .new, !predictor.model.groups.isEmpty else {
      effects = Array(repeating: predictor.modes, count: count)
      return
    }
    try predictor.model.requireSupport(of: .newResponses)
    let bytes = 8 * predictor.model.randomEffectCount
    let memory = availableMemory()
    guard memory <= 0 || bytes <= memory / 2 / count else {
      throw InferenceError.refused(
        "the random effects of \(count) responses do not fit in memory: \(bytes) bytes each. Draw fewer at a time, with other seeds."
      )
    }
    let roots = try predictor.model.groups.map { try $0.precision.root() }
    effects = (0..<count).map { Self.draw(predictor, roots, seed: seed, response: $0) }
  }

  /// b ~ N(0, σ²(Q⁻¹ ⊗ λλᵀ)).
  private static func draw(
    _ predictor: LinearPredictor, _ roots: [PrecisionRoot?], seed: UInt64, response: Int
  ) -> [[Double]] {
    let model = predictor.model
    var factors = model.covariance.emptyFactors
    model.covariance.factors(predictor.φ, into: &factors)
    let sigma = predictor.variance.squareRoot()
    return zip(model.groups, factors).enumerated().map { g, pair in
      let (group, T) = pair
      let ℓ = group.size
      var stream = RandomStream(
        seed: seed, purpose: Purpose.effects + UInt64(g), block: UInt64(response))
      var u = [Double](repeating: 0, count: group.levelCount * ℓ)
      stream.fillNormal(&u)
      roots[g]?.relate(&u, size: ℓ)
      var b = [Double](repeating: 0, count: u.count)
      for base in stride(from: 0, to: b.count, by: ℓ) {
        for j in 0..<ℓ {
          for i in j..<ℓ { b[base + i] += sigma * T[j * ℓ + i] * u[base + j] }
        }
      }
      return b
    }
  }

  /// Draws the responses of the rows of a table; `write` gets the header and then the rows, a chunk
  /// at a time. Rows with a missing value have missing responses.
  ///
  /// - Returns: notes for the user.
  /// - Throws: what `RowTable.write` throws.
  @discardableResult
  public func write(
    _ data: [any TableSource], to write: ([UInt8]) throws -> Void
  ) throws -> [String] {
    var options = options
    options.reading.wantsRecords = input == .all
    let table = try NewTable(predictor, data, options)
    let records = RecordText(table.reader, input == .all, names)
    try records.checkNames(file: data[0].name)
    try write(records.headerLine)
    let columns = table.rows.working.design.columns
    if var residuals = CorrelatedResiduals(predictor.fitted) {
      try table.reader.read(
        columns, transform: { [rows = table.rows] in ($0, try rowsToCome($0, rows)) },
        consume: { chunk, coming in
          try write(try text(chunk, records, try residuals.responses(coming)))
        })
    } else {
      try table.reader.read(
        columns,
        transform: { [rows = table.rows] in
          try text($0, records, try rowsToCome($0, rows).independent(sigma))
        }, consume: write)
    }
    return table.notes
  }

  private func text(
    _ chunk: TableChunk, _ records: RecordText, _ responses: [[Double]]
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try records.append(chunk, to: &bytes) { row, bytes in
      for k in responses.indices {
        if k > 0 { bytes.append(records.separator) }
        bytes.append(number: responses[k][row])
      }
    }
    return bytes
  }

  private var sigma: Double { predictor.variance.squareRoot() }

  fileprivate func rowsToCome(_ chunk: TableChunk, _ predict: RowPredictor) throws -> RowsToCome {
    let columns = try predict.columns(chunk, wantsX: false)
    let fixed = predict.fixed(columns)
    var normals: [[Double]] = []
    let means = effects.enumerated().map { k, b in
      var stream = RandomStream(
        seed: seed, purpose: Purpose.residuals + UInt64(k), block: UInt64(chunk.index))
      var z = [Double](repeating: 0, count: fixed.count)
      stream.fillNormal(&z)
      normals.append(z)
      var y = fixed
      for g in b.indices where !columns.levels[g].isEmpty {
        let ℓ = predictor.model.groups[g].size
        let effects = b[predictor.model.source(of: g)]
        for (row, level) in columns.levels[g].enumerated() {
          guard level >= 0 else {
            y[row] = .nan
            continue
          }
          for j in 0..<ℓ { y[row] += columns.z[g][row * ℓ + j] * effects[Int(level) * ℓ + j] }
        }
      }
      return y
    }
    return RowsToCome(means: means, normals: normals, rows: columns.rows, source: chunk.rows)
  }
}

extension RowsToCome {
  /// With independent residuals of the variance σ²/w.
  fileprivate func independent(_ sigma: Double) -> [[Double]] {
    zip(means, normals).map { mean, z in
      mean.indices.map { mean[$0] + sigma / rows.weights[$0].squareRoot() * z[$0] }
    }
  }
}

extension NewResponses {
  /// The responses of the rows of a table, a chunk at a time as they are asked for, one array of every
  /// response, nil after the last; notes for the user.
  ///
  /// - Throws: what `RowTable.write` throws.
  package func pull(
    _ data: [any TableSource]
  ) throws -> (names: [String], next: () throws -> [[Double]]?, notes: [String]) {
    let table = try NewTable(predictor, data, options)
    let chunks = try TablePull(table.reader, table.rows.working.design.columns) {
      [self, rows = table.rows] in try rowsToCome($0, rows)
    }
    var residuals = CorrelatedResiduals(predictor.fitted)
    return (
      names, { [sigma] in try chunks.next().map { try residuals?.responses($0) ?? $0.independent(sigma) } },
      table.notes
    )
  }
}

/// First numbers of the streams of one kind; the index of the group or response is added.
private enum Purpose {
  static let effects: UInt64 = 0x5eff_0000_0000
  static let residuals: UInt64 = 0x5e51_0000_0000
}
