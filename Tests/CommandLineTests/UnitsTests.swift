// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

/// Units of response, covariate and weights are the user's: what has none must not change with them,
/// and what has some changes as algebra says. No command may have a threshold that knows them.
@Suite struct `Units` {
  struct Change: Sendable, CustomTestStringConvertible {
    var y = 1.0
    var x = 1.0
    var w = 1.0
    var testDescription: String { "y × \(y), x × \(x), w × \(w)" }

    /// What a number may be multiplied by: powers of the units that some quantity has.
    var factors: [Double] {
      [0, 1, 2].flatMap { i in
        [-2, -1, 0, 1, 2].flatMap { j in
          [-1, -0.5, 0, 0.5, 1].map { k in pow(y, i) * pow(x, j) * pow(w, k) }
        }
      }
    }
  }

  static let changes = [
    Change(y: 1e12), Change(y: 1e-12), Change(x: 1e12), Change(x: 1e-12), Change(w: 1e12),
    Change(w: 1e-12), Change(y: 1e-12, x: 1e12, w: 1e24), Change(y: 1e12, x: 1e-12, w: 1e-24),
  ]
  static let formula = "y ~ x + f + (x | g)"
  /// MODEL is the formula, TABLE the options that name the data, MEANS a formula of means.
  static let commands: [(line: String, tolerance: Double)] = [
    ("fit MODEL table.csv --weights w --ranef --json", 1e-5),
    ("fit MODEL table.csv --weights w --ddf kenward-roger --json", 1e-5),
    ("fit DIAGONAL table.csv --weights w --ml --json", 1e-5),
    ("confint MODEL TABLE --method wald", 1e-5), ("confint MODEL TABLE --method profile", 1e-4),
    ("anova MODEL TABLE --type 1", 1e-5), ("anova MODEL TABLE --type 2", 1e-5),
    ("anova MODEL TABLE --type 3 --ddf kenward-roger", 1e-5), ("anova SMALLER MODEL TABLE", 1e-5),
    ("drop1 MODEL TABLE", 1e-5), ("ranova MODEL TABLE", 1e-5),
    ("contrast MODEL TABLE --L 0,0,1,-1 --hypothesis x=0", 1e-5),
    ("emmeans MODEL MEANS TABLE --pairwise", 1e-5), ("variance MODEL TABLE", 1e-5),
    ("ranef MODEL TABLE", 1e-5), ("bootstrap MODEL TABLE --replicates 20 --seed 1", 1e-3),
    ("augment MODEL --data table.csv --weights w", 1e-5),
    ("predict MODEL --train table.csv --data table.csv --weights w --interval prediction", 1e-5),
  ]

  static func arguments(_ line: String) -> [String] {
    line.split(separator: " ").flatMap { word in
      switch word {
      case "MODEL": [formula]
      case "DIAGONAL": ["y ~ x * f + (x || g)"]
      case "SMALLER": ["y ~ x + (x | g)"]
      case "MEANS": ["~ f"]
      case "TABLE": ["--data", "table.csv", "--weights", "w", "--json"]
      default: [String(word)]
      }
    }
  }

  /// What the commands give in units of about one.
  static let base = Result { try commands.map { try numbers(arguments($0.line), Change()) } }

