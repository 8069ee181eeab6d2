// SPDX-License-Identifier: GPL-2.0-or-later
package import Foundation

/// Files of the repository.
package enum Files {
  package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// A table of the folder data.
  package static func data(_ name: String) -> String {
    root.appendingPathComponent("data/\(name)").path
  }

  /// A file or folder of a target of tests: `MixedModelsTests/Report/Golden`.
  package static func test(_ path: String) -> URL { root.appendingPathComponent("Tests/\(path)") }

  /// What lme4 and other programs gave for one model; Reference/Fits/README.md has the fields.
  package static func reference<Fields: Decodable>(
    _ fields: Fields.Type = Fields.self, fit id: String
  ) throws -> Fields {
    try decoded(from: test("MixedModelsTests/Reference/Fits/\(id).json"))
  }

  /// Names of the models that have such a file.
  package static let references: [String] = {
    let folder = test("MixedModelsTests/Reference/Fits").path
    let names = try! FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    return names.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(".json".count)) }
  }()

  /// The fields of a file of JSON.
  package static func decoded<Fields: Decodable>(
    _ fields: Fields.Type = Fields.self, from file: URL
  ) throws -> Fields {
    try JSONDecoder().decode(fields, from: Data(contentsOf: file))
  }
}

/// The data of the shipped example.
package let sleepstudyPath = Files.data("sleepstudy.csv")

package let sleepstudyFormula = "Reaction ~ Days + (Days | Subject)"
