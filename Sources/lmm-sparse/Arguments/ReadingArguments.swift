// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// How the tables are read.
struct ReadingArguments: ParsableArguments {
  enum MissingRows: String, CaseIterable, ExpressibleByArgument {
    case omit, fail
  }

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Read the column as categorical even if its values are numbers; repeatable.",
      valueName: "column"))
  var factor: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Order of a column's levels, the first is the base; repeatable.",
      valueName: "column=a,b,c"))
  var levels: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      Coding of a factor: treatment, sum, deviation (treatment, centred: -0.5 and 0.5 of two levels), \
      sdif (successive differences), helmert, poly, or @FILE.csv with a matrix, one row per level; \
      repeatable. '*=sum' is for all factors that are not named.
      """, valueName: "column=coding"))
  var contrasts: [String] = []

  @Option(
    help: ArgumentHelp(
      "Rows with a missing value in a used column: omit or fail.", valueName: "action"))
  var na: MissingRows = .omit

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      Text that means missing, besides empty, NA and NaN; in numeric columns -99 is -99.0, too; \
      repeatable.
      """, valueName: "text"))
  var missing: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Field separator, one character or tab; default: found in the header line, or in a line sep=; before it.",
      valueName: "character"))
  var separator: String?

  @OptionGroup var text: TextArguments

  func validate() throws {
    _ = try separatorByte()
    _ = try levelOrders()
    var columns: Set<String> = []
    for argument in try contrasts.map(ContrastArgument.init) {
      guard columns.insert(argument.column).inserted else {
        throw ValidationError("--contrasts for '\(argument.column)' is there twice.")
      }
    }
  }

  /// Files named by options.
  var files: [String] {
    contrasts.compactMap {
      guard case .file(let path)? = try? ContrastArgument($0).coding else { return nil }
      return path
    }
  }

  func set(_ options: inout FitOptions) throws {
    options.reading.categoricalColumns = Set(factor)
    options.reading.missingTexts = Set(missing)
    text.set(&options.reading)
    options.reading.separator = try separatorByte()
    options.levels = try levelOrders()
    for argument in try contrasts.map(ContrastArgument.init) {
      let contrast = try argument.contrast(text.encoding)
      if argument.isForAll {
        options.defaultContrast = contrast
      } else {
        options.contrasts[argument.column] = contrast
      }
    }
    options.omitsMissing = na == .omit
  }

  private func separatorByte() throws -> UInt8? {
    guard let separator else { return nil }
    if separator == "tab" || separator == "\\t" { return UInt8(ascii: "\t") }
    guard separator.utf8.count == 1, let byte = separator.utf8.first,
      byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r")
    else {
      throw ValidationError(
        "--separator takes one ASCII character other than a quote or line end, or 'tab'.")
    }
    return byte
  }

  private func levelOrders() throws -> [String: [String]] {
    var orders: [String: [String]] = [:]
    for argument in levels {
      let (column, list) = try columnAssignment(argument, option: "--levels", value: "a,b,c")
      let names = try fields(of: list, option: "--levels \(column)")
      if let repeated = names.first(where: { name in names.count { $0.hasBytes(of: name) } > 1 }) {
        throw ValidationError("--levels \(column): the level '\(repeated)' is there twice.")
      }
      if names.contains("") { throw ValidationError("--levels \(column): a level is empty.") }
      guard orders.updateValue(names, forKey: column) == nil else {
        throw ValidationError("--levels for '\(column)' is there twice.")
      }
    }
    return orders
  }

  /// A level that contains a comma or a quote is quoted as in CSV.
  private func fields(of list: String, option: String) throws -> [String] {
    do throws(DelimitedTextError) {
      return try DelimitedText(list, name: option).records.first ?? []
    } catch {
      throw ValidationError(error.description)
    }
  }
}

/// `COLUMN=VALUE`, cut at the first `=`.
func columnAssignment(
  _ argument: String, option: String, key: String = "COLUMN", value: String
) throws -> (column: String, value: String) {
  guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
    throw ValidationError("\(option) takes \(key)=\(value), not '\(argument)'.")
  }
  let text = String(argument[argument.index(after: equals)...])
  guard !text.isEmpty else {
    throw ValidationError("\(option) '\(argument)': nothing after the =.")
  }
  return (String(argument[..<equals]), text)
}
