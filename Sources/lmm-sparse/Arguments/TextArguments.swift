// SPDX-License-Identifier: GPL-2.0-or-later
public import ArgumentParser
public import ModelFrames

/// What characters and numbers look like in the tables.
struct TextArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("What stands before decimals: . or a comma.", valueName: "mark"))
  var decimal = "."

  @Option(help: ArgumentHelp("Encoding of the tables' text.", valueName: "name"))
  var encoding: TextEncoding = .utf8

  func validate() throws {
    guard [".", ","].contains(decimal) else { throw ValidationError("--decimal takes . or ,") }
  }

  func set(_ reading: inout ReadingOptions) {
    reading.encoding = encoding
    reading.decimalComma = decimal == ","
  }
}

extension TextEncoding: ExpressibleByArgument {
  /// By name, in the spellings of iconv too.
  public init?(argument: String) {
    switch argument.lowercased() {
    case "utf-8", "utf8": self = .utf8
    case "latin1", "latin-1", "iso-8859-1", "iso8859-1": self = .latin1
    case "windows-1252", "windows1252", "cp1252": self = .windows1252
    default: return nil
    }
  }
}
