// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

@Suite struct MemoryWatchTests {
  private func products() throws -> CrossProducts {
    let design = SimulatedDesign(formula: "y ~ x + (1 | a) + (1 | b)")
    return try CrossProducts(Formula(design.formula), data: [design.source])
  }

  @Test func `levels that fit are no error`() throws {
    let products = try products()
    var watch = MemoryWatch(step: 0) { 1 << 40 }
    try watch.check(products)
    try watch.checkAssembly(products)
  }

  @Test func `when little is left the error names the factors`() throws {
    let products = try products()
    var watch = MemoryWatch(step: 0) { 1 << 20 }
    let error = #expect(throws: FitError.self) { try watch.check(products) }
    #expect(error?.description.contains("a: 30, b: 12") == true)
    #expect(throws: FitError.self) { try watch.checkAssembly(products) }
  }

  @Test func `few levels are not looked at`() throws {
    let products = try products()
    var watch = MemoryWatch { 0 }
    try watch.check(products)
    try watch.checkAssembly(products)
  }
}
