// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Reports
import Studies
import Testing

@Suite struct `Study of the estimators` {
  private func study(
    _ designs: [StudyDesign], replicates: Int, seed: UInt64 = 1,
    _ change: (inout StudySettings) -> Void = { _ in }
  ) throws -> Study {
    var settings = StudySettings()
    (settings.replicates, settings.seed) = (replicates, seed)
    change(&settings)
    return try Study(designs, settings)
  }

  private func designs(
    _ formula: String, rowsPer: String? = nil, _ change: (inout SimulationSettings) -> Void
  ) throws -> [StudyDesign] {
    var settings = SimulationSettings()
    change(&settings)
    return try StudyDesign.grid(Formula(formula), settings, rowsPer: rowsPer)
  }

  private func summary(
    _ cell: StudyCell, _ kind: CriterionKind, _ name: String
  ) throws -> StudySummary {
    let k = try #require(cell.parameters.firstIndex { $0.name == name })
    return try #require(cell.methods.first { $0.kind == kind }).summaries[k]
  }

  private func expect(
    _ figure: MonteCarloFigure?, near value: Double, errors: Double = 4, _ name: String = ""
  ) throws {
    let figure = try #require(figure)
    #expect(abs(figure.value - value) < errors * figure.error, "\(name) \(figure), \(value)")
  }

  @Test func `the study of schools is as theory has it`() throws {
    let study = try study(StudyDesign.schools, replicates: 600)
    #expect(study.cells.map(\.design.label) == ["school = 5", "school = 30", "school = 100"])
    #expect(study.cells.map(\.rows) == [150, 900, 3000])
    for (cell, schools) in zip(study.cells, [5.0, 30, 100]) {
      let variance = "var_(Intercept)|school"
      let (reml, ml) = (
        try summary(cell, .reml, variance), try summary(cell, .ml, variance)
      )
      try expect(reml.bias, near: 0, "REML, \(schools)")
      try expect(ml.bias, near: -4 / schools, "ML, \(schools)")
      // Of the same responses, so that chance is small: −(σ² + nσ_b²)/(nJ), and what the slope costs.
      let losses = zip(cell.methods[1].replicates, cell.methods[0].replicates).map {
        $0.estimates[3].estimate - $1.estimates[3].estimate
      }
      let loss = try #require(MonteCarloFigure(meanOf: losses))
      try expect(loss, near: try #require(ml.expectedBias))
      #expect(loss.value < -0.9 * 4 / schools && loss.value > -1.2 * 4 / schools)
      for kind in [CriterionKind.reml, .ml] {
        try expect(summary(cell, kind, "physics").bias, near: 0)
        try expect(summary(cell, kind, "sigma^2").bias, near: 0)
      }
      for name in ["(Intercept)", "physics"] {
        try expect(summary(cell, .reml, name).coverage, near: 0.95, name)
      }
    }
    // With five schools ML's standard error of the mean is too small, and its interval too short.
    let ml = try summary(study.cells[0], .ml, "(Intercept)")
    let short = try #require(ml.coverage)
    #expect(short.value < 0.94)
  }

  /// Balanced, without covariates: everything is known, see Searle, Casella & McCulloch (1992).
  @Test func `the balanced one-way model has its exact laws`() throws {
    let (J, n, s2, b2) = (12.0, 8.0, 2.25, 4.0)
    let cell = try study(
      designs("y ~ 1 + (1 | g)", rowsPer: "g=8") {
        $0.levels = ["g=12"]
        $0.deviations = ["g=2"]
        $0.sigma = 1.5
        $0.coefficients = "7"
      }, replicates: 1500
    ).cells[0]
    let λ = s2 + n * b2
    let (reml, ml) = (
      try summary(cell, .reml, "var_(Intercept)|g"), try summary(cell, .ml, "var_(Intercept)|g")
    )
    let expected = try #require(ml.expectedBias)
    #expect(abs(expected + λ / (n * J)) < 1e-9)
    let residual = try summary(cell, .ml, "sigma^2")
    let none = try #require(residual.expectedBias)
    #expect(abs(none) < 1e-9)
    try expect(reml.bias, near: 0)
    try expect(ml.bias, near: -λ / (n * J))
    let variance = 2 * (λ * λ / (J - 1) + s2 * s2 / (J * (n - 1))) / (n * n)
    try expect(reml.deviation, near: variance.squareRoot())
    try expect(
      summary(cell, .reml, "sigma^2").deviation, near: (2 * s2 * s2 / (J * (n - 1))).squareRoot())
    let mean = try summary(cell, .reml, "(Intercept)")
    try expect(mean.deviation, near: (λ / (n * J)).squareRoot())
    try expect(mean.coverage, near: 0.95)
    // A t with J − 1 degrees of freedom.
    for replicate in cell.methods[0].replicates where !replicate.singular {
      #expect(abs(replicate.estimates[0].df - (J - 1)) < 1e-3)
    }
  }

  @Test func `tests of zero reject as often as they should`() throws {
    let cell = try study(
      designs("y ~ x + z + (1 + x | g)", rowsPer: "g=6") {
        $0.levels = ["g=15"]
        $0.coefficients = "(Intercept)=2,z=1"
        $0.deviations = ["g=1,0.8"]
        $0.correlations = ["g=0.4"]
      }, replicates: 500
    ) { $0.degreesOfFreedom = .kenwardRoger }.cells[0]
    try expect(summary(cell, .reml, "x").rejection, near: 0.05)
    try expect(summary(cell, .reml, "x").coverage, near: 0.95)
    let power = try summary(cell, .reml, "z")
    #expect((power.rejection?.value ?? 0) > 0.95)
    #expect(
      cell.parameters.map(\.name) == [
        "(Intercept)", "x", "z", "sd_(Intercept)|g", "var_(Intercept)|g", "cor_x.(Intercept)|g",
        "sd_x|g", "var_x|g", "sigma", "sigma^2",
      ])
    for (parameter, truth) in zip(cell.parameters[3...6], [1, 1, 0.4, 0.8]) {
      #expect(abs(parameter.truth - truth) < 1e-12, "\(parameter.name)")
    }
    try expect(summary(cell, .reml, "var_x|g").bias, near: 0)
  }

