// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

private let tableFormulas = [
  "y ~ x + (1 | g)", "y ~ poly(x, 2) * f + (x | g)", "log(y) ~ I(x > 0) + (1 | g/f)",
  "y ~ f + (0 + f | g)", "y ~ scale(x) + (x || g)",
]

/// Two bytes choose the formula and how the text is cut, the rest is a table.
@Sendable func feedReader(_ bytes: UnsafeRawBufferPointer) {
  var input = InputBytes(bytes)
  let formula = tableFormulas[input.choice(tableFormulas.count)]
  var options = FitOptions()
  let way = input.choice(64)
  options.reading.chunkBytes = [1, 3, 16, 64, 1 << 10, 1 << 16][way % 6]
  options.reading.threads = 1 + way / 6 % 2
  options.reading.maximumRecordBytes = 1 << 16
  if way % 5 == 1 { options.weights = "w" }
  if way % 5 == 2 { options.reading.missingTexts = ["?", "-99"] }
  if way % 5 == 3 { options.reading.categoricalColumns = ["x"] }
  feedTable(input.remaining, formula, options)
}

/// The bytes behind gzip's signature.
@Sendable func feedGzip(_ bytes: UnsafeRawBufferPointer) {
  var options = FitOptions()
  options.reading.chunkBytes = 256
  options.reading.threads = 1
  options.reading.maximumRecordBytes = 1 << 16
  feedTable([0x1f, 0x8b] + Array(bytes), tableFormulas[0], options)
}

private func feedTable(_ bytes: [UInt8], _ formula: String, _ options: FitOptions) {
  saying {
    let products = try CrossProducts(
      Formula(formula), data: [.bytes(bytes, name: "t")], options: options)
    var few = options
    few.maximumEvaluations = 3
    _ = try Fit(products, options: few)
  }
}

/// A formula, and its fit to a table that has columns of the usual names.
@Sendable func feedFormula(_ bytes: UnsafeRawBufferPointer) {
  saying {
    let formula = try Formula(InputBytes(bytes).text)
    var options = FitOptions()
    options.maximumEvaluations = 3
    _ = try Fit(formula, data: [formulaTable], options: options)
  }
}

private let formulaTable: DataSource = {
  let names = ["y", "x", "z", "w", "n", "a b"] + "abcdefgh".map { String($0) }
  var text = names.map { "\"\($0)\"" }.joined(separator: ",") + "\n"
  for k in 0..<24 {
    let fields = names.enumerated().map { i, name in
      i < 6 ? "\(k * (7 + i) % 11 + 1)" : "\(name)\(k / (i - 4) % 4)"
    }
    text += fields.joined(separator: ",") + "\n"
  }
  return .bytes(Array(text.utf8), name: "t")
}()

/// Tests of coefficients of a small fit; the first byte says which of the two notations.
@Sendable func feedHypotheses(_ bytes: UnsafeRawBufferPointer) {
  var input = InputBytes(bytes)
  let isRow = input.choice(4) == 3
  saying {
    let fitted = hypothesesFit
    let hypothesis = try isRow ? fitted.hypothesis(row: input.text) : fitted.hypothesis(input.text)
    precondition(hypothesis.coefficients.count == fitted.fit.fixedEffects.count)
    precondition(hypothesis.coefficients.allSatisfy(\.isFinite) && hypothesis.value.isFinite)
  }
}

private let hypothesesFit: FittedModel = {
  var text = "y,x,f,g\n"
  for k in 0..<60 { text += "\(k * 37 % 23),\(k % 7),\(["a", "b", "c d"][k % 3]),\(k % 6)\n" }
  do {
    return try FittedModel(
      Formula("y ~ x * f + I(x^2) + (1 | g)"), data: [.bytes(Array(text.utf8), name: "t")])
  } catch {
    fatalError("\(error)")
  }
}()