  @Test(arguments: changes)
  func `no command's results depend on them`(change: Change) throws {
    for ((line, tolerance), base) in zip(Self.commands, try Self.base.get()) {
      let arguments = Self.arguments(line)
      let moved = try Self.numbers(arguments, change)
      #expect(!base.isEmpty && base.map(\.name) == moved.map(\.name), "\(arguments)")
      for (a, b) in zip(base, moved) {
        #expect(
          Self.agree(a.value, b.value, a.isFree ? [1] : change.factors, tolerance),
          "\(arguments): \(a.name) is \(b.value) for \(a.value)")
      }
    }
  }

  /// lmerTest 3.1-3 for weights around 1.
  @Test(arguments: [1, 1e-6, 1e9, 1e-150, 1e150])
  func `weights of any size give the same degrees of freedom`(unit: Double) throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.table(Change(w: unit)), to: "t.csv")
    let run = try ToolProcess(
      "fit", "y ~ x + (1 | g)", folder.file("t.csv"), "--weights", "w", "--json")
    #expect(run.status == 0 && run.errors == "")
    let result = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    let numbers = Dictionary(
      uniqueKeysWithValues: Self.flattened(result, "").map { ($0.name, $0.value) })
    let convergence = (result as? [String: Any])?["convergence"] as? [String: Any]
    #expect(convergence?["messages"] as? [String] == [])
    func expect(_ name: String, _ right: Double) {
      let value = (numbers[name] ?? nil) ?? .nan
      #expect(abs(value / right - 1) < 1e-4, "\(name) is \(value) for \(right)")
    }
    expect(".fixed[0].df", 6.98080307341)
    expect(".fixed[1].df", 87.3040238844)
    expect(".fixed[0].std_error", 0.435777823545)
    expect(".random[0].sd[0]", 1.214862109499)
    expect(".sigma", 0.783825665538 * unit.squareRoot())
  }

  struct Number {
    let name: String
    let value: Double?
    var isFree: Bool { Units.unitFree.contains { name.hasSuffix($0) } }
  }

  static let unitFree = [
    ".df", "den_df", "num_df", "p_value", "statistic", "npar", "corr", "adjusted", "proportion",
    "marginal", "conditional", "scaling", "p_mixture", "weight", "nobs",
  ]
  /// Of likelihoods, that logarithms of units are added to; principal components, which are those of
  /// covariances in the units given, as lme4's; and what is no result.
  static let left = [
    "criterion", "log_likelihood", "logLik", "aic", "bic", "deviance", "timing", "memory", "solver",
    "convergence", "version", "trace", "bias", "pca", "evaluation_seconds",
  ]

  static func agree(_ a: Double?, _ b: Double?, _ factors: [Double], _ tolerance: Double) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    if a == 0 || b == 0 { return a == b }
    return factors.contains { abs(b / (a * $0) - 1) < tolerance }
  }

  static func numbers(_ arguments: [String], _ change: Change) throws -> [Number] {
    let folder = try TemporaryFolder()
    try folder.write(table(change), to: "table.csv")
    let run = try ToolProcess(
      script: "cd \"$1\"; shift; \"$tool\" \"$@\"", [folder.path] + arguments)
    #expect(run.status == 0, "\(arguments): \(run.errors)")
    return arguments.contains("--json")
      ? flattened(try JSONSerialization.jsonObject(with: Data(run.output.utf8)), "")
      : fromCSV(run.output)
  }

  static func flattened(_ value: Any, _ name: String) -> [Number] {
    switch value {
    case let object as [String: Any]:
      object.keys.sorted().filter { !left.contains($0) }.flatMap {
        flattened(object[$0]!, name + "." + $0)
      }
    case let array as [Any]: array.enumerated().flatMap { flattened($1, name + "[\($0)]") }
    case let number as NSNumber: [Number(name: name, value: number.doubleValue)]
    case is NSNull: [Number(name: name, value: nil)]
    default: []
    }
  }

  /// The columns that the command adds.
  static func fromCSV(_ text: String) -> [Number] {
    let lines = text.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    guard let header = lines.first else { return [] }
    return lines.dropFirst().enumerated().flatMap { row, cells in
      zip(header, cells).filter { $0.0.hasPrefix(".") }.map {
        Number(name: "row \(row) \($0.0)", value: Double($0.1))
      }
    }
  }

  struct Row {
    var y: Double
    var x: Double
    var f: String
    var g: String
    var w: Double
  }

  static let rows: [Row] = {
    func noise(_ k: Int) -> Double {
      let s = sin(Double(k) * 12.9898) * 43758.5453
      return 2 * (s - s.rounded(.down)) - 1
    }
    return (0..<96).map { k in
      let g = k % 8
      let x = noise(3 * k + 1)
      let y = 3 + 1.5 * x + 0.5 * Double(k / 8 % 3) + 2 * noise(1000 + g) + x * noise(2000 + g)
      return Row(
        y: y + 0.8 * noise(3 * k + 2), x: x, f: ["a", "b", "c"][k / 8 % 3], g: "g\(g)",
        w: 1.2 + noise(3 * k))
    }
  }()

  static func table(_ change: Change) -> String {
    rows.reduce("y,x,f,g,w\n") { text, row in
      text + "\(change.y * row.y),\(change.x * row.x),\(row.f),\(row.g),\(change.w * row.w)\n"
    }
  }
}
