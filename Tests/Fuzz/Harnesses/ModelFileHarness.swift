// SPDX-License-Identifier: GPL-2.0-or-later
import CFuzzer
import Glibc
import MixedModels
import Reports

/// Model files: every way in, and what reports make of what came.
///
/// What takes long is done to some of them; which, the bytes say.
@Sendable func feedModelFile(_ bytes: UnsafeRawBufferPointer) {
  let path = inMemory(bytes)
  let way = bytes.reduce(UInt32(0)) { ($0 &* 31) &+ UInt32($1) } % 8
  var options = FitOptions()
  options.threads = 1
  saying {
    let products = try CrossProducts(contentsOf: path)
    guard way < 2 else { return }
    var sum = products
    try sum.merge(products)
    options.maximumEvaluations = 3
    _ = try Fit(way == 0 ? sum : products, options: options).report().text(as: .json)
  }
  saying {
    options.wantsConditionalModes = way == 2
    let fitted = try FittedModel(contentsOf: path, options: options)
    _ = fitted.fit.report().text(as: .json)
    _ = fitted.fit.report().text()
    guard way < 4 else { return }
    feedTests(fitted, refits: way == 3)
    saying {
      try LinearPredictor(contentsOf: path, options: options).predict([seedTable(rows: 9)]) { _ in }
    }
  }
}

/// Whatever starts from a fit and needs no rows.
private func feedTests(_ fitted: FittedModel, refits: Bool) {
  for type in TypeOfHypothesis.allCases {
    saying { _ = try fitted.anova(type: type, .satterthwaite) }
  }
  saying { _ = try fitted.coefficientTests(.kenwardRoger) }
  saying { _ = try fitted.singleTermDeletions(.residual) }
  saying { _ = try fitted.waldIntervals(.satterthwaite) }
  saying { _ = try fitted.marginalMeans(MeansSpecification("~ f")) }
  if refits { saying { _ = try fitted.randomTermDeletions() } }
  _ = try? fitted.varianceExplained()
}

private let descriptor: Int32 = {
  let descriptor = fuzzer_memory_file()
  precondition(descriptor >= 0, "no file in memory")
  return descriptor
}()

/// The path of a file with these bytes, until the next call.
func inMemory(_ bytes: UnsafeRawBufferPointer) -> String {
  ftruncate(descriptor, 0)
  var position = 0
  while position < bytes.count {
    let count = pwrite(descriptor, bytes.baseAddress! + position, bytes.count - position, position)
    precondition(count > 0, "no file in memory")
    position += count
  }
  return "/proc/self/fd/\(descriptor)"
}

private let seedFormulas = [
  "y ~ x + (1 | g)", "y ~ poly(x, 2) + f + (x | h)", "y ~ I(x > 3) + f + (1 | g/h)",
  "y ~ t * x + (t || h) + offset(x)", "y ~ scale(x) + relevel(f, 'c') + (1 | g) + (1 | h)",
]

private func seedTable(rows: Int) -> DataSource {
  var text = "y,x,f,t,g,h,s,w\n"
  for k in 0..<rows {
    let row = [
      "\(k * 37 % 23)", "\(k % 7)", ["a", "b", "c", "d"][k % 4], k * 5 % 3 == 0 ? "TRUE" : "FALSE",
      "g\(k % 4)", "\(k / 8)", "s", "\(1 + k % 2)",
    ]
    text += row.joined(separator: ",") + "\n"
  }
  return .bytes(Array(text.utf8), name: "t")
}

/// Model files to begin with: `fuzz models --seeds FOLDER`.
func writeSeeds(_ harness: String, to folder: String) {
  guard harness == "models" else { return print("seeds of \(harness) are kept as they are") }
  for (k, formula) in seedFormulas.enumerated() {
    var options = FitOptions()
    if k % 2 == 1 {
      options.weights = "w"
      options.contrasts["f"] = .helmert
      options.levels["f"] = ["b", "a", "d", "c"]
      options.criterion = .ml
    }
    do {
      let products = try CrossProducts(
        Formula(formula), data: [seedTable(rows: 32)], options: options)
      _ = try Fit(products, options: options, savingTo: "\(folder)/fit\(k)")
    } catch {
      print("\(formula): \(error)")
    }
  }
}
