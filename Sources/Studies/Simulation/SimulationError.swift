// SPDX-License-Identifier: GPL-2.0-or-later

import ModelFrames

/// Why a table cannot be simulated.
public enum SimulationError: Error, Sendable, Equatable {
  case unknownDesign(String, known: [String])
  case unknownFactor(String, known: [String])
  case rows(Int)
  case levels(String, Int)
  /// What is wrong with something stated, a sentence.
  case stated(String)
}

extension SimulationError {
  /// What is wrong with a property of `SimulationSettings`: a sentence that begins with its name.
  static func stated(_ statement: Setting.Statement, _ rest: String) -> SimulationError {
    .stated(Setting.simulation(statement).description + rest)
  }
}

extension SimulationError: CustomStringConvertible {
  public var description: String { message.description }

  private var message: MessageText {
    switch self {
    case .unknownDesign(let name, let known):
      "no workload is called '\(name)'. There are \(known.joined(separator: ", "))."
    case .unknownFactor(let name, let known):
      "the workload has no factor '\(name)'. It has \(known.joined(separator: ", "))."
    case .rows(let count): "a table has 1 to 10¹² rows, not \(count)."
    case .stated(let sentence): MessageText(sentence: sentence)
    case .levels(let factor, let count): "\(factor) can have 1 to 10⁸ levels, not \(count)."
    }
  }
}
