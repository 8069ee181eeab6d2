// SPDX-License-Identifier: GPL-2.0-or-later

/// Refuses the well-known files that are no CSV text in UTF-8, by their first bytes.
///
/// - Parameter encoding: from which the text was converted.
/// - Throws: `DataError.Problem.unsupportedFormat` with the way to a readable file;
///   `DataError.Problem.markedUTF8`.
func refuseForeignFormat(
  _ text: UnsafeBufferPointer<UInt8>, _ encoding: TextEncoding, file: String
) throws(DataError) {
  for signature in signatures where text.starts(with: encoding.utf8(signature.bytes)) {
    throw DataError(
      .unsupportedFormat(signature.format, remedy: signature.remedy), file: file)
  }
  if let name = unmarkedUTF16(text) {
    throw DataError(
      .unsupportedFormat("UTF-16 text", remedy: "Convert it: iconv -f \(name) -t UTF-8."),
      file: file)
  }
  if encoding != .utf8, text.starts(with: encoding.utf8(byteOrderMark)) {
    throw DataError(.markedUTF8, file: file)
  }
}

/// The mark that some programs put before UTF-8 text.
let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

/// The name of the encoding if every other of the first bytes is zero, as in UTF-16 that begins
/// with ASCII and without a mark.
private func unmarkedUTF16(_ text: UnsafeBufferPointer<UInt8>) -> String? {
  let isZero = text.prefix(4).map { $0 == 0 }
  if isZero == [false, true, false, true] { return "UTF-16LE" }
  return isZero == [true, false, true, false] ? "UTF-16BE" : nil
}

private struct Signature: Sendable {
  let bytes: [UInt8]
  let format: String
  private let advice: Advice

  private enum Advice {
    case sentence(String)
    case action(Action)
  }

  init(_ text: String, _ format: String, _ remedy: String) {
    self.init(text, format, .sentence(remedy))
  }

  init(_ text: String, _ format: String, unpackedBy program: String) {
    self.init(text, format, .action(.unpack(by: program)))
  }

  private init(_ text: String, _ format: String, _ advice: Advice) {
    bytes = text.unicodeScalars.map { UInt8($0.value) }  // one byte per scalar
    (self.format, self.advice) = (format, advice)
  }

  var remedy: String {
    switch advice {
    case .sentence(let words): words
    case .action(let action): action.description
    }
  }
}

/// No signature is longer.
let longestSignature = 64

private let export = "Export it as CSV, for instance from R: "

// The longer signature first where one begins another.
private let signatures = [
  Signature(
    "\u{ff}\u{fe}\0\0", "UTF-32 text", "Convert it: iconv -f UTF-32 -t UTF-8."),
  Signature("\u{ff}\u{fe}", "UTF-16 text", "Convert it: iconv -f UTF-16 -t UTF-8."),
  Signature("\u{fe}\u{ff}", "UTF-16 text", "Convert it: iconv -f UTF-16 -t UTF-8."),
  Signature(
    "PK\u{3}\u{4}", "a zip archive or an Excel workbook",
    "Unzip it, or save the sheet as CSV UTF-8."),
  Signature(
    "\u{d0}\u{cf}\u{11}\u{e0}", "an old Excel workbook", "Save the sheet as CSV UTF-8."),
  Signature("\u{fd}7zXZ\0", "xz data", unpackedBy: "xz -dc"),
  Signature("BZh91AY&SY", "bzip2 data", unpackedBy: "bzip2 -dc"),
  Signature("\u{28}\u{b5}\u{2f}\u{fd}", "zstd data", unpackedBy: "zstd -dc"),
  Signature("\u{4}\u{22}\u{4d}\u{18}", "lz4 data", unpackedBy: "lz4 -dc"),
  Signature("\u{1f}\u{9d}", "compress data", unpackedBy: "zcat"),
  Signature("\u{1f}\u{8b}", "gzip data inside gzip data", "Unpack it once more."),
  Signature("7z\u{bc}\u{af}\u{27}\u{1c}", "a 7-Zip archive", "Unpack it."),
  Signature("PAR1\u{15}", "a Parquet file", "Name the file: it is read from its end, not through a pipe."),
  Signature("ARROW1\0", "an Arrow file", "Name the file: it is read from its end, not through a pipe."),
  Signature("FEA1\0", "a Feather file", export + "write.csv(arrow::read_feather(FILE), …)."),
  Signature("\u{89}HDF\r\n\u{1a}\n", "an HDF5 file", "Export the table as CSV."),
  Signature("X\n\0\0", "an R data file (RDS)", export + "write.csv(readRDS(FILE), …)."),
  Signature("RDX2\nX\n", "an R workspace", "Load it in R and use write.csv."),
  Signature("RDX3\nX\n", "an R workspace", "Load it in R and use write.csv."),
  Signature("$FL2@(#)", "an SPSS file", export + "write.csv(haven::read_sav(FILE), …)."),
  Signature("<stata_dta>", "a Stata file", export + "write.csv(haven::read_dta(FILE), …)."),
  Signature("SQLite format 3\0", "an SQLite database", "Export the table as CSV."),
  Signature("%PDF-", "a PDF document", "Export the table as CSV."),
  Signature("<!DOCTYPE", "a web page", "Download the table itself."),
  Signature("<!doctype", "a web page", "Download the table itself."),
  Signature("<html", "a web page", "Download the table itself."),
]
