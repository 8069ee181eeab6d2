// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Partitions may well be empty: a part without rows adds nothing, but must be of the same model.
@Suite struct `Empty parts` {
  @Test func `a part without complete rows adds its count of omitted rows`() throws {
    let formula = try Formula("y ~ x + f + (x | g)")
    let empty = DataSource.bytes(Array("y,x,f,g\nNA,,,a\n1,NA,a,b\n".utf8), name: "empty.csv")
    let none = try CrossProducts(formula, data: [empty])
    let rows = try CrossProducts(formula, data: [Shards.whole().source()])
    #expect(none.observations == 0)
    for order in [[none, rows], [rows, none]] {
      var sum = order[0]
      try sum.merge(order[1])
      #expect(sum.observations == 400 && sum.omittedObservations == 2)
      #expect(sum.data.count == 2)
      #expect(try Fit(sum).criterion == Fit(rows).criterion)
    }
  }

  @Test func `a part with a header alone is saved and adds nothing`() throws {
    let formula = try Formula("y ~ poly(x, 2) + f + (x | g) + (1 | h)")
    let folder = try TemporaryFolder()
    let rows = Shards.whole().source()
    var lenient = FitOptions()
    lenient.reading.allowsNoRows = true
    let header = DataSource.bytes(Array("y,x,f,g,h,w\n".utf8), name: "empty.csv")
    #expect(throws: DataError.self) { try CrossProducts(formula, data: [header]) }
    try CrossProducts(formula, data: [header], options: lenient).write(to: folder.file("e.lmm"))
    try CrossProducts(formula, data: [rows]).write(to: folder.file("a.lmm"))
    let whole = try Fit(formula, data: [rows])
    for order in [["e", "a"], ["a", "e"], ["e", "a", "e"]] {
      let input = ModelInput(arguments: order.map { folder.file("\($0).lmm") })
      #expect(try Fit(formula, from: input, options: FitOptions()).criterion == whole.criterion)
    }
    let mixed = ModelInput(files: [folder.file("a.lmm")], data: [header])
    #expect(try Fit(formula, from: mixed, options: FitOptions()).criterion == whole.criterion)
    let empty = ModelInput(arguments: [folder.file("e.lmm"), folder.file("e.lmm")])
    #expect(throws: FitError.noRows(omitted: 0)) {
      try Fit(formula, from: empty, options: FitOptions())
    }
  }

  @Test(arguments: [
    ("y ~ x + (1 | g)", nil, Contrast.treatment, "b.lmm is of “y ~ x + (1 | g)”"),
    ("y ~ x + f + (1 | g)", "w", .treatment, "the weights are column w in b.lmm and none in a.lmm"),
    ("y ~ x + f + (1 | g)", nil, .sum, "f has sum contrasts in b.lmm and treatment contrasts in a"),
  ])
  func `an empty part of another model is named`(
    formula: String, weights: String?, contrasts: Contrast, words: String
  ) throws {
    let folder = try TemporaryFolder()
    let files = ["b.lmm", "a.lmm"].map(folder.file)
    var options = FitOptions()
    options.reading.allowsNoRows = true
    options.weights = weights
    options.contrasts["f"] = contrasts
    let header = DataSource.bytes(Array("y,x,f,g,h,w\n".utf8), name: "b.csv")
    try CrossProducts(Formula(formula), data: [header], options: options).write(to: files[0])
    let whole = try Formula("y ~ x + f + (1 | g)")
    try CrossProducts(whole, data: [SimulatedTable(rows: 60).source()]).write(to: files[1])
    let error = #expect(throws: FitError.self) {
      try ModelInput(arguments: files).crossProducts(whole, options: FitOptions())
    }
    #expect("\(error!)".replacingOccurrences(of: folder.path + "/", with: "").contains(words))
  }
}
