// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension FitOptions {
  /// Has the search begin where that of a saved fit ended, parameter by parameter of the same name: for
  /// refits to newer data, and of models with a term more or less. Only θ is read of the file.
  ///
  /// - Throws: `ModelFileError` if the file is none of ours, holds no fit, or is damaged.
  public mutating func start(fromFit path: String) throws {
    let file = try ModelFile(path)
    guard file.holdsFit else { throw ModelFileError(path, .noFit) }
    let text = try file.reading { try file.archive.text(SavedOptimum.reportMember) }
    startByName = try file.reading { try Self.theta(ofReport: text) }
  }

  /// - Throws: `MalformedMember`.
  private static func theta(ofReport text: String) throws(MalformedMember) -> [String: Double] {
    guard let value = JSONParser.value(of: text) else {
      throw MalformedMember(
        name: SavedOptimum.reportMember, "it is no JSON, or has a name twice in one object")
    }
    do throws(MalformedMember) {
      let theta = try JSONMember(name: "", value: value)["theta"]
      let (names, values) = (try theta["names"].distinctStrings, try theta["values"].elements)
      guard names.count == values.count else { throw MalformedMember(name: "theta") }
      var byName: [String: Double] = [:]
      for (name, value) in zip(names, values) {
        // Without a value: the data did not determine it.
        if case .null = value.value { continue }
        byName[name] = try value.double
      }
      return byName
    } catch {
      throw MalformedMember(name: error.words(in: SavedOptimum.reportMember))
    }
  }
}
