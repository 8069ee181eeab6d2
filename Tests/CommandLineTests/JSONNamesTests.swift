// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

/// What help texts say of JSON.
@Suite struct JSONNamesTests {
  private static let crossed = ["--data", sleepstudyPath, "--quiet"]
  private static let slopes = [sleepstudyFormula] + crossed
  private static let boundary = ["--boundary", "bootstrap", "--replicates", "2"]
  private static let smaller = "Reaction ~ Days + (1 | Subject)"

  static let runs: [[String]] = [
    ["anova"] + slopes, ["anova", smaller] + slopes + boundary, ["drop1"] + slopes,
    ["ranova"] + slopes, ["contrast"] + slopes + ["--L", "0,1"],
    ["confint"] + slopes + ["--method", "wald"], ["bootstrap"] + slopes + ["--replicates", "3"],
    ["bootstrap", smaller] + slopes + ["--replicates", "3"], ["ranef"] + slopes,
    ["variance"] + slopes, ["plan", sleepstudyFormula, sleepstudyPath], ["info"],
    ["emmeans", sleepstudyFormula, "~ Days", "--at", "Days=1,2", "--pairwise"] + crossed,
    ["emmeans", sleepstudyFormula, "~ 1", "--trends", "Days"] + crossed,
    [
      "study", "y ~ x + (1 | g)", "--beta", "1,1", "--sd", "g=1", "--levels", "g=4", "--rows-per",
      "g=3", "--replicates", "2", "--quiet",
    ],
  ]

  @Test(arguments: runs)
  func `help lists the names that a command writes, and no others`(_ arguments: [String]) throws {
    let run = try ToolProcess(arguments: arguments + ["--json"])
    #expect(run.status == 0, "\(run.errors)")
    let written = Names(of: try JSONSerialization.jsonObject(with: Data(run.output.utf8)))
    let help = try ToolProcess(arguments[0], "--help").output
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let listed = help.matches(of: /JSON: ([^.]*)\./).map { Names(listed: String($0.output.1)) }
    #expect(listed.contains { $0.covers(written) }, "\(written) is not among \(listed)")
  }
}

/// Names of an object's members, with those of the objects inside.
private struct Names: CustomStringConvertible {
  private var inner: [String: Names] = [:]
  /// Names that tables and formulas give, which no help can list.
  private static let free: Set<String> = ["at", "levels", "varied"]

  init(of value: Any) {
    let parts = (value as? [Any]) ?? [value]
    for case let object as [String: Any] in parts {
      for (name, value) in object { inner[name] = Self.merged(inner[name], Names(of: value)) }
    }
  }

  private static func merged(_ a: Names?, _ b: Names) -> Names {
    var names = b
    names.inner.merge(a?.inner ?? [:]) { merged($0, $1) }
    return names
  }

  /// `a, b (c, d)`.
  init(listed text: String) {
    var rest = text[...]
    self.init(&rest)
  }

  private init(_ rest: inout Substring) {
    var name = ""
    while let sign = rest.popFirst() {
      switch sign {
      case "(":
        inner[name] = Names(&rest)
        name = ""
      case ")", ",":
        if !name.isEmpty { inner[name] = inner[name] ?? Names(listed: "") }
        name = ""
        if sign == ")" { return }
      case " ": break
      default: name.append(sign)
      }
    }
    if !name.isEmpty { inner[name] = Names(listed: "") }
  }

  /// Whether these are the names; of what is null or empty, those inside are not known.
  func covers(_ written: Names) -> Bool {
    Set(inner.keys) == Set(written.inner.keys)
      && written.inner.allSatisfy { name, names in
        names.inner.isEmpty || Self.free.contains(name) || inner[name]!.covers(names)
          || name == "groups" && inner[name]!.inner.isEmpty
      }
  }

  var description: String {
    inner.sorted { $0.key < $1.key }.map { name, names in
      names.inner.isEmpty ? name : "\(name) (\(names))"
    }.joined(separator: ", ")
  }
}