  @Test func `profile intervals cover as they should, at the boundary too`() throws {
    let schools = try study(StudyDesign.schools, replicates: 300) { $0.wantsProfiles = true }
    let names = ["(Intercept)", "physics", "sd_(Intercept)|school", "sigma"]
    for name in names {
      let large = try summary(schools.cells[2], .ml, name)
      #expect(large.profileCount == 300 && large.profileFailures == 0)
      try expect(large.profileCoverage, near: 0.95, name)
      #expect(try summary(schools.cells[2], .reml, name).profileCoverage == nil)
    }
    // With five schools Wald's intervals, on the scale of logarithms, are too short by far.
    let few = try summary(schools.cells[0], .ml, "sd_(Intercept)|school")
    #expect(few.profileCoverage!.value > few.coverage!.value + 0.02)
    for replicate in schools.cells[0].methods[1].replicates {
      for estimate in replicate.estimates {
        #expect(estimate.profileLow < estimate.estimate && estimate.estimate < estimate.profileHigh)
      }
      let (sd, variance) = (replicate.estimates[2], replicate.estimates[3])
      #expect(variance.profileHigh == sd.profileHigh * sd.profileHigh)
    }

    let zero = try study(
      designs("y ~ x + (1 + x | g) + (1 | h)") {
        ($0.levels, $0.rows) = (["g=12", "h=6"], 240)
        $0.deviations = ["g=1,0.3", "h=0"]
      }, replicates: 200
    ) { ($0.wantsProfiles, $0.methods) = (true, [.ml]) }
    // Above nominal: half of the likelihood-ratio statistics are zero.
    let boundary = try summary(zero.cells[0], .ml, "sd_(Intercept)|h")
    #expect(boundary.profileCount == 200 && boundary.coverage == nil)
    #expect(boundary.profileCoverage!.value > 0.95)
    let correlation = try summary(zero.cells[0], .ml, "cor_x.(Intercept)|g")
    #expect(correlation.coverage != nil)
    #expect(correlation.profileCoverage!.value > 0.85)
  }

  @Test func `replicates depend on the seed alone`() throws {
    let designs = try designs("y ~ x + (1 | g) + (1 | h)") {
      $0.levels = ["g=8,12", "h=5"]
      $0.rows = 200
      $0.covariates = ["x=a|b"]
    }
    #expect(designs.map(\.label) == ["g = 8", "g = 12"])
    func replicates(_ count: Int, threads: Int, seed: UInt64 = 1) throws -> [[StudyReplicate]] {
      try study(designs, replicates: count, seed: seed) {
        ($0.threads, $0.wantsProfiles) = (threads, true)
      }.cells.flatMap { $0.methods.map(\.replicates) }
    }
    let once = try replicates(30, threads: 1)
    #expect(once.allSatisfy { $0.allSatisfy(\.converged) })
    func bits(_ all: [[StudyReplicate]]) -> [UInt64] {
      all.flatMap {
        $0.flatMap {
          $0.estimates.flatMap {
            [$0.estimate.bitPattern, $0.low.bitPattern, $0.profileHigh.bitPattern]
          }
        }
      }
    }
    let (threaded, shorter) = (try replicates(30, threads: 3), try replicates(20, threads: 2))
    let other = try replicates(30, threads: 1, seed: 2)
    #expect(bits(threaded) == bits(once))
    #expect(bits(shorter) == bits(once.map { Array($0.prefix(20)) }))
    #expect(bits(other) != bits(once))
  }

  @Test func `designs are all combinations of what is listed`() throws {
    var settings = SimulationSettings()
    settings.levels = ["school=4,8", "class=2,3 per school"]
    let grid = try StudyDesign.grid(
      Formula("y ~ 1 + (1 | school/class)"), settings, rowsPer: "class=5,6")
    #expect(grid.count == 8)
    #expect(grid[0].label == "school = 4, class = 2, rows per class = 5")
    #expect(grid[7].design?.rows == 8 * 3 * 6)
    #expect(throws: SimulationError.self) {
      try StudyDesign.grid(Formula("y ~ 1 + (1 | g)"), settings)
    }
  }

  @Test func `what cannot be studied is refused in words`() throws {
    let silent = try designs("y ~ 1 + (1 | g)") { $0.sigma = 0 }
    #expect(throws: SimulationError.self) { try study(silent, replicates: 2) }
    let lost = try designs("y ~ f + (1 | g)") {
      $0.levels = ["g=3"]
      $0.rows = 12
      $0.covariates = ["f=a*1000|b*1000|c"]
    }
    let error = try #require(throws: SimulationError.self) { try study(lost, replicates: 2) }
    #expect("\(error)".contains("cannot be estimated"), "\(error)")
  }
}
