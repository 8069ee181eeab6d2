// SPDX-License-Identifier: GPL-2.0-or-later

/// Why a factor cannot be coded by a contrast.
public enum ContrastError: Error, Sendable, Hashable {
  case unknownName(String)
  case tooFewLevels(Int)
  case tooManyLevels(Int)
  case missingLevel(String)
  case repeatedLevel(String)
  case raggedRow(level: String, expected: Int, found: Int)
  case wrongShape(rows: Int, found: Int)
}

extension ContrastError: CustomStringConvertible {
  public var description: String {
    func quoted(_ text: String) -> String { "\"" + DisplayCell.printable(text) + "\"" }
    return switch self {
    case .unknownName(let name):
      "unknown contrast \(quoted(name)); there are treatment, sum, helmert, poly and @FILE.csv"
    case .tooFewLevels(let count):
      "contrasts need a factor with 2 or more levels, this one has \(count)"
    case .tooManyLevels(let count):
      "polynomial contrasts of \(count) levels cannot be computed accurately; the limit is "
        + "\(OrthogonalPolynomials.maximumLevels)"
    case .missingLevel(let level): "the contrast matrix has no row for the level \(quoted(level))"
    case .repeatedLevel(let level):
      "the contrast matrix has two rows for the level \(quoted(level))"
    case .raggedRow(let level, let expected, let found):
      "the contrast matrix has \(found) values for the level \(quoted(level)), not \(expected)"
    case .wrongShape(let rows, let found):
      "the contrast matrix has \(found) rows of values for \(rows) levels"
    }
  }
}
