// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Studies
import ModelFrames
import NumericalMethods
import Testing

/// Responses whose random effects have a relationship matrix.
@Suite struct `Responses of relatives` {
  private static let table = AnimalTable()

  /// Cov(Zᵀ(y* − Xβ)) = M(A ⊗ Σ)M + σ²M for M = ZᵀZ, animal by animal.
  @Test func `bootstrap replicates have the covariances of relatives`() throws {
    let fitted = try Self.table.fitted("y ~ x + (x | animal)")
    let simulator = try ResponseSimulator(fitted)
    let group = fitted.model.groups[0]
    let σ² = simulator.sigma * simulator.sigma
    let Σ = σ² * (simulator.spreads[0] * simulator.spreads[0].transposed)
    let seen = Set(Self.table.rows.map(\.animal)).count
    #expect(group.levelCount == 13 && seen == 10)
    func block(_ level: Int) -> DenseMatrix {
      DenseMatrix(rows: 2, columns: 2, storage: Array(group.zz[level * 4..<level * 4 + 4]))
    }
    func expected(_ i: Int, _ j: Int) -> DenseMatrix {
      let a = Self.table.kinship(group.levels[i], group.levels[j])
      let signal = a * (block(i) * Σ * block(j))
      return i == j ? signal + σ² * block(i) : signal
    }
    let draws = 4000
    var products: [[Double]] = []
    for k in 0..<draws {
      var stream = RandomStream(seed: 5, block: UInt64(k))
      products.append(simulator.draw(&stream).z[0])
    }
    for i in 0..<seen {
      for j in 0...i {
        let (C, own, other) = (expected(i, j), expected(i, i), expected(j, j))
        for a in 0..<2 {
          for b in 0..<2 {
            let sum = products.reduce(0) { $0 + $1[2 * i + a] * $1[2 * j + b] } / Double(draws)
            let error = ((own[a, a] * other[b, b] + C[a, b] * C[a, b]) / Double(draws)).squareRoot()
            #expect(abs(sum - C[a, b]) < 5 * error, "\(group.levels[i]) \(group.levels[j])")
          }
        }
      }
    }
    for level in seen..<13 { #expect(products[0][2 * level] == 0) }
  }

  /// The mean over records of an animal is its effect and little else.
  @Test func `new responses have the covariances of relatives`() throws {
    let fitted = try Self.table.fitted("y ~ 1 + (1 | animal)")
    let variance = fitted.fit.varianceComponents[0].covariances[0][0]
    let residual = fitted.fit.sigma * fitted.fit.sigma
    let names = ["c", "f", "h"]
    let rows = names.map { "\($0)\n" }.joined()
    let count = 3000
    var bytes: [UInt8] = []
    try NewResponses(LinearPredictor(fitted), count: count, seed: 2, input: .none).write(
      [DataSource.bytes(Array("animal\n\(rows)".utf8), name: "rows")]
    ) { bytes += $0 }
    let responses = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst()
      .map { $0.split(separator: ",").map { Double($0)! } }
    let mean = fitted.fit.fixedEffects[0].estimate!
    for i in 0..<3 {
      for j in 0...i {
        func covariance(_ i: Int, _ j: Int) -> Double {
          variance * Self.table.kinship(names[i], names[j]) + (i == j ? residual : 0)
        }
        let sum = zip(responses[i], responses[j]).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
        let (a, b, c) = (covariance(i, i), covariance(j, j), covariance(i, j))
        #expect(abs(sum / Double(count) - c) < 5 * ((a * b + c * c) / Double(count)).squareRoot())
      }
    }
  }

  @Test func `fits of relatives are studied, and their levels are not copied`() throws {
    let fitted = try Self.table.fitted("y ~ x + (1 | animal) + (1 | herd)")
    var settings = StudySettings()
    (settings.replicates, settings.methods) = (3, [.reml])
    settings.degreesOfFreedom = .kenwardRoger
    let study = try Study(StudyDesign.designs(of: fitted), settings)
    let replicates = study.cells[0].methods[0].replicates
    #expect(replicates.allSatisfy { $0.converged && $0.estimates[0].df.isFinite })
    var changes = FittedStudyChanges()
    changes.copies = ["animal=2"]
    #expect(throws: SimulationError.self) { try StudyDesign.designs(of: fitted, changes) }
    changes.copies = ["rows=2"]
    let copied = try Study(StudyDesign.designs(of: fitted, changes), settings)
    #expect(copied.cells[0].rows == 2 * Self.table.rows.count)
  }

  @Test func `fits of relatives have bootstraps and bootstrap tests`() throws {
    let larger = try Self.table.fitted("y ~ x + (1 | animal) + (1 | herd)")
    var options = BootstrapOptions()
    options.replicates = 10
    let bootstrap = try larger.bootstrap(options)
    #expect(bootstrap.failedCount == 0)
    for smaller in ["y ~ 1 + (1 | animal) + (1 | herd)", "y ~ x + (1 | animal)"] {
      let test = try BootstrapComparison(
        ("smaller", Self.table.fitted(smaller)), ("larger", larger)
      ).test(options)
      #expect(test.replicates.allSatisfy { $0.converged && $0.values[2] > -1e-6 })
    }
  }
}
