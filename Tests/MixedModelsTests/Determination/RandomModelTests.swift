// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

/// Small random models, ordinary ones and such with aliased, nested, equal and constant columns.
/// What is determined follows from the definition: the rank of the matrices MG_rM, dense.
@Suite struct `Random models and what the data determine of them` {
  @Test(arguments: 0..<120) func `the rank decides`(seed: Int) throws {
    let design = RandomDesign(seed: UInt64(seed))
    for kind in [CriterionKind.reml, .ml] {
      var options = FitOptions()
      options.criterion = kind
      guard let expected = design.expectation(kind) else { continue }
      let fit: Fit
      do {
        fit = try Fit(Formula(design.formula), data: [design.source], options: options)
      } catch FitError.nothingDetermined {
        #expect(expected.rank < expected.parameters)
        continue
      } catch FitError.asManyLevelsAsRows, FitError.tooManyRandomEffects, FitError.oneLevel,
        FitError.tooFewRows, FitError.zeroResidualVariance
      {
        continue
      }
      let place = "\(design.formula), seed \(seed), \(kind)"
      #expect(fit.parameterCount - fit.fixedEffectCount == expected.rank, "\(place)")
      let deviations = fit.convergence.notDetermined.filter { !$0.hasPrefix("cor_") }
      #expect(deviations == expected.undetermined, "\(place)")
      #expect(fit.convergence.notDetermined.isEmpty == (expected.rank == expected.parameters))
      // What was left out makes the criterion no worse.
      let criterion = try Criterion(
        Formula(design.formula), data: [design.source], options: options)
      var random = SplitMix64(seed: UInt64(seed))
      #expect(abs(try criterion(fit.theta.values) - fit.criterion) <= 1e-6, "\(place)")
      for _ in 0..<8 {
        let θ = fit.theta.values.map { $0 + 0.5 * random.normal() }
        #expect(try criterion(θ) >= fit.criterion - 1e-6, "\(place)")
      }
    }
  }
}

private struct RandomDesign {
  let formula: String
  private var columns: [(name: String, values: [String])] = []
  private let X: [[Double]]
  private var blocks: [Block] = []
  private let n: Int

  private struct Block {
    let name: String
    let labels: [String]
    /// Names and values.
    let columns: [(name: String, values: [Double])]
  }

  struct Expectation {
    let rank: Int
    /// Without fixed effects, σ² included.
    let parameters: Int
    /// Standard deviations in the order of lme4's terms, then σ.
    let undetermined: [String]
  }

  init(seed: UInt64) {
    var random = SplitMix64(seed: 7919 &* seed &+ 1)
    let n = 14 + Int(random.uniform() * 16)
    self.n = n
    func chance(_ p: Double) -> Bool { random.uniform() < p }
    func factor(_ count: Int, _ letter: String) -> [String] {
      let labels = (0..<n).map { $0 < count ? $0 : Int(random.uniform() * Double(count)) }
      return labels.map { "\(letter)\($0)" }
    }
    let g = factor(3 + Int(random.uniform() * 4), "g")
    var h = factor(2 + Int(random.uniform() * 5), "h")
    if chance(0.25) { h = g.map { "h" + $0 } }
    if chance(0.15) { h = g.enumerated().map { "h\($1)\($0 % 2)" } }
    var f = factor(2 + Int(random.uniform() * 2), "f")
    if chance(0.2) { f = g.map { "f" + $0 } }
    let means = Dictionary(
      uniqueKeysWithValues: Set(g).sorted().map { ($0, (random.normal(), chance(0.5))) })
    func covariate() -> [Double] {
      let kind = random.uniform()
      return g.map { level in
        switch kind {
        case ..<0.6: (random.normal() * 64).rounded() / 64
        case ..<0.7: (means[level]!.0 * 64).rounded() / 64
        case ..<0.8: means[level]!.1 ? 1 : 0
        case ..<0.85: 0
        default: random.uniform() < 0.5 ? 1 : 0
        }
      }
    }
    let x = covariate()
    var z = covariate()
    if chance(0.15) { z = x.map { 2 * $0 } }
    let y = (0..<n).map { _ in random.normal() }

    let one = [Double](repeating: 1, count: n)
    func indicators(_ labels: [String]) -> [[Double]] {
      Set(labels).sorted().map { level in labels.map { $0 == level ? 1 : 0 } }
    }
    let fixed: [(String, [[Double]])] = [
      ("1", [one]), ("x", [one, x]), ("f", [one] + indicators(f)), ("x + z", [one, x, z]),
      ("f + x", [one, x] + indicators(f)), ("0 + x", [x]),
    ]
    let (fixedText, X) = fixed[Int(random.uniform() * Double(fixed.count))]
    self.X = X
    let gh = zip(g, h).map { "\($0):\($1)" }
    let (i, sx, sz) = (("(Intercept)", one), ("x", x), ("z", z))
    let terms: [(String, [Block])] = [
      ("(1|g)", [Block(name: "g", labels: g, columns: [i])]),
      ("(1|h)", [Block(name: "h", labels: h, columns: [i])]),
      ("(1|f)", [Block(name: "f", labels: f, columns: [i])]),
      ("(x|g)", [Block(name: "g", labels: g, columns: [i, sx])]),
      ("(z|h)", [Block(name: "h", labels: h, columns: [i, sz])]),
      ("(0+x|g)", [Block(name: "g", labels: g, columns: [sx])]),
      ("(0+z|f)", [Block(name: "f", labels: f, columns: [sz])]),
      ("(0+x+z|h)", [Block(name: "h", labels: h, columns: [sx, sz])]),
      ("(1|g:h)", [Block(name: "g:h", labels: gh, columns: [i])]),
    ]
    let count = 1 + Int(random.uniform() * 3)
    var chosen: [String] = []
    for _ in 0..<count {
      let (text, own) = terms[Int(random.uniform() * Double(terms.count))]
      chosen.append(text)
      blocks += own
    }
    formula = "y ~ \(fixedText) + \(chosen.joined(separator: " + "))"
    columns = [
      ("y", y.map { "\($0)" }), ("x", x.map { "\($0)" }), ("z", z.map { "\($0)" }), ("g", g),
      ("h", h), ("f", f),
    ]
  }

