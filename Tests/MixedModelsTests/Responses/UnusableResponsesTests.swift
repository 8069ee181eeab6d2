// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// One response that cannot be fitted does not keep the others from it.
@Suite struct UnusableResponsesTests {
  /// Ninety-six rows of twelve items; four responses can be fitted.
  private static let table: String = {
    var lines = ["id,x,good,gaps,flat,text,none,few,late,date,log,also good"]
    for (row, (x, y)) in zip(ItemTable.x, ItemTable.y).enumerated() {
      lines.append(
        [
          "s\(row / 8)", "\(x)", "\(y)", row % 5 == 0 ? "NA" : "\(y + x)", "3", "t\(row % 3)", "NA",
          row < 2 ? "\(y)" : "NA", row == 90 ? "n/a" : "\(y)", "2024-01-\(10 + row % 20)",
          row == 50 ? "0" : "1.5", "\(y * y)",
        ].joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }()

  private let data = [DataSource.bytes(Array(table.utf8), name: "t.csv")]

  private func fit(_ formula: String, chunkBytes: Int = 1 << 20) throws -> ManyResponses {
    var options = FitOptions()
    options.reading.chunkBytes = chunkBytes
    return try ManyResponses(ResponsesFormula(formula), data: data, options: options)
  }

  @Test(arguments: [1 << 20, 512])
  func `each is reported by name, and the others are fitted`(chunkBytes: Int) throws {
    let fits = try fit(
      "cbind(text, good, none, gaps, flat, few, late, date, log(log), `also good`) ~ x + (1 | id)",
      chunkBytes: chunkBytes)
    // Dates are numbers of days.
    #expect(
      fits.results.filter { $0.fit != nil }.map(\.name) == ["good", "gaps", "date", "`also good`"])
    let alone = try Fit(Formula("gaps ~ x + (1 | id)"), data: data)
    #expect(abs(fits.results[3].fit!.criterion - alone.criterion) < 1e-7)
    let reasons = [
      "text": "column text is text (“t0” in t.csv, line 2), but “text” needs numbers",
      "none": "no rows are left", "flat": "the response flat is constant", "few": "",
      "late": "t.csv, line 92: \"n/a\" in numeric column \"late\"",
      "log(log)": "t.csv, line 52: column \"log(log)\": infinite here",
    ]
    #expect(fits.failures.count == reasons.count)
    for failure in fits.failures {
      #expect(failure.failure!.hasPrefix(reasons[failure.name]!), "\(failure)")
    }
  }

  @Test func `what is wrong with the predictors concerns all`() {
    #expect(throws: DataError.self) { try fit("cbind(good, gaps) ~ late + (1 | id)") }
    #expect(throws: FitError.self) { try fit("cbind(good, gaps) ~ x + (1 | flat)") }
    #expect(throws: FitError.self) { try fit("cbind(good, gaps) ~ log(text) + (1 | id)") }
    #expect(throws: FitError.self) { try fit("cbind(flat) ~ x + (1 | id)") }
  }
}
