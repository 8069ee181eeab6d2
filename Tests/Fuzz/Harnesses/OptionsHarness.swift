// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Studies

/// What users state of a design in options' values, one on a line, each behind a letter that says
/// which; `f` is the formula.
@Sendable func feedOptions(_ bytes: UnsafeRawBufferPointer) {
  var settings = SimulationSettings()
  var formula = "y ~ x + (x | g) + (1 | h)"
  var order: [String] = []
  for line in InputBytes(bytes).text.split(separator: "\n", maxSplits: 31) {
    let value = String(line.dropFirst())
    switch line.first {
    case "f": formula = value
    case "b": settings.coefficients = value
    case "d": settings.deviations.append(value)
    case "c": settings.correlations.append(value)
    case "s": settings.sigma = Double(value) ?? 1
    case "l": settings.levels.append(value)
    case "p": settings.rowsPer = value
    case "n": settings.rows = Int(value)
    case "i": settings.imbalance.append(value)
    case "x": settings.covariates.append(value)
    case "w": settings.weights = value
    case "k": settings.contrasts[value] = .helmert
    case "o": order.append(value)
    default: break
    }
  }
  saying {
    var design = try SimulationDesign(Formula(formula), settings)
    // What is asked for may be large on purpose; what is tried here is small.
    let isSmall = design.rows <= 1000 && design.levels.allSatisfy { $0.count <= 1000 }
    if !isSmall {
      try design.setRows(min(design.rows, 200))
      for (factor, count) in design.levels where count > 100 {
        try design.setLevels(100, of: factor)
      }
    }
    var table: [UInt8] = []
    try Simulation(design, seed: 1).writeCSV(threads: 1) { table += $0 }
    var options = FitOptions()
    options.maximumEvaluations = 2
    if let name = order.first { options.levels[name] = Array(order.dropFirst()) }
    options.contrasts = settings.contrasts
    _ = try Fit(Formula(design.formula), data: [.bytes(table, name: "t")], options: options)
  }
}