  var source: DataSource {
    var text = columns.map(\.name).joined(separator: ",") + "\n"
    for row in 0..<n { text += columns.map { $0.values[row] }.joined(separator: ",") + "\n" }
    return .bytes(Array(text.utf8), name: "random.csv")
  }

  /// nil where the rank is not clear.
  func expectation(_ kind: CriterionKind) -> Expectation? {
    let M = kind == .reml ? projection : .identity(n)
    var images: [[Double]] = []
    var places: [(block: Int, column: Int)?] = []
    for (b, block) in blocks.enumerated() {
      for (j, column) in block.columns.enumerated() {
        for (k, other) in block.columns.enumerated() where k >= j {
          var G = DenseMatrix(rows: n, columns: n)
          for r in 0..<n {
            for c in 0..<n where block.labels[r] == block.labels[c] {
              let product = column.values[r] * other.values[c]
              G[r, c] = j == k ? product : product + column.values[c] * other.values[r]
            }
          }
          let size = dot(G.storage, G.storage).squareRoot()
          images.append((M * G * M).storage.map { size > 0 ? $0 / size : 0 })
          places.append(j == k ? (b, j) : nil)
        }
      }
    }
    images.append(M.storage.map { $0 / Double(n).squareRoot() })
    guard let rank = rank(images) else { return nil }
    var undetermined: [String: [String]] = [:]
    let names = blockNames
    for (r, place) in places.enumerated() {
      guard let place else { continue }
      var others = images
      others.remove(at: r)
      guard let without = self.rank(others) else { return nil }
      if without == rank {
        let name = "sd_\(blocks[place.block].columns[place.column].name)|\(names[place.block])"
        undetermined[names[place.block], default: []].append(name)
      }
    }
    guard let withoutResidual = self.rank(Array(images.dropLast())) else { return nil }
    let order = reportedOrder
    return Expectation(
      rank: rank, parameters: images.count,
      undetermined: order.flatMap { undetermined[names[$0]] ?? [] }
        + (withoutResidual == rank ? ["sigma"] : []))
  }

  /// lme4's: by decreasing levels, ties reversed, unless they are so already.
  private var reportedOrder: [Int] {
    let counts = blocks.map { Set($0.labels).count }
    guard zip(counts, counts.dropFirst()).contains(where: { $0 < $1 }) else {
      return Array(blocks.indices)
    }
    return counts.indices.sorted { (counts[$0], $0) < (counts[$1], $1) }.reversed()
  }

  private var blockNames: [String] {
    var names = blocks.map(\.name)
    var seen: [String: Int] = [:]
    for b in reportedOrder {
      let count = seen[blocks[b].name, default: 0]
      if count > 0 { names[b] += ".\(count)" }
      seen[blocks[b].name] = count + 1
    }
    return names
  }

  private var projection: DenseMatrix {
    let qr = ColumnOrderedQR(
      DenseMatrix(rows: n, columns: X.count, storage: X.flatMap(\.self)), tolerance: 1e-9)
    return .identity(n) - qr.q.multipliedByTransposeOnRight(qr.q)
  }

  /// nil if a singular value is neither large nor zero.
  private func rank(_ vectors: [[Double]]) -> Int? {
    let values = singularValues(
      DenseMatrix(rows: n * n, columns: vectors.count, storage: vectors.flatMap(\.self)))
    if values.contains(where: { $0 > 1e-9 && $0 < 1e-4 }) { return nil }
    return values.count { $0 > 1e-6 }
  }
}
