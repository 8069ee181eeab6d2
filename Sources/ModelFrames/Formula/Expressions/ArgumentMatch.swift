// SPDX-License-Identifier: GPL-2.0-or-later

/// The arguments of a call matched to the names of a function's parameters, as R does it.
struct ArgumentMatch<Value> {
  private(set) var values: [String: Value] = [:]

  /// nil if there are too many, or one has an unknown name or comes twice.
  init?(_ arguments: [(name: String?, value: Value)], to parameters: [String]) {
    for argument in arguments {
      guard let name = argument.name else { continue }
      guard parameters.contains(name), values[name] == nil else { return nil }
      values[name] = argument.value
    }
    for argument in arguments where argument.name == nil {
      guard let free = parameters.first(where: { values[$0] == nil }) else { return nil }
      values[free] = argument.value
    }
  }
}

extension ArgumentMatch where Value == Syntax {
  init?(_ arguments: [Syntax.Argument], to parameters: [String]) {
    self.init(arguments.map { ($0.name, $0.value) }, to: parameters)
  }
}

extension ArgumentMatch where Value == Expression {
  init?(_ arguments: [Expression.Argument], to parameters: [String]) {
    self.init(arguments.map { ($0.name, $0.value) }, to: parameters)
  }
}
