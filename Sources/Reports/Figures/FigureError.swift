// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// Why a figure cannot be drawn from what there is.
package enum FigureError: Error, CustomStringConvertible {
  case suffix(path: String, meant: String?)
  case kind(String, meant: String?, known: [String])
  case needsRows(kind: String)
  case otherRows(given: Int, fitted: Int)
  case unknownGroup(String, meant: String?, known: [String])
  case unknownCovariate(String, meant: String?, known: [String])
  case unknownParameter(String, meant: String?, known: [String])
  /// In words for the user.
  case nothingToDraw(String)

  package var description: String { message.description }

  private var message: MessageText {
    switch self {
    case .suffix(let path, let meant):
      "“\(path)”: a figure's name ends in .svg, .png, .pdf or .gp (gnuplot's commands)\(Self.hint(meant.map { "." + $0 }))."
    case .kind(let kind, let meant, let known):
      "there is no figure “\(kind)”\(Self.hint(meant)). There are: \(known.joined(separator: ", "))."
    case .needsRows(let kind):
      "the figure “\(kind)” needs the rows of the fit. Name their files after \(Setting.data)."
    case .otherRows(let given, let fitted):
      "the rows after \(Setting.data) are not those of the fit: \(given) are complete, and the fit has \(fitted)."
    case .unknownGroup(let name, let meant, let known):
      "the model has no grouping factor “\(name)”\(Self.hint(meant)). It has: \(known.joined(separator: ", "))."
    case .unknownCovariate(let name, let meant, let known):
      known.isEmpty
        ? "the model has no numeric covariate, “\(name)” included."
        : "the model has no numeric covariate “\(name)”\(Self.hint(meant)). It has: \(known.joined(separator: ", "))."
    case .unknownParameter(let name, let meant, let known):
      "the study has no parameter “\(name)”\(Self.hint(meant)). It has: \(known.joined(separator: ", "))."
    case .nothingToDraw(let reason): MessageText(sentence: reason)
    }
  }

  private static func hint(_ name: String?) -> String {
    name.map { "; did you mean \($0)?" } ?? ""
  }
}
