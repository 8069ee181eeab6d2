// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import MixedModels
import ModelFrames
import Reports
import TestSupport
import Testing

private func source(
  _ formula: String, _ file: String, _ options: FitOptions
) throws -> FigureSource {
  try FigureSource(
    Formula(formula), from: ModelInput(arguments: [Files.data(file)]), options: options)
}

private func numbers(_ script: String) -> [[Double]] {
  script.split(separator: "\n").compactMap { line in
    let fields = line.split(separator: " ").map { Double($0) }
    return fields.contains(nil) || fields.count < 2 ? nil : fields.map { $0! }
  }
}

@Suite struct `Figures of residual covariances` {
  static let trial = Result {
    var options = FitOptions()
    options.residual = try ResidualTerm("us(week | arm/patient)")
    return try source("change ~ baseline + arm * week", "trial.csv", options)
  }
  static let orthodont = Result {
    var options = FitOptions()
    options.residualBy = "Sex"
    return try source("distance ~ age + (age | Subject)", "orthodont.csv", options)
  }

  @Test func `every entry of a correlation matrix is a square`() throws {
    let source = try Self.trial.get()
    let figure = try source.figure(.correlations)
    let residual = try #require(source.fit.residual)
    let drawn = numbers(figure.script(.svg).text)
    #expect(residual.components.count == 2)
    #expect(drawn.count == residual.components.reduce(0) { $0 + $1.columns.count * $1.columns.count })
    for component in residual.components {
      for (i, row) in component.correlations.enumerated() {
        for (j, value) in row.enumerated() {
          #expect(drawn.contains([Double(j), Double(i), try #require(value)]))
        }
      }
    }
    #expect(figure.caption.contains("between the residuals of a subject (us)"))
    // Random effects have theirs.
    #expect(numbers(try Self.orthodont.get().figure(.correlations).script(.svg).text).count == 4)
  }

  @Test func `standard deviations stand with their intervals`() throws {
    let source = try Self.orthodont.get()
    let strata = try #require(source.fit.residualStrata).strata
    let drawn = numbers(try source.figure(.deviations).script(.svg).text)
    #expect(drawn.count == 2)
    for (place, stratum) in strata.enumerated() {
      let interval = try #require(stratum.confidenceInterval)
      #expect(drawn[place] == [Double(place), stratum.standardDeviation, interval.low, interval.high])
    }
    // By visit, the arms side by side.
    let trial = try Self.trial.get()
    let components = try #require(trial.fit.residual).components
    let points = numbers(try trial.figure(.deviations).script(.svg).text)
    #expect(points.count == components.reduce(0) { $0 + $1.columns.count })
    let first = components[0]
    let margin = 1.959963984540054 * (try #require(first.standardErrors[0])) / first.standardDeviations[0]
    #expect(points[0][1] == first.standardDeviations[0])
    #expect(abs(points[0][2] / (first.standardDeviations[0] * exp(-margin)) - 1) < 1e-12)
    #expect(abs(points[0][3] / (first.standardDeviations[0] * exp(margin)) - 1) < 1e-12)
  }

  @Test func `where there is nothing of the kind, the figure says so`() throws {
    let plain = try source("Yield ~ 1 + (1 | Batch)", "dyestuff.csv", FitOptions())
    for kind in [FigureKind.deviations, .correlations] {
      #expect(throws: FigureError.self) { try plain.figure(kind) }
    }
    let trial = try Self.trial.get()
    for kind in [FigureKind.caterpillar, .qq, .shrinkage] {
      #expect(throws: FigureError.self) { try trial.figure(kind) }
    }
    // Residuals are divided by the standard deviation of their visit and arm; NumPy has the mean square.
    let rows: [any TableSource] = [.file(Files.data("trial.csv"))]
    for kind in [FigureKind.residuals, .qq] {
      let drawing = try trial.figure(kind, data: rows).drawn(on: .script)
      #expect(String(decoding: drawing, as: UTF8.self).contains("SD of the week"))
    }
    var squares: [Double] = []
    try trial.fitted.scaledResidualPass(of: rows).forEach { part in
      squares += zip(part.residuals, part.weights).map { $0 * $0 * $1 }
    }
    #expect(squares.count == 304 && abs(squares.reduce(0, +) / 304 - 0.9842759884) < 1e-7)
    #expect(try !trial.report(data: rows).contains("NaN"))
    #expect(try !trial.figure(.coefficients).caption.isEmpty && !trial.figure(.trace).caption.isEmpty)
  }

  @Test(.enabled(if: isGnuplotInstalled), arguments: [FigureTerminal.svg, .png, .text(columns: 80, rows: 20)])
  func `they are drawn`(_ terminal: FigureTerminal) throws {
    for kind in [FigureKind.deviations, .correlations] {
      for source in [try Self.trial.get(), try Self.orthodont.get()] {
        #expect(try source.figure(kind).drawn(on: terminal).count > 400)
      }
    }
  }
}
